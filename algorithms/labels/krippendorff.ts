// K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section D: nominal data, any number of observers, missing data.
import type { Judgement } from './judgement';

/** 1 is perfect agreement, 0 what chance gives, below 0 systematic disagreement. Null where no two answers can be compared. */
export function krippendorffAlpha(judgements: readonly Judgement[]): number | null {
  const units = new Map<string, Map<string, number>>();
  for (const { item, label } of judgements) {
    const counts = units.get(item) ?? new Map<string, number>();
    counts.set(label, (counts.get(label) ?? 0) + 1);
    units.set(item, counts);
  }
  const totals = new Map<string, number>();
  let pairable = 0;
  let agreeing = 0;
  for (const counts of units.values()) {
    const answers = sum(counts.values());
    // A unit that one observer alone answered has no pairs.
    if (answers < 2) continue;
    pairable += answers;
    for (const [label, count] of counts) {
      totals.set(label, (totals.get(label) ?? 0) + count);
      agreeing += (count * (count - 1)) / (answers - 1);
    }
  }
  if (pairable === 0) return null;
  const expected = sum([...totals.values()].map((count) => count * (count - 1)));
  const denominator = pairable * (pairable - 1) - expected;
  // Every answer was the same label: nothing varied, so nothing disagreed.
  if (denominator === 0) return 1;
  return ((pairable - 1) * agreeing - expected) / denominator;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
