// The queue and the leases, in memory and rebuilt at start; what may be believed after a crash is in the log alone.
// Two dispatchers on one log would be slow but right, because the job's stream decides who holds the lease.
import { randomInt } from 'node:crypto';
import type { Outcome } from '@oort/kernel-decider';
import type { JobKind } from '@oort/schema/events/compute';
import type { NodeKind } from '@oort/schema/events/nodes';
import type { AttemptClaim } from './commands';
import { matchWork, type Match, type WaitingNode } from './matching';
import type { ComputeRefusal } from './refusals';
import type { JobState, RunningJob } from './state';

export interface WorkingNode { readonly nodeId: string; readonly kind: NodeKind; readonly trust: number }

export interface DispatcherPorts {
  now(): Date;
  readonly leaseTtlMs: number;
  /** Those of the given that may be offered work. */
  workingNodes(nodeIds: readonly string[]): Promise<readonly WorkingNode[]>;
  lease(jobId: string, nodeId: string): Promise<Outcome<JobState, ComputeRefusal>>;
  expire(jobId: string, attempt: number): Promise<Outcome<JobState, ComputeRefusal>>;
}

export interface PollRequest { readonly nodeId: string; readonly kinds: readonly JobKind[]; readonly max: number; readonly waitMs: number }

export interface Dispatcher {
  /** Tells what a command made of a job: it is queued, held, or let go. */
  observe(state: JobState): void;
  /** Whether it is queued or held here. */
  knows(jobId: string): boolean;
  poll(request: PollRequest): Promise<readonly RunningJob[]>;
  /** When the lease now ends; null for a claim that does not hold it. */
  renew(claim: AttemptClaim): Date | null;
  /** Ends leases that nobody renewed. */
  sweep(): Promise<void>;
  /** Answers everybody who waits. */
  close(): void;
}

interface Queued { readonly job: Extract<JobState, { readonly status: 'queued' }>; readonly since: number }
interface Held { readonly job: RunningJob; endsAt: number }
interface Poller extends PollRequest { readonly answer: (jobs: readonly RunningJob[]) => void }

/** Polls that arrive together are matched together, so that the first to knock is not always the one who gets the job. */
const gatherMs = 10;
const recentMs = 10_000;

export function createDispatcher(ports: DispatcherPorts): Dispatcher {
  const queued = new Map<string, Queued>();
  const held = new Map<string, Held>();
  const pollers = new Set<Poller>();
  let recent: { readonly nodeId: string; readonly at: number }[] = [];
  let gathering = false;
  let matching: Promise<void> = Promise.resolve();
  const nowMs = (): number => ports.now().getTime();

  function observe(state: JobState): void {
    if (state.status === 'none') return;
    queued.delete(state.jobId);
    held.delete(state.jobId);
    if (state.status === 'running') {
      held.set(state.jobId, { job: state, endsAt: Math.max(Date.parse(state.lease.expiresAt), nowMs() + ports.leaseTtlMs) });
    }
    if (state.status !== 'queued') return;
    queued.set(state.jobId, { job: state, since: nowMs() });
    wake();
  }

  function poll(request: PollRequest): Promise<readonly RunningJob[]> {
    const kinds = request.kinds.toString();
    // A node that asks again has given up on its earlier question.
    for (const earlier of [...pollers]) if (earlier.nodeId === request.nodeId && earlier.kinds.toString() === kinds) settle(earlier, []);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(poller, []), Math.max(request.waitMs, 2 * gatherMs));
      const poller: Poller = { ...request, answer: (jobs) => { clearTimeout(timer); resolve(jobs); } };
      pollers.add(poller);
      wake();
    });
  }

  function settle(poller: Poller, jobs: readonly RunningJob[]): void {
    if (!pollers.delete(poller)) return;
    poller.answer(jobs);
  }

  function wake(): void {
    if (gathering || queued.size === 0 || pollers.size === 0) return;
    gathering = true;
    setTimeout(() => {
      gathering = false;
      // A fault (the database is away) leaves everybody waiting; the next poll or job tries again.
      matching = matching.then(match).catch(() => undefined);
    }, gatherMs);
  }

  async function match(): Promise<void> {
    const waiting = [...pollers];
    const known = new Map((await ports.workingNodes([...new Set(waiting.map(({ nodeId }) => nodeId))])).map((node) => [node.nodeId, node]));
    const offered = waiting.filter((poller) => pollers.has(poller) && known.has(poller.nodeId));
    const loads = loadOf();
    const nodes = offered.flatMap((poller): WaitingNode[] => {
      const node = known.get(poller.nodeId);
      return node === undefined ? [] : [{
        nodeId: node.nodeId, nodeKind: node.kind, trust: node.trust, kinds: poller.kinds, room: poller.max, load: loads.get(node.nodeId) ?? 0,
      }];
    });
    const now = nowMs();
    const jobs = [...queued.values()].map(({ job, since }) => (
      { jobId: job.jobId, kind: job.kind, avoid: job.failedOn, starving: now - since > 3 * ports.leaseTtlMs }));
    await hand(offered, matchWork(jobs, nodes, () => randomInt(2 ** 32) / 2 ** 32));
  }

  async function hand(offered: readonly Poller[], matches: readonly Match[]): Promise<void> {
    const given = new Map<number, RunningJob[]>();
    await Promise.all(matches.map(async ({ jobId, poller }) => {
      const nodeId = offered[poller]?.nodeId ?? '';
      queued.delete(jobId);
      const outcome = await ports.lease(jobId, nodeId);
      if (!outcome.ok || outcome.state.status !== 'running') return;
      observe(outcome.state);
      recent.push({ nodeId, at: nowMs() });
      given.set(poller, [...(given.get(poller) ?? []), outcome.state]);
    }));
    for (const [poller, jobs] of given) {
      const asked = offered[poller];
      if (asked !== undefined) settle(asked, jobs);
    }
  }

  function loadOf(): ReadonlyMap<string, number> {
    const now = nowMs();
    recent = recent.filter(({ at }) => now - at < recentMs);
    const loads = new Map<string, number>();
    for (const { job: { lease: { nodeId } } } of held.values()) loads.set(nodeId, (loads.get(nodeId) ?? 0) + 1);
    for (const { nodeId } of recent) loads.set(nodeId, (loads.get(nodeId) ?? 0) + 1);
    return loads;
  }

  function renew({ jobId, nodeId, attempt, fencingToken }: AttemptClaim): Date | null {
    const holding = held.get(jobId);
    const lease = holding?.job.lease;
    if (holding === undefined || lease === undefined) return null;
    if (lease.nodeId !== nodeId || lease.attempt !== attempt || lease.fencingToken !== fencingToken) return null;
    holding.endsAt = nowMs() + ports.leaseTtlMs;
    return new Date(holding.endsAt);
  }

  async function sweep(): Promise<void> {
    const now = nowMs();
    for (const { job, endsAt } of [...held.values()]) {
      if (endsAt > now) continue;
      const outcome = await ports.expire(job.jobId, job.lease.attempt);
      if (outcome.ok) observe(outcome.state);
      else held.delete(job.jobId);
    }
    wake();
  }

  return { observe, knows: (jobId) => queued.has(jobId) || held.has(jobId), poll, renew, sweep, close: () => { for (const poller of [...pollers]) settle(poller, []); } };
}
