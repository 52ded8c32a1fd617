// Which waiting node gets which waiting job. Scored by price, trust, locality and load, with a random pick among the best few, so
// that nobody can aim at a task (HONESTY: Rates). What a node did lately counts as load: else newcomers would never be tried.
// Jobs that ask for the same are matched from one pool, and of a large pool a few are drawn and compared: with d choices the load
// of the fullest stays within log log n / log d of the mean (Mitzenmacher 2001, "The power of two choices").
import type { JobKind } from '@oort/schema/events/compute';
import type { JobClass, SandboxLevel } from '@oort/schema/job-spec';
import { sandboxLevels } from '@oort/schema/job-spec';
import type { NodeKind } from '@oort/schema/events/nodes';

/** What a job wants of a node. Jobs of equal demands wait in one line. */
export interface Demand {
  readonly kind: JobKind;
  readonly class: JobClass;
  readonly cores: number;
  readonly memoryMb: number;
  readonly gpu: boolean;
  /** Where it may run; empty for anywhere. */
  readonly regions: readonly string[];
  /** Where its inputs lie: nodes there are better. */
  readonly near: readonly string[];
  readonly notOperators: readonly string[];
  readonly runtimeClass: string | null;
  readonly minimumTrust: number;
  readonly sandbox: SandboxLevel;
  /** Whether it has a deadline, so that it can be run without a network and reported late. */
  readonly datable: boolean;
  /** Of the list price, in basis points: dearer nodes are not asked. */
  readonly bidBasisPoints: number;
}

export interface WaitingJob {
  readonly jobId: string;
  /** Where it failed before: only when nobody else came for long. */
  readonly avoid: readonly string[];
  readonly starving: boolean;
}

export interface Line { readonly demand: Demand; readonly jobs: Iterable<WaitingJob> }

export interface WaitingNode {
  readonly nodeId: string;
  readonly nodeKind: NodeKind;
  readonly kinds: readonly JobKind[];
  readonly operator: string;
  readonly region: string;
  readonly runtimeClass: string;
  readonly sandbox: SandboxLevel;
  readonly gpu: boolean;
  /** Will be without a network while it works. */
  readonly offline: boolean;
  /** Of its benchmark. */
  readonly cores: number;
  readonly memoryMb: number;
  readonly trust: number;
  /** What it asks, of the list price, in basis points. */
  readonly askBasisPoints: number;
  /** Jobs that it runs or was given lately. */
  readonly load: number;
  /** Jobs that it would take now. */
  readonly room: number;
}

export interface Match { readonly jobId: string; readonly poller: number }

/** Idle personal devices pre-process; everything heavier goes to partner servers. */
export const servedBy: Readonly<Record<JobKind, NodeKind>> = {
  preprocess: 'edge', inference: 'super', training: 'super', evaluation: 'super', container: 'super',
};

export const listPriceBasisPoints = 10_000;
const fewest = 3;
/** Pools up to this size are looked at whole. */
const drawn = 24;
const farAway = 0.6;

/** Indices into the nodes; who is full is moved behind `length`. */
interface Pool { readonly members: Int32Array; length: number }

/** `poller` is an index into `nodes`; lines come in the order in which they are served. `random` gives 0 to below 1.
 *  Cost: lines x nodes + placements x 24. */
export function matchWork(lines: readonly Line[], nodes: readonly WaitingNode[], random: () => number): readonly Match[] {
  const given = new Int32Array(nodes.length);
  let room = nodes.reduce((sum, node) => sum + node.room, 0);
  const matches: Match[] = [];
  for (const { demand, jobs } of lines) {
    if (room === 0) break;
    const pool = poolOf(demand, nodes, given);
    if (pool.length === 0) continue;
    for (const job of jobs) {
      const poller = choose(job, demand, pool, nodes, given, random);
      if (poller === null) {
        if (pool.length === 0) break;
        continue;
      }
      given[poller] = (given[poller] ?? 0) + 1;
      room -= 1;
      matches.push({ jobId: job.jobId, poller });
      if (room === 0) break;
    }
  }
  return matches;
}

/** The higher the better; one of a trusted, idle node nearby at the list price. */
export function scoreOf(demand: Demand, node: WaitingNode, given: number): number {
  const near = demand.near.length === 0 || demand.near.includes(node.region) ? 1 : farAway;
  return ((0.5 + 0.5 * node.trust) * near * (listPriceBasisPoints / Math.max(node.askBasisPoints, 1)) ** 2) / (1 + node.load + given);
}

function poolOf(demand: Demand, nodes: readonly WaitingNode[], given: Int32Array): Pool {
  const members = new Int32Array(nodes.length);
  let length = 0;
  nodes.forEach((node, index) => {
    if ((given[index] ?? 0) >= node.room || !suits(demand, node)) return;
    members[length] = index;
    length += 1;
  });
  return { members, length };
}

function choose(job: WaitingJob, demand: Demand, pool: Pool, nodes: readonly WaitingNode[], given: Int32Array, random: () => number): number | null {
  const best: { readonly index: number; readonly score: number }[] = [];
  const whole = pool.length <= drawn;
  for (let looked = 0; looked < (whole ? pool.length : drawn);) {
    const place = whole ? looked : Math.floor(random() * pool.length);
    const index = pool.members[place] ?? 0;
    const node = nodes[index];
    if (node === undefined || (given[index] ?? 0) >= node.room) {
      pool.length -= 1;
      pool.members[place] = pool.members[pool.length] ?? 0;
      if (pool.length === 0) break;
      continue;
    }
    looked += 1;
    if (job.starving || !job.avoid.includes(node.nodeId)) best.push({ index, score: scoreOf(demand, node, given[index] ?? 0) });
  }
  best.sort((left, right) => right.score - left.score);
  const among = Math.min(best.length, Math.max(fewest, whole ? Math.ceil(best.length / 2) : fewest));
  return best[Math.floor(random() * among)]?.index ?? null;
}

export function suits(demand: Demand, node: WaitingNode): boolean {
  return servedBy[demand.kind] === node.nodeKind && node.kinds.includes(demand.kind)
    && node.askBasisPoints <= demand.bidBasisPoints && node.trust >= demand.minimumTrust
    && node.cores >= demand.cores && node.memoryMb >= demand.memoryMb && (node.gpu || !demand.gpu) && (demand.datable || !node.offline)
    && sandboxLevels.indexOf(node.sandbox) >= sandboxLevels.indexOf(demand.sandbox)
    && (demand.regions.length === 0 || demand.regions.includes(node.region))
    && !demand.notOperators.some((operator) => operator.toLowerCase() === node.operator.toLowerCase())
    && (demand.runtimeClass === null || demand.runtimeClass === node.runtimeClass);
}
