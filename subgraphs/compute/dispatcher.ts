// The queue and the leases, in memory and rebuilt at start; what may be believed after a crash is in the log alone.
// Two dispatchers on one log would be slow but right, because the job's stream decides who holds the lease.
import { randomInt } from 'node:crypto';
import type { Outcome } from '@oort/kernel-decider';
import type { JobKind } from '@oort/schema/events/compute';
import type { NodeKind } from '@oort/schema/events/nodes';
import { termsOf, type SandboxLevel } from '@oort/schema/job-spec';
import type { AttemptClaim } from './commands';
import { demandOf } from './demand';
import { listPriceBasisPoints, matchWork, suits, type Match, type WaitingNode } from './matching';
import { createQueue } from './queue';
import type { ComputeRefusal } from './refusals';
import type { JobState, RunningJob } from './state';

export interface WorkingNode {
  readonly nodeId: string;
  readonly kind: NodeKind;
  readonly trust: number;
  readonly operator: string;
  readonly region: string;
  readonly runtimeClass: string;
  readonly cores: number;
  readonly memoryMb: number;
}

export interface LeaseTerms { readonly askBasisPoints: number; readonly offline: boolean }

export interface DispatcherPorts {
  now(): Date;
  readonly leaseTtlMs: number;
  /** Those of the given that may be offered work. */
  workingNodes(nodeIds: readonly string[]): Promise<readonly WorkingNode[]>;
  lease(jobId: string, nodeId: string, terms: LeaseTerms): Promise<Outcome<JobState, ComputeRefusal>>;
  expire(jobId: string, attempt: number): Promise<Outcome<JobState, ComputeRefusal>>;
  preempt(jobId: string, attempt: number): Promise<Outcome<JobState, ComputeRefusal>>;
  missDeadline(jobId: string): Promise<Outcome<JobState, ComputeRefusal>>;
}

/** What a node offers this time; the weakest wall, no GPU and the list price unless told. */
export interface Offer { readonly sandbox?: SandboxLevel; readonly gpu?: boolean; readonly offline?: boolean; readonly runtimeClass?: string; readonly askBasisPoints?: number }

export interface PollRequest {
  readonly nodeId: string; readonly kinds: readonly JobKind[]; readonly max: number; readonly waitMs: number; readonly offer?: Offer;
  /** Aborts when the node hangs up: what it would be given would wait for the lease to end. */
  readonly gone?: AbortSignal;
}

export interface Dispatcher {
  /** Tells what a command made of a job: it is queued, held, or let go. */
  observe(state: JobState): void;
  /** Whether it is queued or held here. */
  knows(jobId: string): boolean;
  poll(request: PollRequest): Promise<readonly RunningJob[]>;
  /** When the lease now ends; null for a claim that does not hold it. */
  renew(claim: AttemptClaim): Date | null;
  /** Whether the claim is that of the present lease. */
  holds(claim: AttemptClaim): boolean;
  /** When a running job has to give way to a reserved one; null when it need not. */
  preemptsAt(jobId: string): Date | null;
  /** Ends leases that nobody renewed and jobs whose time is over, and makes room for the reserved. */
  sweep(): Promise<void>;
  /** Answers everybody who waits. */
  close(): void;
}

interface Held { readonly job: RunningJob; endsAt: number; preemptsAt: number | null }
/** `seen` is the newest state of the queue that it was matched against. */
interface Poller extends PollRequest { readonly lane: string; seen: number; readonly answer: (jobs: readonly RunningJob[]) => void }

/** Polls that arrive together are matched together, so that the first to knock is not always the one who gets the job. */
const gatherMs = 10;
const recentMs = 10_000;
/** Pollers looked at in one round go with the jobs that wait, so that there is a choice; the rest take part in the next, at once. */
const pollersPerJob = 4;
const smallestRound = 64;
const largestRound = 10_000;
/** Between the notice and the end of an attempt that gives way: time for a checkpoint. */
const graceLeases = 2;

export function createDispatcher(ports: DispatcherPorts): Dispatcher {
  const queue = createQueue();
  const held = new Map<string, Held>();
  const pollers = new Map<string, Poller>();
  const loads = new Map<string, number>();
  /** What each node offered last. */
  const offers = new Map<string, WaitingNode>();
  const deadlines = new Map<string, number>();
  let recent: { readonly nodeId: string; readonly at: number }[] = [];
  let news = 1;
  let gathering = false;
  let matching: Promise<void> = Promise.resolve();
  const nowMs = (): number => ports.now().getTime();

  function observe(state: JobState): void {
    if (state.status === 'none') return;
    queue.delete(state.jobId);
    release(state.jobId);
    deadlines.delete(state.jobId);
    if (state.status === 'queued' || state.status === 'running') note(state);
    if (state.status === 'running') {
      held.set(state.jobId, { job: state, endsAt: Math.max(Date.parse(state.lease.expiresAt), nowMs() + ports.leaseTtlMs), preemptsAt: null });
      load(state.lease.nodeId, 1);
    }
    if (state.status !== 'queued') return;
    queue.add(state, nowMs());
    news += 1;
    wake();
  }

  function note({ jobId, kind, spec }: Exclude<JobState, { readonly status: 'none' }>): void {
    const { deadline } = termsOf(kind, spec);
    if (deadline !== null) deadlines.set(jobId, Date.parse(deadline));
  }

  function release(jobId: string): void {
    const holding = held.get(jobId);
    if (holding === undefined) return;
    held.delete(jobId);
    load(holding.job.lease.nodeId, -1);
  }

  function load(nodeId: string, change: number): void {
    const next = (loads.get(nodeId) ?? 0) + change;
    if (next === 0) loads.delete(nodeId);
    else loads.set(nodeId, next);
  }

  function poll(request: PollRequest): Promise<readonly RunningJob[]> {
    const lane = `${request.nodeId} ${request.kinds.toString()}`;
    // A node that asks again has given up on its earlier question.
    const earlier = pollers.get(lane);
    if (earlier !== undefined) settle(earlier, []);
    if (request.max < 1 || request.gone?.aborted === true) return Promise.resolve([]);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(poller, []), Math.max(request.waitMs, 2 * gatherMs));
      const poller: Poller = { ...request, lane, seen: 0, answer: (jobs) => { clearTimeout(timer); resolve(jobs); } };
      pollers.set(lane, poller);
      request.gone?.addEventListener('abort', () => { settle(poller, []); }, { once: true });
      wake();
    });
  }

  function settle(poller: Poller, jobs: readonly RunningJob[]): void {
    if (pollers.get(poller.lane) !== poller) return;
    pollers.delete(poller.lane);
    poller.answer(jobs);
  }

  function wake(afterMs = gatherMs): void {
    if (gathering || queue.size() === 0 || pollers.size === 0) return;
    gathering = true;
    setTimeout(() => {
      gathering = false;
      // A fault (the database is away) leaves everybody waiting; the next poll or job tries again.
      matching = matching.then(match).catch(() => undefined);
    }, afterMs);
  }

  async function match(): Promise<void> {
    const round: Poller[] = [];
    const roundSize = Math.min(Math.max(pollersPerJob * queue.size(), smallestRound), largestRound);
    for (const poller of pollers.values()) {
      if (poller.seen < news) round.push(poller);
      if (round.length === roundSize) break;
    }
    if (round.length === 0) return;
    for (const poller of round) poller.seen = news;
    const known = new Map((await ports.workingNodes([...new Set(round.map(({ nodeId }) => nodeId))])).map((node) => [node.nodeId, node]));
    const offered = round.filter((poller) => pollers.get(poller.lane) === poller && known.has(poller.nodeId));
    forgetRecent();
    const nodes = offered.flatMap((poller): WaitingNode[] => {
      const node = known.get(poller.nodeId);
      if (node === undefined) return [];
      const offer = waiting(poller, node);
      offers.set(poller.nodeId, offer);
      return [offer];
    });
    const starvingSince = nowMs() - 3 * ports.leaseTtlMs;
    await hand(offered, matchWork(queue.lines(starvingSince), nodes, () => randomInt(2 ** 32) / 2 ** 32));
    if (round.length === roundSize) wake(0);
  }

  function waiting({ kinds, max, offer = {} }: Poller, { kind, ...node }: WorkingNode): WaitingNode {
    const { sandbox = 'process', gpu = false, offline = false, runtimeClass = node.runtimeClass, askBasisPoints = listPriceBasisPoints } = offer;
    return { ...node, nodeKind: kind, kinds, room: max, load: loads.get(node.nodeId) ?? 0, sandbox, gpu, offline, runtimeClass, askBasisPoints };
  }

  async function hand(offered: readonly Poller[], matches: readonly Match[]): Promise<void> {
    const given = new Map<number, RunningJob[]>();
    await Promise.all(matches.map(async ({ jobId, poller }) => {
      const asked = offered[poller];
      // Who has hung up since is given nothing.
      if (asked === undefined || pollers.get(asked.lane) !== asked) return;
      const { nodeId, offer: { askBasisPoints = listPriceBasisPoints, offline = false } = {} } = asked;
      queue.delete(jobId);
      const outcome = await ports.lease(jobId, nodeId, { askBasisPoints, offline });
      if (!outcome.ok || outcome.state.status !== 'running') return;
      observe(outcome.state);
      recent.push({ nodeId, at: nowMs() });
      load(nodeId, 1);
      given.set(poller, [...(given.get(poller) ?? []), outcome.state]);
    }));
    for (const [poller, jobs] of given) {
      const asked = offered[poller];
      if (asked !== undefined) settle(asked, jobs);
    }
  }

  function forgetRecent(): void {
    const since = nowMs() - recentMs;
    const past = recent.findIndex(({ at }) => at > since);
    const gone = past === -1 ? recent.length : past;
    for (const { nodeId } of recent.slice(0, gone)) load(nodeId, -1);
    if (gone > 0) recent = recent.slice(gone);
  }

  function holds({ jobId, nodeId, attempt, fencingToken }: AttemptClaim): boolean {
    const lease = held.get(jobId)?.job.lease;
    return lease?.nodeId === nodeId && lease.attempt === attempt && lease.fencingToken === fencingToken;
  }

  function renew(claim: AttemptClaim): Date | null {
    const holding = held.get(claim.jobId);
    if (holding === undefined || !holds(claim)) return null;
    holding.endsAt = nowMs() + ports.leaseTtlMs;
    return new Date(holding.endsAt);
  }

  async function sweep(): Promise<void> {
    const now = nowMs();
    for (const { job, endsAt } of [...held.values()]) {
      if (endsAt > now) continue;
      const outcome = await ports.expire(job.jobId, job.lease.attempt);
      if (outcome.ok) observe(outcome.state);
      else release(job.jobId);
    }
    await endLate(now);
    await makeRoom(now);
    // Some may be starving by now, and are offered where they failed before.
    news += 1;
    wake();
  }

  async function endLate(now: number): Promise<void> {
    for (const [jobId, deadline] of [...deadlines]) {
      if (deadline > now) continue;
      const outcome = await ports.missDeadline(jobId);
      if (outcome.ok) observe(outcome.state);
      // Run without a network: what was done in time may still be reported, until the lease ends.
      else deadlines.set(jobId, now + ports.leaseTtlMs);
    }
  }

  /** A reserved job that found no room for a while makes an interruptible one of a node that would do give way, after a grace. */
  async function makeRoom(now: number): Promise<void> {
    const leaving = [...held.values()].filter(({ preemptsAt }) => preemptsAt !== null);
    for (const { job } of leaving.filter(({ preemptsAt }) => (preemptsAt ?? now) <= now)) {
      const outcome = await ports.preempt(job.jobId, job.lease.attempt);
      if (outcome.ok) observe(outcome.state);
    }
    const waitingFor = queue.reservedSince(now - ports.leaseTtlMs).slice(leaving.length);
    for (const { demand } of waitingFor) {
      const giving = [...held.values()].find(({ job, preemptsAt }) => {
        const node = offers.get(job.lease.nodeId);
        return preemptsAt === null && job.kind === demand.kind && demandOf(job.kind, job.spec).class === 'interruptible' && node !== undefined && suits(demand, node);
      });
      if (giving === undefined) continue;
      giving.preemptsAt = now + graceLeases * ports.leaseTtlMs;
    }
  }

  function preemptsAt(jobId: string): Date | null {
    const at = held.get(jobId)?.preemptsAt ?? null;
    return at === null ? null : new Date(at);
  }

  return { holds, preemptsAt, observe, knows: (jobId) => queue.has(jobId) || held.has(jobId), poll, renew, sweep, close: () => { for (const poller of [...pollers.values()]) settle(poller, []); } };
}
