// How the workers' weights become one. A mean weighted by examples (McMahan et al. 2017, FederatedAveraging) trusts everybody;
// the coordinate-wise trimmed mean and median (Yin et al. 2018) cannot be moved far by a minority of lying workers, and shortening
// every worker's change to one norm first (Sun et al. 2019) bounds what any of them can do in a round.
import { Fault } from '@oort/kernel-wire';
import type { Weights, WeightTensor } from './weights';

export interface Contribution { readonly weights: Weights; readonly examples: number }

export class AveragingRefused extends Fault {
  constructor(message: string) { super('AVERAGING_REFUSED', message); }
}

export const averagings = ['auto', 'mean', 'trimmed-mean', 'median'] as const;
/** `auto` is the mean for two workers, and the trimmed mean from three on. */
export type Averaging = (typeof averagings)[number];

export interface AveragingOptions {
  readonly averaging: Averaging;
  /** Of a worker's change since the round began; 0 leaves it as it is. */
  readonly maximumUpdateNorm: number;
}

/** The share cut from each end, at least one worker. */
const trimmedShare = 0.2;

type Rule = (sorted: Float64Array) => number;

/** Throws AveragingRefused without contributions, or when their tensors differ in name or shape. `before` is where the round began. */
export function averageWeights(contributions: readonly Contribution[], options: AveragingOptions = { averaging: 'auto', maximumUpdateNorm: 0 }, before?: Weights): Weights {
  const [first] = contributions;
  if (first === undefined) throw new AveragingRefused('there is nothing to average');
  const total = contributions.reduce((sum, { examples }) => sum + examples, 0);
  if (!(total > 0)) throw new AveragingRefused('no contribution has seen an example');
  const shares = contributions.map(({ examples }) => examples / total);
  const rule = ruleOf(options.averaging, contributions.length);
  for (const { weights } of contributions) requireAlike(first.weights, weights);
  const all = contributions.map(({ weights }) => (before === undefined ? weights : shortened(weights, before, options.maximumUpdateNorm)));
  return new Map([...first.weights].map(([name, { shape }]): [string, WeightTensor] => {
    const columns = all.map((weights) => weights.get(name)?.values ?? new Float32Array());
    return [name, { shape, values: rule === null ? weightedMean(columns, shares) : coordinateWise(columns, rule) }];
  }));
}

/** `weights` moved towards `before` until they lie at most `norm` (Euclidean, over all tensors) from it; 0 moves nothing. */
export function shortened(weights: Weights, before: Weights, norm: number): Weights {
  if (norm === 0) return weights;
  let squares = 0;
  for (const [name, { values }] of weights) {
    values.forEach((value, index) => { squares += (value - (before.get(name)?.values[index] ?? 0)) ** 2; });
  }
  const share = norm / Math.sqrt(squares);
  if (share >= 1) return weights;
  return new Map([...weights].map(([name, { shape, values }]) => {
    const start = before.get(name)?.values;
    return [name, { shape, values: values.map((value, index) => (start?.[index] ?? 0) + share * (value - (start?.[index] ?? 0))) }];
  }));
}

function requireAlike(first: Weights, weights: Weights): void {
  for (const [name, { shape }] of first) {
    if (weights.get(name)?.shape.join() !== shape.join() || weights.size !== first.size) {
      throw new AveragingRefused(`tensor ${name} differs between the workers`);
    }
  }
}

/** Null for the weighted mean. Fewer than three values have no extremes to cut. */
function ruleOf(averaging: Averaging, workers: number): Rule | null {
  switch (averaging) {
    case 'mean': return null;
    case 'median': return medianOf;
    case 'auto': case 'trimmed-mean': return workers >= 3 ? trimmedMeanOf : null;
  }
}

function weightedMean(columns: readonly Float32Array[], shares: readonly number[]): Float32Array {
  const values = new Float64Array(columns[0]?.length ?? 0);
  columns.forEach((column, worker) => {
    const share = shares[worker] ?? 0;
    column.forEach((value, index) => { values[index] = (values[index] ?? 0) + share * value; });
  });
  return Float32Array.from(values);
}

/** Unweighted, because a worker's claim to many examples must not buy influence. */
function coordinateWise(columns: readonly Float32Array[], rule: Rule): Float32Array {
  const sorted = new Float64Array(columns.length);
  return Float32Array.from({ length: columns[0]?.length ?? 0 }, (_, index) => {
    columns.forEach((column, worker) => { sorted[worker] = column[index] ?? 0; });
    return rule(sorted.sort());
  });
}

function trimmedMeanOf(sorted: Float64Array): number {
  const cut = Math.max(1, Math.floor(sorted.length * trimmedShare));
  let sum = 0;
  for (let at = cut; at < sorted.length - cut; at += 1) sum += sorted[at] ?? 0;
  return sum / (sorted.length - 2 * cut);
}

function medianOf(sorted: Float64Array): number {
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
