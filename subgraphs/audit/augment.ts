// A phantom's input: another than the customer's, and such as a customer's might be. What a worker can compute of one input must not
// tell the two apart: values stay on the grid that they came from (8-bit pixels are multiples of 1/255), what is at an end of the
// range stays there, and what lies between moves a little.
import type { InferenceTask } from './inference';

/** Of whole numbers, and of pixels that were scaled to 0..1. */
const grids = [1, 255];
/** Of a value's distance to the ends of its row's range. */
const spread = 0.25;

export function augment(inputs: InferenceTask['inputs'], random: () => number): InferenceTask['inputs'] {
  return inputs.map((row) => {
    const low = Math.min(...row);
    const high = Math.max(...row);
    const between = row.some((value) => value > low && value < high && value !== 0);
    if (!between) return low === high ? row.map((value) => Math.fround(value * (0.9 + 0.1 * random()))) : shuffledEdges(row, random);
    return moved(row, low, high, random);
  });
}

function moved(row: readonly number[], low: number, high: number, random: () => number): readonly number[] {
  const grid = gridOf(row);
  const made = row.map((value) => {
    if (value === low || value === high || value === 0) return value;
    const reach = spread * Math.min(value - low, high - value);
    const next = value + reach * (2 * random() - 1);
    return grid === null ? Math.fround(next) : Math.fround(Math.round(next * grid) / grid);
  });
  // Too close to both ends to move by a step: the grid is coarse, and one value takes another's place.
  return made.every((value, index) => value === Math.fround(row[index] ?? 0)) ? shuffledEdges(row, random) : made;
}

/** Null where no grid holds all values. */
function gridOf(row: readonly number[]): number | null {
  return grids.find((grid) => row.every((value) => Math.fround(Math.round(value * grid) / grid) === Math.fround(value))) ?? null;
}

/** Of two values beside each other that differ, a few change places, one at least. */
function shuffledEdges(row: readonly number[], random: () => number): readonly number[] {
  const made = [...row];
  const edges = row.flatMap((value, index) => (index > 0 && value !== row[index - 1] ? [index] : []));
  const chosen = edges[Math.floor(random() * edges.length)] ?? 0;
  for (const index of edges) {
    if (index !== chosen && random() > 0.1) continue;
    [made[index - 1], made[index]] = [row[index] ?? 0, row[index - 1] ?? 0];
  }
  return made;
}
