import type { LoopContext } from './step';

export interface Marked { readonly labels: readonly string[]; readonly confusion: readonly (readonly number[])[] }

/** Rows are what the digits are, columns what the model said. */
export function printConfusion({ labels, confusion }: Marked, context: Pick<LoopContext, 'progress'>): void {
  const width = Math.max(4, ...labels.map((label) => label.length + 1));
  const row = (head: string, cells: readonly (string | number)[]): void => {
    context.progress(`${head.padStart(width)} |${cells.map((cell) => String(cell === 0 ? '.' : cell).padStart(width)).join('')}`);
  };
  context.progress('confusion matrix: rows are true, columns predicted');
  row('', labels);
  labels.forEach((label, index) => { row(label, confusion[index] ?? []); });
}
