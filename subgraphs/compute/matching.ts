// Which waiting node gets which waiting job. Scored by trust and load, with a random pick among the best few, so that
// nobody can aim at a task (HONESTY: Rates). What a node did lately counts as load: else newcomers would never be tried.
import type { JobKind } from '@oort/schema/events/compute';
import type { NodeKind } from '@oort/schema/events/nodes';

export interface WaitingJob {
  readonly jobId: string;
  readonly kind: JobKind;
  /** Where it failed before: only when nobody else came for long. */
  readonly avoid: readonly string[];
  readonly starving: boolean;
}

export interface WaitingNode {
  readonly nodeId: string;
  readonly nodeKind: NodeKind;
  readonly kinds: readonly JobKind[];
  readonly trust: number;
  /** Jobs that it runs or was given lately. */
  readonly load: number;
  /** Jobs that it would take now. */
  readonly room: number;
}

export interface Match { readonly jobId: string; readonly poller: number }

/** Idle personal devices pre-process; everything heavier goes to partner servers. */
export const servedBy: Readonly<Record<JobKind, NodeKind | null>> = {
  preprocess: 'edge', inference: 'super', training: 'super', evaluation: 'super', container: null,
};

const fewest = 3;

/** `poller` is an index into `nodes`. `random` gives 0 to below 1. Cost: jobs x nodes. */
export function matchWork(jobs: readonly WaitingJob[], nodes: readonly WaitingNode[], random: () => number): readonly Match[] {
  const given = nodes.map(() => 0);
  const matches: Match[] = [];
  for (const job of jobs) {
    const scored = nodes
      .map((node, poller) => ({ poller, node, score: (0.5 + 0.5 * node.trust) / (1 + node.load + (given[poller] ?? 0)) }))
      .filter(({ poller, node }) => (given[poller] ?? 0) < node.room && suits(job, node))
      .sort((left, right) => right.score - left.score);
    const best = scored.slice(0, Math.max(fewest, Math.ceil(scored.length / 2)));
    const chosen = best[Math.floor(random() * best.length)];
    if (chosen === undefined) continue;
    given[chosen.poller] = (given[chosen.poller] ?? 0) + 1;
    matches.push({ jobId: job.jobId, poller: chosen.poller });
  }
  return matches;
}

function suits(job: WaitingJob, node: WaitingNode): boolean {
  if (servedBy[job.kind] !== node.nodeKind || !node.kinds.includes(job.kind)) return false;
  return job.starving || !job.avoid.includes(node.nodeId);
}
