// E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927); the score interval.

/** Two-sided 95 % by default. Without trials nothing is known: 0 to 1. */
export function wilsonInterval(
  successes: number,
  trials: number,
  z = 1.959963984540054,
): { readonly lower: number; readonly upper: number } {
  if (trials <= 0) return { lower: 0, upper: 1 };
  const share = successes / trials;
  const square = z * z;
  const centre = share + square / (2 * trials);
  const spread = z * Math.sqrt((share * (1 - share) + square / (4 * trials)) / trials);
  const scale = 1 + square / trials;
  return {
    lower: Math.max(0, (centre - spread) / scale),
    upper: Math.min(1, (centre + spread) / scale),
  };
}

/** The lower bound in basis points, rounded down: what a price is multiplied by. */
export function wilsonLowerBasisPoints(successes: number, trials: number): number {
  return Math.floor(wilsonInterval(successes, trials).lower * 10_000);
}
