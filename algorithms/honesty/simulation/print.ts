// The table and the plot, as text.
import type { Aim } from './aims';
import type { Outcome } from './run';

const percent = (value: number): string => `${(value * 100).toFixed(2)} %`;

export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ of, rule, overhead, slashed, accepted, acceptedAfterReaudit }) =>
    [of.name, rule, percent(overhead), rule === 'BOINC' ? '-' : percent(slashed), accepted.toFixed(1), rule === 'BOINC' ? '-' : acceptedAfterReaudit.toFixed(1)]);
  const head = ['node', 'rule', 'audited', 'slashed', 'bad accepted', 'after re-audit'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')).join('\n');
}

const height = 12;
const marks = 'abcdefghij';

/** Share of nodes slashed (up) over jobs (right), a letter a class. */
export function plot(outcomes: readonly Outcome[], jobs: number): string {
  const width = outcomes[0]?.slashedBy.length ?? 0;
  const grid = Array.from({ length: height + 1 }, () => new Array<string>(width).fill(' '));
  for (const [index, { slashedBy }] of outcomes.entries()) {
    for (const [column, share] of slashedBy.entries()) {
      const row = grid[height - Math.round(share * height)];
      if (row !== undefined && row[column] === ' ') row[column] = marks[index] ?? '*';
    }
  }
  const lines = grid.map((row, index) => `${`${Math.round((1 - index / height) * 100)} %`.padStart(6)} |${row.join('')}`);
  const axis = `${' '.repeat(7)}+${'-'.repeat(width)}\n${' '.repeat(8)}0${`${jobs} jobs`.padStart(width - 1)}`;
  return [...lines, axis, ...outcomes.map(({ of }, index) => `${' '.repeat(8)}${marks[index] ?? '*'}  ${of.name}`)].join('\n');
}

export function told(aims: readonly Aim[]): string {
  return aims.map(({ what, figure, holds }) => `${holds ? 'holds ' : 'MISSED'}  ${what}: ${figure}`).join('\n');
}
