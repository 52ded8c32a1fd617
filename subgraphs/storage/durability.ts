/** The chance that a segment is lost within a year: n - k + 1 nodes fail, each while the ones before it are not yet rebuilt.
 *  Markov chain of a repaired k-of-n code for rare failures: prod_{i=0}^{n-k} (n - i) * lambda^(n-k+1) * T^(n-k).
 *  Shapes: failures a year and node, repair time in hours. Correlated failures are not in it, and dominate in practice. */
export function annualLossProbability({ k, n, failuresPerYear, repairHours }: {
  readonly k: number; readonly n: number; readonly failuresPerYear: number; readonly repairHours: number;
}): number {
  const repairYears = repairHours / (24 * 365.25);
  let probability = 1;
  // Once it is 0 or infinite it stays so: n is the caller's, and may be two thousand millions.
  for (let lost = 0; lost <= n - k && probability !== 0 && Number.isFinite(probability); lost += 1) probability *= (n - lost) * failuresPerYear * (lost === 0 ? 1 : repairYears);
  return Math.min(1, probability);
}
