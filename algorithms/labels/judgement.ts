/** One worker's answer for one item. A worker may answer an item more than once; each answer counts. */
export interface Judgement {
  readonly item: string;
  readonly worker: string;
  readonly label: string;
}

export interface Aggregate {
  /** Per item, the probability of each label, in the order of `labels`. */
  readonly posteriors: ReadonlyMap<string, readonly number[]>;
  /** Per worker, the probability of answering right (full model: averaged over the class marginals). */
  readonly accuracies: ReadonlyMap<string, number>;
  readonly marginals: readonly number[];
  readonly iterations: number;
}

export interface AggregateOptions {
  readonly labels: readonly string[];
  /** Items whose answer is known: their posterior stays on it, so they teach what each worker is worth. */
  readonly known?: ReadonlyMap<string, string>;
  readonly maximumIterations?: number;
  /** Stops when no posterior moved by more. */
  readonly tolerance?: number;
}

/** The most probable label of an item; of equals the first in the order of `labels`. */
export function mostProbable(
  labels: readonly string[],
  posterior: readonly number[],
): { readonly label: string; readonly posterior: number } {
  let best = 0;
  posterior.forEach((value, index) => {
    if (value > (posterior[best] ?? 0)) best = index;
  });
  return { label: labels[best] ?? '', posterior: posterior[best] ?? 0 };
}
