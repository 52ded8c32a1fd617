// One class of nodes under one rule. The faults of a node come from a stream of its own, the same under every rule.
import { SeededRandom } from '@oort/algorithms-random';
import type { NodeClass } from './nodes';
import type { Rule } from './rules';

export interface Size { readonly nodes: number; readonly jobs: number; readonly seed: number }

export interface Outcome {
  readonly of: NodeClass;
  readonly rule: string;
  /** Audited jobs over all jobs. */
  readonly overhead: number;
  /** Nodes slashed over all nodes. */
  readonly slashed: number;
  /** Wrong results that nobody noticed before the slash, a node. */
  readonly accepted: number;
  /** The same once the last results before a slash are audited again. */
  readonly acceptedAfterReaudit: number;
  /** By equal periods of the jobs: nodes slashed so far over all nodes. */
  readonly slashedBy: readonly number[];
}

/** Results that are audited again when a node is slashed. */
const reaudited = 200;
const periods = 40;

export function simulate<State>(rule: Rule<State>, of: NodeClass, { nodes, jobs, seed }: Size): Outcome {
  const slashedIn = new Array<number>(periods).fill(0);
  let done = 0;
  let audited = 0;
  let slashed = 0;
  let accepted = 0;
  let acceptedAfterReaudit = 0;
  for (let node = 0; node < nodes; node += 1) {
    const life = live(rule, of, jobs, new SeededRandom(seed, node, 0), new SeededRandom(seed, node, 1));
    done += life.done;
    audited += life.audited;
    accepted += life.unnoticed.length;
    if (life.slashed) {
      const period = Math.floor((life.done - 1) * periods / jobs);
      slashedIn[period] = (slashedIn[period] ?? 0) + 1;
      slashed += 1;
    }
    acceptedAfterReaudit += life.slashed ? life.unnoticed.filter((job) => job < life.done - reaudited).length : life.unnoticed.length;
  }
  let sum = 0;
  const slashedBy = slashedIn.map((count) => { sum += count; return sum / nodes; });
  return { of, rule: rule.name, overhead: audited / done, slashed: slashed / nodes, accepted: accepted / nodes, acceptedAfterReaudit: acceptedAfterReaudit / nodes, slashedBy };
}

interface Life { readonly done: number; readonly audited: number; readonly slashed: boolean; readonly unnoticed: readonly number[] }

function live<State>(rule: Rule<State>, of: NodeClass, jobs: number, faults: SeededRandom, audits: SeededRandom): Life {
  const unnoticed: number[] = [];
  let state = rule.start;
  let audited = 0;
  for (let job = 0; job < jobs; job += 1) {
    const wrong = faults.uniform() < of.wrong(job);
    if (audits.uniform() >= rule.rate(state)) {
      if (wrong) unnoticed.push(job);
      continue;
    }
    audited += 1;
    const failed = wrong && (of.detection === 1 || audits.uniform() < of.detection);
    if (wrong && !failed) unnoticed.push(job);
    state = rule.after(state, failed);
    if (rule.slashes(state)) return { done: job + 1, audited, slashed: true, unnoticed };
  }
  return { done: jobs, audited, slashed: false, unnoticed };
}
