// A run's losses as a picture: SVG to keep beside the model, text for a terminal. The same numbers always give the same bytes.
import type { Json } from '@oort/kernel-wire';

export interface LossSeries { readonly name: string; /** (step over all rounds, loss). */ readonly points: readonly (readonly [step: number, loss: number])[] }

const colours = ['#1b6ac9', '#c9501b', '#2a9d5c', '#8a4fc9', '#b8860b', '#5b6770'] as const;
const size = { width: 640, height: 320, left: 56, right: 16, top: 16, bottom: 40 } as const;

/** A line for each worker, and one for what was held out, from the metrics of the rounds. */
export function lossSeries(rounds: readonly Json[], localSteps: number): readonly LossSeries[] {
  const series = new Map<string, [number, number][]>();
  const add = (name: string, step: number, loss: unknown): void => {
    if (typeof loss === 'number' && Number.isFinite(loss)) series.set(name, [...series.get(name) ?? [], [step, loss]]);
  };
  rounds.forEach((metrics, round) => {
    const { workers } = (metrics ?? {}) as { readonly workers?: readonly { readonly loss?: Json; readonly losses?: Json; readonly validationLoss?: Json }[] };
    (workers ?? []).forEach((worker, index) => {
      const end = (round + 1) * localSteps;
      const curve = Array.isArray(worker?.losses) ? worker.losses as readonly Json[] : [];
      curve.forEach((point) => { if (Array.isArray(point)) add(`worker ${String(index)}`, round * localSteps + Number(point[0]), point[1]); });
      if (curve.length === 0) add(`worker ${String(index)}`, end, worker?.loss);
      add(`held out ${String(index)}`, end, worker?.validationLoss);
    });
  });
  return [...series].map(([name, points]) => ({ name, points }));
}

interface Frame { readonly lastStep: number; readonly lowest: number; readonly highest: number }

/** The loss from the lowest to the highest; a run without losses has an empty frame. */
function frameOf(series: readonly LossSeries[]): Frame {
  const points = series.flatMap(({ points: own }) => own);
  const losses = points.map(([, loss]) => loss);
  const lowest = losses.reduce((least, loss) => Math.min(least, loss), losses[0] ?? 0);
  const highest = losses.reduce((most, loss) => Math.max(most, loss), losses[0] ?? 1);
  return { lastStep: points.reduce((most, [step]) => Math.max(most, step), 1), lowest, highest: highest === lowest ? lowest + 1 : highest };
}

export function lossPlotSvg(series: readonly LossSeries[]): string {
  const frame = frameOf(series);
  const inside = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom };
  const across = (step: number): string => (size.left + (step / frame.lastStep) * inside.width).toFixed(1);
  const down = (loss: number): string => (size.top + (1 - (loss - frame.lowest) / (frame.highest - frame.lowest)) * inside.height).toFixed(1);
  const lines = series.flatMap(({ name, points }, index) => {
    const colour = colours[index % colours.length] ?? colours[0];
    const dash = name.startsWith('held out') ? ' stroke-dasharray="5 3"' : '';
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="1.5"${dash} points="${points.map(([step, loss]) => `${across(step)},${down(loss)}`).join(' ')}"/>`,
      `<text x="${String(size.width - size.right - 110)}" y="${String(size.top + 14 + 16 * index)}" fill="${colour}">${name}</text>`,
    ];
  });
  const ticks = [0, 1, 2, 3, 4].map((quarter) => {
    const loss = frame.lowest + ((frame.highest - frame.lowest) * quarter) / 4;
    return `<text x="${String(size.left - 6)}" y="${down(loss)}" text-anchor="end" fill="#444">${loss.toPrecision(3)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(size.width)} ${String(size.height)}" font-family="sans-serif" font-size="11">`,
    `<rect x="${String(size.left)}" y="${String(size.top)}" width="${String(inside.width)}" height="${String(inside.height)}" fill="none" stroke="#999"/>`,
    ...ticks, ...lines,
    `<text x="${String(size.left)}" y="${String(size.height - 12)}" fill="#444">0</text>`,
    `<text x="${String(size.width - size.right)}" y="${String(size.height - 12)}" text-anchor="end" fill="#444">step ${String(frame.lastStep)}</text>`,
    '</svg>', '',
  ].join('\n');
}

const marks = '*o+x#@';

/** `columns` x `rows` characters between the axes; a later series covers an earlier one. */
export function lossPlotText(series: readonly LossSeries[], columns = 60, rows = 12): string {
  const frame = frameOf(series);
  const cells = Array.from({ length: rows }, () => Array<string>(columns).fill(' '));
  series.forEach(({ points }, index) => {
    for (const [step, loss] of points) {
      const column = Math.min(columns - 1, Math.round((step / frame.lastStep) * (columns - 1)));
      const row = Math.round((1 - (loss - frame.lowest) / (frame.highest - frame.lowest)) * (rows - 1));
      const line = cells[row];
      if (line !== undefined) line[column] = marks[index % marks.length] ?? '*';
    }
  });
  const scale = (row: number): string => (row === 0 ? frame.highest.toPrecision(3) : row === rows - 1 ? frame.lowest.toPrecision(3) : '').padStart(9);
  const legend = series.map(({ name }, index) => `${marks[index % marks.length] ?? '*'} ${name}`).join('  ');
  return [...cells.map((line, row) => `${scale(row)} |${line.join('')}`.trimEnd()), `${' '.repeat(10)}+${'-'.repeat(columns)} step ${String(frame.lastStep)}`, `${' '.repeat(11)}${legend}`, ''].join('\n');
}
