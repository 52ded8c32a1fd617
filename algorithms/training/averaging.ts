// How the workers' weights become one. Two workers: mean weighted by examples (McMahan et al. 2017, FederatedAveraging).
// Three or more: coordinate-wise trimmed mean (Yin et al. 2018), which a minority of lying workers cannot move far.
import { Fault } from '@oort/kernel-wire';
import type { Weights, WeightTensor } from './weights';

export interface Contribution { readonly weights: Weights; readonly examples: number }

export class AveragingRefused extends Fault {
  constructor(message: string) { super('AVERAGING_REFUSED', message); }
}

/** The share cut from each end, at least one worker. */
const trimmedShare = 0.2;

/** Throws AveragingRefused without contributions, or when their tensors differ in name or shape. */
export function averageWeights(contributions: readonly Contribution[]): Weights {
  const [first] = contributions;
  if (first === undefined) throw new AveragingRefused('there is nothing to average');
  const total = contributions.reduce((sum, { examples }) => sum + examples, 0);
  if (!(total > 0)) throw new AveragingRefused('no contribution has seen an example');
  return new Map([...first.weights].map(([name, { shape }]): [string, WeightTensor] => {
    const columns = contributions.map(({ weights }) => {
      const tensor = weights.get(name);
      if (tensor?.shape.join() !== shape.join() || weights.size !== first.weights.size) {
        throw new AveragingRefused(`tensor ${name} differs between the workers`);
      }
      return tensor.values;
    });
    const shares = contributions.map(({ examples }) => examples / total);
    return [name, { shape, values: contributions.length >= 3 ? trimmedMean(columns) : weightedMean(columns, shares) }];
  }));
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
function trimmedMean(columns: readonly Float32Array[]): Float32Array {
  const cut = Math.max(1, Math.floor(columns.length * trimmedShare));
  const kept = columns.length - 2 * cut;
  const sorted = new Float64Array(columns.length);
  return Float32Array.from({ length: columns[0]?.length ?? 0 }, (_, index) => {
    columns.forEach((column, worker) => { sorted[worker] = column[index] ?? 0; });
    sorted.sort();
    let sum = 0;
    for (let at = cut; at < columns.length - cut; at += 1) sum += sorted[at] ?? 0;
    return sum / kept;
  });
}
