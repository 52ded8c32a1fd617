/** Rows are the true labels, columns the predicted ones, both in the order of `labels`. */
export interface Confusion { readonly labels: readonly string[]; readonly matrix: readonly (readonly number[])[] }

export function confusionOf(labels: readonly string[], expected: readonly number[], predicted: readonly number[]): Confusion {
  const matrix = labels.map(() => labels.map(() => 0));
  expected.forEach((row, index) => {
    const cells = matrix[row];
    const column = predicted[index] ?? -1;
    if (cells !== undefined) cells[column] = (cells[column] ?? 0) + 1;
  });
  return { labels, matrix };
}

/** Share of examples on the diagonal; 0 for none at all. */
export function accuracyOf({ matrix }: Confusion): number {
  const total = matrix.flat().reduce((sum, cell) => sum + cell, 0);
  const right = matrix.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  return total === 0 ? 0 : right / total;
}

/** Where the largest value stands; the first of equals. */
export function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
  return best;
}
