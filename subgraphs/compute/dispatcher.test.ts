import type { Outcome } from '@oort/kernel-decider';
import type { Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import { createDispatcher, type Dispatcher, type PollRequest } from './dispatcher';
import type { ComputeRefusal } from './refusals';
import type { JobState, RunningJob } from './state';

const leaseTtlMs = 1000;

interface World {
  readonly dispatcher: Dispatcher;
  readonly suspended: Set<string>;
  readonly expired: string[];
  /** Jobs that gave way, and jobs whose time was over. */
  readonly ended: string[];
  pass(ms: number): void;
  queue(jobId: string, change?: { readonly attempts?: number; readonly failedOn?: readonly string[]; readonly spec?: Json }): void;
  poll(nodeId: string, change?: Partial<PollRequest>): Promise<readonly RunningJob[]>;
}

const queuedJob = (jobId: string, attempts: number, failedOn: readonly string[], spec: Json = {}): Extract<JobState, { readonly status: 'queued' }> => ({
  status: 'queued', jobId, kind: 'inference', submitter: 'account_1', subject: null, spec, specHash: '', reservedMicroUsd: 1n, attempts,
  failures: { infrastructure: 0, application: 0, validation: 0 }, failedOn, checkpoint: null,
});

/** A log that grants every lease: what is under test is the memory beside it. */
function world(): World {
  let nowMs = Date.parse('2026-01-01T00:00:00.000Z');
  const jobs = new Map<string, Extract<JobState, { readonly status: 'queued' }>>();
  const suspended = new Set<string>();
  const expired: string[] = [];
  const ended: string[] = [];
  const done = (state: JobState): Outcome<JobState, ComputeRefusal> => ({ ok: true, state, position: 0n, revision: 0n });
  const dispatcher = createDispatcher({
    now: () => new Date(nowMs), leaseTtlMs,
    workingNodes: (nodeIds) => Promise.resolve(nodeIds.filter((nodeId) => !suspended.has(nodeId)).map((nodeId) => ({ nodeId, kind: 'super' as const, trust: 0.5, operator: '0x', region: 'eu', runtimeClass: 'r', cores: 4, memoryMb: 8192 }))),
    lease(jobId, nodeId) {
      const job = jobs.get(jobId) ?? queuedJob(jobId, 0, []);
      const attempt = job.attempts + 1;
      return Promise.resolve(done({ ...job, status: 'running', attempts: attempt, lease: { attempt, nodeId, fencingToken: attempt, askBasisPoints: 10_000, commitment: null, expiresAt: new Date(nowMs + leaseTtlMs).toISOString() } }));
    },
    preempt(jobId, attempt) {
      ended.push(`${jobId} gave way`);
      const job = queuedJob(jobId, attempt, [], jobs.get(jobId)?.spec);
      jobs.set(jobId, job);
      return Promise.resolve(done(job));
    },
    missDeadline(jobId) {
      ended.push(`${jobId} was late`);
      return Promise.resolve(done({ ...queuedJob(jobId, 0, []), status: 'failed' }));
    },
    expire(jobId, attempt) {
      expired.push(`${jobId}/${attempt}`);
      const job = queuedJob(jobId, attempt, ['node_1'], jobs.get(jobId)?.spec);
      jobs.set(jobId, job);
      return Promise.resolve(done(job));
    },
  });
  return {
    dispatcher, suspended, expired, ended,
    pass: (ms) => { nowMs += ms; },
    queue(jobId, { attempts = 0, failedOn = [], spec = {} } = {}) {
      jobs.set(jobId, queuedJob(jobId, attempts, failedOn, spec));
      dispatcher.observe(queuedJob(jobId, attempts, failedOn, spec));
    },
    poll: (nodeId, change = {}) => dispatcher.poll({ nodeId, kinds: ['inference'] satisfies JobKind[], max: 1, waitMs: 100, ...change }),
  };
}

const ids = (jobs: readonly RunningJob[]): readonly string[] => jobs.map(({ jobId }) => jobId);
const claimOf = ({ jobId, lease: { nodeId, attempt, fencingToken } }: RunningJob) => ({ jobId, nodeId, attempt, fencingToken });

describe('the dispatcher', () => {
  it('gives nothing to who has hung up, before or while it waits', async () => {
    const { queue, poll, dispatcher } = world();
    const gone = new AbortController();
    const waiting = poll('node_1', { waitMs: 20_000, gone: gone.signal });
    gone.abort();
    expect(await waiting).toEqual([]);
    queue('job_1');
    expect(await poll('node_1', { waitMs: 20_000, gone: gone.signal })).toEqual([]);
    expect(await poll('node_2')).toMatchObject([{ jobId: 'job_1' }]);
    dispatcher.close();
  });

  it('answers a poll with what waits, up to its room', async () => {
    const { queue, poll } = world();
    for (const jobId of ['a', 'b', 'c']) queue(jobId);
    expect(ids(await poll('node_1', { max: 2 }))).toEqual(['a', 'b']);
    expect(ids(await poll('node_1', { max: 2 }))).toEqual(['c']);
  });

  it('holds a poll until work comes, and answers with nothing when none does', async () => {
    const { queue, poll } = world();
    const waiting = poll('node_1', { waitMs: 5000 });
    queue('a');
    expect(ids(await waiting)).toEqual(['a']);
    expect(await poll('node_1', { waitMs: 30 })).toEqual([]);
  });

  it('forgets an earlier question of a node that asks again', async () => {
    const { queue, poll } = world();
    const first = poll('node_1', { waitMs: 5000 });
    const second = poll('node_1', { waitMs: 5000 });
    expect(await first).toEqual([]);
    queue('a');
    expect(ids(await second)).toEqual(['a']);
  });

  it('forgets the question of a node that takes it back', async () => {
    const { queue, poll } = world();
    const waiting = poll('node_1', { waitMs: 5000 });
    expect(await poll('node_1', { max: 0 })).toEqual([]);
    expect(await waiting).toEqual([]);
    queue('a');
    expect(ids(await poll('node_2'))).toEqual(['a']);
  });

  it('offers nothing to a node that was suspended while it waited', async () => {
    const { queue, poll, suspended } = world();
    const waiting = poll('node_1', { waitMs: 150 });
    suspended.add('node_1');
    queue('a');
    expect(await waiting).toEqual([]);
    expect(ids(await poll('node_2'))).toEqual(['a']);
  });

  it('keeps a lease that is renewed, and ends one that is not, for another node', async () => {
    const { dispatcher, queue, poll, pass, expired } = world();
    queue('a');
    const [job] = await poll('node_1');
    const claim = claimOf(job as RunningJob);
    pass(900);
    expect(dispatcher.renew(claim)?.toISOString()).toBe('2026-01-01T00:00:01.900Z');
    expect(dispatcher.renew({ ...claim, fencingToken: 7 })).toBeNull();
    expect(dispatcher.renew({ ...claim, nodeId: 'node_2' })).toBeNull();
    pass(900);
    await dispatcher.sweep();
    expect(expired).toEqual([]);
    pass(101);
    await dispatcher.sweep();
    expect(expired).toEqual(['a/1']);
    expect(dispatcher.renew(claim)).toBeNull();
    expect(await poll('node_1')).toEqual([]);
    const [again] = await poll('node_2');
    expect(again?.lease.attempt).toBe(2);
  });

  it('lets a job go back to where it failed when nobody else comes for long', async () => {
    const { queue, poll, pass } = world();
    queue('a', { attempts: 1, failedOn: ['node_1'] });
    expect(await poll('node_1')).toEqual([]);
    pass(3 * leaseTtlMs + 1);
    expect(ids(await poll('node_1'))).toEqual(['a']);
  });

  it('offers a cancelled job to nobody', async () => {
    const { dispatcher, queue, poll } = world();
    queue('a');
    dispatcher.observe({ ...queuedJob('a', 0, []), status: 'cancelled' });
    expect(await poll('node_1')).toEqual([]);
  });

  it('gives a recalled lease a full period to be renewed in', async () => {
    const { dispatcher, queue, poll } = world();
    queue('a');
    const [job] = await poll('node_1');
    const recalled = world();
    recalled.pass(60_000);
    recalled.dispatcher.observe(job as RunningJob);
    await recalled.dispatcher.sweep();
    expect(recalled.dispatcher.renew(claimOf(job as RunningJob))).not.toBeNull();
    dispatcher.close();
  });

  it('serves the reserved first, and makes an interruptible job give way to one after a grace', async () => {
    const { dispatcher, queue, poll, pass, ended } = world();
    queue('low', { spec: { class: 'interruptible' } });
    const [low] = await poll('node_1');
    expect(low?.jobId).toBe('low');
    queue('other', { spec: {} });
    queue('high', { spec: { class: 'reserved' } });
    const renewed = (): void => { dispatcher.renew(claimOf(low as RunningJob)); };
    pass(900);
    renewed();
    await dispatcher.sweep();
    expect(dispatcher.preemptsAt('low')).toBeNull();
    pass(900);
    renewed();
    await dispatcher.sweep();
    expect(dispatcher.preemptsAt('low')?.toISOString()).toBe('2026-01-01T00:00:03.800Z');
    for (const _ of [1, 2, 3]) {
      pass(900);
      renewed();
      await dispatcher.sweep();
    }
    expect(ended).toEqual(['low gave way']);
    expect(dispatcher.renew(claimOf(low as RunningJob))).toBeNull();
    expect(ids(await poll('node_1'))).toEqual(['high']);
    expect(ids(await poll('node_2', { max: 9 }))).toEqual(['other', 'low']);
  });

  it('ends jobs whose time is over, waiting or running', async () => {
    const { dispatcher, queue, poll, pass, ended } = world();
    queue('runs', { spec: { deadline: '2026-01-01T00:00:01Z' } });
    await poll('node_1');
    queue('waits', { spec: { deadline: '2026-01-01T00:00:01Z' } });
    queue('fine');
    await dispatcher.sweep();
    expect(ended).toEqual([]);
    pass(1001);
    await dispatcher.sweep();
    expect([...ended].sort()).toEqual(['runs was late', 'waits was late']);
    expect(ids(await poll('node_2', { max: 9 }))).toEqual(['fine']);
  });
});
