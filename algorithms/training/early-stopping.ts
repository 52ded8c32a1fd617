// Whether a run has stopped getting better (Prechelt 1998, "no improvement in k strips"): a function of its rounds alone, so that
// whoever reads them comes to the same end.
import type { Json } from '@oort/kernel-wire';
import type { HyperParameters } from './training-spec';

/** A round's loss as its workers measured it: of the examples that they held out, else of those that they learned from. The median,
 *  because one worker must not be able to end a run, or to keep it going. Null when no worker said one. */
export function roundLoss(metrics: Json): number | null {
  const workers = memberOf(metrics, 'workers');
  const losses = (Array.isArray(workers) ? workers as readonly Json[] : []).flatMap((worker) => {
    const value = memberOf(worker, 'validationLoss') ?? memberOf(worker, 'loss');
    return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
  }).sort((a, b) => a - b);
  const middle = (losses.length - 1) / 2;
  return losses.length === 0 ? null : ((losses[Math.floor(middle)] ?? 0) + (losses[Math.ceil(middle)] ?? 0)) / 2;
}

/** `rounds` are their metrics, in order. A round counts as better when it lowers the best loss by `leastImprovement` of it. */
export function stopsEarly(rounds: readonly Json[], { patience, leastImprovement }: Pick<HyperParameters, 'patience' | 'leastImprovement'>): boolean {
  if (patience === 0) return false;
  let best = Infinity;
  let waited = 0;
  for (const metrics of rounds) {
    const loss = roundLoss(metrics);
    const better = loss !== null && (best === Infinity || loss < best - leastImprovement * Math.abs(best));
    waited = better ? 0 : waited + 1;
    if (better) best = loss;
  }
  return waited >= patience;
}

function memberOf(json: Json | undefined, key: string): Json | undefined {
  return json !== null && typeof json === 'object' && !Array.isArray(json) ? (json as Readonly<Record<string, Json | undefined>>)[key] : undefined;
}
