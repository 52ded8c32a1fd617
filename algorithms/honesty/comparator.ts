/** Relative L2 distance |a - b| / |reference|. Shapes: equal lengths, else Infinity; a non-finite answer is infinitely far. */
export function relativeL2(answer: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (answer.length !== reference.length || reference.length === 0) return Infinity;
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < reference.length; index += 1) {
    const expected = Number(reference[index]);
    const error = Number(answer[index]) - expected;
    difference += error * error;
    norm += expected * expected;
  }
  const distance = Math.sqrt(difference) / Math.sqrt(norm === 0 ? 1 : norm);
  return Number.isFinite(distance) ? distance : Infinity;
}

/** Largest distance at which two answers of one runtime class count as equal. */
export function tolerance(largestHonestDeviation: number): number {
  return Math.max(25 * largestHonestDeviation, 1e-5);
}

export function compare(
  answer: ArrayLike<number>, reference: ArrayLike<number>, limit: number, sameRuntimeClass: boolean,
): { readonly outcome: 'pass' | 'fail' | 'inconclusive'; readonly distance: number } {
  const distance = relativeL2(answer, reference);
  if (distance <= limit) return { outcome: 'pass', distance };
  // Another runtime may round differently: only a referee of the claimant's class may condemn it.
  return { outcome: sameRuntimeClass ? 'fail' : 'inconclusive', distance };
}
