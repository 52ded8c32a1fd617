// Full model: A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
// Applied Statistics 28 (1979). One-coin model: Y. Zhang et al., "Spectral Methods Meet EM", NIPS 2014, section 5.
import { maximiseExpectation, type Vote, type WorkerModel } from './expectation-maximisation';
import type { Aggregate, AggregateOptions, Judgement } from './judgement';

/** One number a worker: right with that probability, otherwise any other label alike.
 *  The estimate is smoothed by `prior` imagined answers, so that few answers prove neither perfection nor malice. */
export function oneCoinDawidSkene(
  judgements: readonly Judgement[],
  options: AggregateOptions & {
    readonly prior?: { readonly right: number; readonly wrong: number };
  },
): Aggregate {
  const prior = options.prior ?? { right: 4, wrong: 1 };
  return maximiseExpectation(judgements, options, (workers, labels) =>
    oneCoin(workers, labels, prior),
  );
}

/** A confusion matrix a worker; needs about 50 answers per worker and class to beat the one-coin model. */
export function dawidSkene(judgements: readonly Judgement[], options: AggregateOptions): Aggregate {
  return maximiseExpectation(judgements, options, confusion);
}

/** One-coin until there are `fullFrom` answers per worker and class, then the full model. */
export function aggregateLabels(
  judgements: readonly Judgement[],
  options: AggregateOptions & { readonly fullFrom?: number },
): Aggregate {
  const workers = new Set(judgements.map(({ worker }) => worker)).size;
  const perWorkerAndClass = judgements.length / Math.max(1, workers * options.labels.length);
  return perWorkerAndClass >= (options.fullFrom ?? 50)
    ? dawidSkene(judgements, options)
    : oneCoinDawidSkene(judgements, options);
}

function oneCoin(
  workers: number,
  labels: number,
  prior: { readonly right: number; readonly wrong: number },
): WorkerModel {
  const accuracy = new Float64Array(workers);
  return {
    estimate(items, posteriors) {
      const right = new Float64Array(workers).fill(prior.right);
      const total = new Float64Array(workers).fill(prior.right + prior.wrong);
      eachVote(items, posteriors, ({ worker, label }, posterior) => {
        right[worker] = (right[worker] ?? 0) + (posterior[label] ?? 0);
        total[worker] = (total[worker] ?? 0) + 1;
      });
      right.forEach((value, worker) => {
        accuracy[worker] = value / Math.max(total[worker] ?? 1, 1e-9);
      });
    },
    logLikelihood({ worker, label }, truth) {
      const right = accuracy[worker] ?? 0;
      return Math.log(label === truth ? right : (1 - right) / Math.max(1, labels - 1));
    },
    accuracy: (worker) => accuracy[worker] ?? 0,
  };
}

/** Equation 2.3: how often a worker says `label` where the truth is `truth`. */
function confusion(workers: number, labels: number): WorkerModel {
  const rates = new Float64Array(workers * labels * labels);
  const at = (worker: number, truth: number, label: number): number =>
    (worker * labels + truth) * labels + label;
  return {
    estimate(items, posteriors) {
      rates.fill(0);
      eachVote(items, posteriors, ({ worker, label }, posterior) => {
        posterior.forEach((weight, truth) => {
          rates[at(worker, truth, label)] = (rates[at(worker, truth, label)] ?? 0) + weight;
        });
      });
      for (let row = 0; row < rates.length; row += labels) {
        const counts = rates.subarray(row, row + labels);
        const sum = counts.reduce((total, count) => total + count, 0);
        if (sum > 0)
          counts.forEach((count, index) => {
            counts[index] = count / sum;
          });
      }
    },
    // A rate of zero stays a possibility, or a single answer could rule a class out and leave no class at all.
    logLikelihood: ({ worker, label }, truth) =>
      Math.log(Math.max(rates[at(worker, truth, label)] ?? 0, 1e-12)),
    accuracy: (worker, marginals) =>
      marginals.reduce(
        (sum, marginal, truth) => sum + marginal * (rates[at(worker, truth, truth)] ?? 0),
        0,
      ),
  };
}

function eachVote(
  items: readonly (readonly Vote[])[],
  posteriors: readonly Float64Array[],
  visit: (vote: Vote, posterior: Float64Array) => void,
): void {
  items.forEach((votes, index) => {
    const posterior = posteriors[index];
    if (posterior !== undefined) for (const vote of votes) visit(vote, posterior);
  });
}
