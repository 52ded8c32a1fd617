// The loop that both models share (Dawid and Skene 1979, section 4): start from vote shares, then estimate workers from
// items and items from workers until the items stand still. Labels and workers become indexes once, at the entrance.
import type { Aggregate, AggregateOptions, Judgement } from './judgement';

export interface Vote {
  readonly worker: number;
  readonly label: number;
}

/** What differs between the models: how workers are estimated, and the log likelihood of an answer. */
export interface WorkerModel {
  estimate(items: readonly (readonly Vote[])[], posteriors: readonly Float64Array[]): void;
  logLikelihood(vote: Vote, truth: number): number;
  accuracy(worker: number, marginals: readonly number[]): number;
}

interface Problem {
  readonly itemNames: readonly string[];
  readonly workerNames: readonly string[];
  readonly items: readonly (readonly Vote[])[];
  readonly known: readonly (number | null)[];
}

/** Cost: O(iterations x judgements x labels). */
export function maximiseExpectation(
  judgements: readonly Judgement[],
  options: AggregateOptions,
  modelOf: (workers: number, labels: number) => WorkerModel,
): Aggregate {
  const problem = indexed(judgements, options);
  const size = options.labels.length;
  const model = modelOf(problem.workerNames.length, size);
  const posteriors = problem.items.map((votes, index) =>
    voteShares(votes, problem.known[index] ?? null, size),
  );
  let marginals = marginalsOf(posteriors, size);
  let iterations = 0;
  for (
    let moved = 1;
    iterations < (options.maximumIterations ?? 100) && moved > (options.tolerance ?? 1e-6);
    iterations += 1
  ) {
    model.estimate(problem.items, posteriors);
    marginals = marginalsOf(posteriors, size);
    moved = expectation(problem, model, marginals, posteriors);
  }
  return {
    posteriors: new Map(
      problem.itemNames.map((name, index) => [name, [...(posteriors[index] ?? [])]]),
    ),
    accuracies: new Map(
      problem.workerNames.map((name, index) => [name, model.accuracy(index, marginals)]),
    ),
    marginals,
    iterations,
  };
}

function indexed(judgements: readonly Judgement[], options: AggregateOptions): Problem {
  const labelIndex = new Map(options.labels.map((label, index) => [label, index]));
  const workers = new Map<string, number>();
  const items = new Map<string, Vote[]>();
  for (const { item, worker, label } of judgements) {
    const at = labelIndex.get(label);
    // An answer outside the label set says nothing about the classes.
    if (at === undefined) continue;
    if (!workers.has(worker)) workers.set(worker, workers.size);
    const votes = items.get(item) ?? [];
    votes.push({ worker: workers.get(worker) ?? 0, label: at });
    items.set(item, votes);
  }
  const itemNames = [...items.keys()];
  return {
    itemNames,
    workerNames: [...workers.keys()],
    items: [...items.values()],
    known: itemNames.map((name) => labelIndex.get(options.known?.get(name) ?? '') ?? null),
  };
}

/** Equation 3.1 as the starting point: an item's share of votes. */
function voteShares(votes: readonly Vote[], known: number | null, size: number): Float64Array {
  const shares = new Float64Array(size);
  if (known !== null) shares[known] = 1;
  else for (const { label } of votes) shares[label] = (shares[label] ?? 0) + 1 / votes.length;
  return shares;
}

/** Equation 2.4. */
function marginalsOf(posteriors: readonly Float64Array[], size: number): readonly number[] {
  const sums = new Array<number>(size).fill(0);
  for (const posterior of posteriors)
    posterior.forEach((value, label) => {
      sums[label] = (sums[label] ?? 0) + value;
    });
  return sums.map((sum) => sum / Math.max(1, posteriors.length));
}

/** Equation 2.5, in logarithms. Answers the largest move of a posterior. */
function expectation(
  problem: Problem,
  model: WorkerModel,
  marginals: readonly number[],
  posteriors: readonly Float64Array[],
): number {
  let moved = 0;
  problem.items.forEach((votes, index) => {
    const posterior = posteriors[index];
    if (posterior === undefined || problem.known[index] != null) return;
    const logs = marginals.map((marginal, truth) =>
      votes.reduce((sum, vote) => sum + model.logLikelihood(vote, truth), Math.log(marginal)),
    );
    const highest = Math.max(...logs);
    const weights = logs.map((log) => Math.exp(log - highest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, label) => {
      const value = weight / total;
      moved = Math.max(moved, Math.abs(value - (posterior[label] ?? 0)));
      posterior[label] = value;
    });
  });
  return moved;
}
