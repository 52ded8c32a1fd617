// The officer's desk: commits to every inference before its answer is known, slips phantoms among them, sends some
// out twice, and judges what comes back. A phantom is an ordinary job: same queue, same price, same shape of spec.
import { randomBytes, randomInt } from 'node:crypto';
import {
  auditRate, compare, failureGap, leakOf, newRecord, noAudits, phantomShare, tally, tolerance, type AuditTally, type Leak, type Outcome,
} from '@oort/algorithms-honesty';
import { command, createHandler } from '@oort/kernel-decider';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { canonicalJson, deriveId, newId, sha256Hex, type Json } from '@oort/kernel-wire';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { newJobId } from '@oort/schema/job-spec';
import { batchDecider, monitorDecider } from './decide';
import { augment } from './augment';
import { GuestPhantoms } from './guest-phantoms';
import { readAnswer, readTask, renewed, withInputs, workOf, type InferenceTask } from './inference';
import { OpenBatches } from './open-batches';
import type { RecordHandler } from './records';
import type { Referee } from './referee';

export interface OfficerPorts {
  readonly store: EventStore;
  readonly records: RecordHandler;
  readonly referee: Referee;
  now(): Date;
  /** Queues an inference under an id chosen before, so that its commitment comes before its dispatch. */
  dispatch(job: { readonly jobId: string; readonly spec: Json; readonly submitter: string; /** Who saw what it was made from, and gets it only when nobody else comes. */ readonly avoid: readonly string[] }): Promise<void>;
  nodeOf(nodeId: string): Promise<{ readonly operator: string; readonly runtimeClass: string } | null>;
  readonly runtimeClass: string;
  readonly appealMs: number;
  /** In [0, 1); unpredictable unless a test says otherwise. */
  random?(): number;
}

type Submitted = Extract<ComputeEvent, { readonly type: 'JobSubmitted' }>['data'];
type Verdict = Extract<AuditEvent, { readonly type: 'VerdictReached' }>['data'];
type Ended = Extract<ComputeEvent, { readonly type: 'ResultRecorded' | 'JobFailed' | 'JobCancelled' }>;
type Missed = Extract<ComputeEvent, { readonly type: 'RevealMissed' }>['data'];
type Recorded = Extract<ComputeEvent, { readonly type: 'ResultRecorded' }>['data'];

const monitorId = 'inference';
const poolSize = 200;
/** A burst of work draws as many. */
const preparedAtOnce = 16;
const copiesAtOnce = 2;
const largestHonestDeviation = 4e-7;

interface Asked { readonly spec: Json; readonly task: InferenceTask; answeredBy: string | null }
interface Phantom { readonly expected: readonly number[]; readonly batchId: string }
interface Prepared { readonly spec: Json; readonly expected: readonly number[]; readonly avoid: readonly string[] }
interface Replica { readonly original: { readonly jobId: string; readonly nodeId: string; readonly answer: readonly number[] }; readonly task: InferenceTask }

export interface Officer {
  submitted(event: RecordedEvent): Promise<void>;
  answered(event: RecordedEvent): Promise<void>;
  /** A job failed or was cancelled. */
  ended(event: RecordedEvent): Promise<void>;
  /** A node committed to an answer and did not show it: a failure, whatever the answer was. */
  missed(event: RecordedEvent): Promise<void>;
  /** Phantoms of officers who were drawn; where there are none, the platform's own go out. */
  readonly guests: GuestPhantoms;
  /** Closes the batch, so that its root goes on chain, and opens those of whose tasks none is still out. */
  turnBatch(): Promise<void>;
}

export async function createOfficer(ports: OfficerPorts): Promise<Officer> {
  const { store, records, now, referee, random = unpredictable } = ports;
  const chance = (probability: number): boolean => random() < probability;
  const batches = createHandler({ store, decider: batchDecider, now });
  const monitors = createHandler({ store, decider: monitorDecider, now });
  const phantoms = new Map<string, Phantom>();
  const replicas = new Map<string, Replica>();
  const tasks = new Map<string, Asked>();
  const committed = new Set<string>();
  // Both go out beside a customer's job, so that when a job came tells nothing of what it is; lost with the process, they were nothing yet.
  const prepared: Prepared[] = [];
  const copies: (() => Promise<void>)[] = [];
  let copiesBefore = 0;
  /** Phantoms that were drawn and wait for one to be prepared: made only then, it would come late, which tells what it is. */
  let owed = 0;
  let batchId = newId('batch', now());
  const open = new OpenBatches();
  const rates = new Map<string, number>();
  const tallies = new Map<string, AuditTally>();
  let leak: Leak | null = null;
  const guests = new GuestPhantoms({
    store, referee, now, against, commit: (taskId, leaf) => commit(taskId, null, leaf.slice(2)),
    send: (job) => ports.dispatch({ ...job, submitter: persona(), avoid: [] }),
    judge: (taskId, nodeId, found, cause, by) => judge(taskId, nodeId, 'phantom', found, cause, 'inference', by),
  });
  await recall();

  /** What was under way when the process stopped. A replica that was out is an ordinary job from then on. */
  async function recall(): Promise<void> {
    const types = ['TaskCommitted', 'VerdictReached', 'BatchCommitted', 'BatchOpened', 'LeakSuspected', 'LeakCleared', 'ResultRecorded', 'JobFailed', 'JobCancelled', 'PhantomHandedIn', 'PhantomOpened'];
    for await (const recorded of store.readAll('start', { filter: { types } })) {
      guests.recall(recorded);
      const event = { type: recorded.type, data: recorded.data } as unknown as AuditEvent | Ended;
      if (event.type === 'VerdictReached') {
        phantoms.delete(event.data.taskId);
        if (computes(event.data)) rates.set(event.data.nodeId, event.data.auditRate);
        count(event.data);
      }
      if (event.type === 'LeakSuspected') leak = event.data.leak;
      if (event.type === 'LeakCleared') leak = null;
      if (event.type === 'BatchCommitted') open.closed(event.data.batchId, new Date(recorded.metadata.occurredAt));
      if (event.type === 'BatchOpened') open.opened(event.data.batchId);
      if (event.type === 'ResultRecorded' || event.type === 'JobFailed' || event.type === 'JobCancelled') open.ended(event.data.jobId);
      if (event.type !== 'TaskCommitted') continue;
      const { taskId, expected, batchId: of } = event.data;
      committed.add(taskId);
      open.committed(taskId, of);
      if (expected !== null) phantoms.set(taskId, { expected: JSON.parse(expected) as number[], batchId: of });
    }
  }

  /** `leaf`: of an officer's phantom, where the hash of its answer would stand, which only the officer knows. */
  async function commit(taskId: string, expected: readonly number[] | null, leaf: string | null = null): Promise<string> {
    const text = expected === null ? null : canonicalJson(expected);
    const data = {
      batchId, taskId, salt: randomBytes(16).toString('hex'), isPhantom: text !== null || leaf !== null, expected: text,
      expectedHash: text === null ? leaf : sha256Hex(text),
    };
    await batches(batchId, command('CommitTask', data, { actor: 'platform', now: now(), id: deriveId('command', `commit/${taskId}`) }));
    committed.add(taskId);
    open.committed(taskId, data.batchId);
    return data.batchId;
  }

  /** Nobody's account pays for an audit. Workers are never shown who asks; a name used once tells nothing later either. */
  const persona = (): string => newId('account', now());

  async function submitted(event: RecordedEvent): Promise<void> {
    const job = event.data as unknown as Submitted;
    const task = job.kind === 'inference' ? readTask(job.spec) : null;
    if (task === null) return;
    const asked: Asked = { spec: job.spec, task, answeredBy: null };
    tasks.set(job.jobId, asked);
    const [oldest] = tasks.keys();
    if (tasks.size > poolSize && oldest !== undefined) tasks.delete(oldest);
    if (committed.has(job.jobId)) return;
    await commit(job.jobId, null);
    if (chance(phantomShare(leak) * meanAuditRate())) owed += 1;
    if (owed > 0 && await phantomBeside(asked)) owed -= 1;
    for (const send of copies.splice(0, copiesAtOnce)) await send();
  }

  async function phantomBeside(asked: Asked): Promise<boolean> {
    if (await guests.sendFor(asked.task.modelContentId)) return true;
    const next = prepared.shift() ?? (source() === null ? await prepare(asked) : null);
    if (next !== null) await injectPhantom(next);
    return next !== null;
  }

  /** One that was answered, so that who saw it is known, and some time ago, so that nothing comes close behind what it is made from. */
  function source(): Asked | null {
    const answered = [...tasks.values()].filter(({ answeredBy }) => answeredBy !== null);
    return answered[Math.floor(random() * answered.length)] ?? null;
  }

  async function prepare({ spec, task, answeredBy }: Asked): Promise<Prepared> {
    const inputs = augment(task.inputs, random);
    return { spec: withInputs(spec, inputs), expected: await referee.answer(task.modelContentId, inputs), avoid: answeredBy === null ? [] : [answeredBy] };
  }

  async function injectPhantom({ spec, expected, avoid }: Prepared): Promise<void> {
    const jobId = newJobId(now());
    phantoms.set(jobId, { expected, batchId });
    await commit(jobId, expected);
    await ports.dispatch({ jobId, spec: renewed(spec), submitter: persona(), avoid });
  }

  async function answered(event: RecordedEvent): Promise<void> {
    const { jobId, kind, nodeId, output } = event.data as unknown as Recorded;
    if (kind !== 'inference') return;
    open.ended(jobId);
    if (guests.answered(event)) return;
    const answer = readAnswer(output) ?? [];
    const phantom = phantoms.get(jobId);
    if (phantom !== undefined) {
      await judge(jobId, nodeId, 'phantom', await against(nodeId, answer, phantom.expected), event);
      // Only now: what failed half way is tried again.
      phantoms.delete(jobId);
      return;
    }
    const replica = replicas.get(jobId);
    if (replica !== undefined) {
      await settleReplica(replica, jobId, nodeId, answer, event);
      replicas.delete(jobId);
      return;
    }
    maybeReplicate(jobId, nodeId, answer);
    const from = prepared.length < preparedAtOnce ? source() : null;
    if (from !== null) prepared.push(await prepare(from));
  }

  function maybeReplicate(jobId: string, nodeId: string, answer: readonly number[]): void {
    const asked = tasks.get(jobId);
    if (asked === undefined) return;
    asked.answeredBy = nodeId;
    if (!chance((1 - phantomShare(leak)) * (rates.get(nodeId) ?? auditRate(newRecord)))) return;
    copies.push(async () => {
      const replicaId = newJobId(now());
      replicas.set(replicaId, { original: { jobId, nodeId, answer }, task: asked.task });
      await commit(replicaId, null);
      await ports.dispatch({ jobId: replicaId, spec: renewed(asked.spec), submitter: persona(), avoid: [nodeId] });
    });
  }

  /** Equal answers of two nodes pass both. Otherwise the referee's own answer says who was wrong. */
  async function settleReplica(replica: Replica, jobId: string, nodeId: string, answer: readonly number[], cause: RecordedEvent): Promise<void> {
    const { original, task } = replica;
    if (original.nodeId === nodeId) return;
    const agreed = compare(answer, original.answer, tolerance(largestHonestDeviation), true).outcome === 'pass';
    const truth = agreed ? answer : await referee.answer(task.modelContentId, task.inputs);
    await judge(original.jobId, original.nodeId, 'replica', await against(original.nodeId, original.answer, truth), cause);
    await judge(jobId, nodeId, 'replica', await against(nodeId, answer, truth), cause);
  }

  async function against(nodeId: string, answer: readonly number[], truth: readonly number[]): Promise<{ outcome: Outcome; distance: number }> {
    const node = await ports.nodeOf(nodeId);
    return compare(answer, truth, tolerance(largestHonestDeviation), node?.runtimeClass === ports.runtimeClass);
  }

  async function judge(
    taskId: string, nodeId: string, evidence: Verdict['evidence'], { outcome, distance }: { outcome: Outcome; distance: number }, cause: RecordedEvent,
    work: Verdict['work'] = 'inference', by?: string,
  ): Promise<void> {
    const node = await ports.nodeOf(nodeId);
    if (node === null) return;
    const data = {
      caseId: deriveId('case', taskId), nodeId, operator: node.operator, taskId, work, evidence, outcome,
      distance: Number.isFinite(distance) ? distance : null,
      evidenceHash: sha256Hex(canonicalJson([taskId, nodeId, outcome, Number.isFinite(distance) ? distance : null])),
      appealUntil: new Date(now().getTime() + ports.appealMs).toISOString(), ...(by === undefined ? {} : { officer: by }),
    } as const;
    const outcomeOfJudging = await records(nodeId, command('JudgeTask', data, { actor: 'platform', now: now(), id: deriveId('command', `judge/${taskId}`), cause }));
    if (!outcomeOfJudging.ok) return;
    rates.set(nodeId, auditRate(outcomeOfJudging.state.records.compute));
    count({ nodeId, work, evidence, outcome });
    await watch(cause);
  }

  function count({ nodeId, work, evidence, outcome }: Pick<Verdict, 'nodeId' | 'work' | 'evidence' | 'outcome'>): void {
    if (work === 'inference' && evidence !== 'proof') tallies.set(nodeId, tally(tallies.get(nodeId) ?? noAudits, evidence, outcome));
  }

  /** Nobody can be blamed for a gap over all nodes; people are told, and the mix of audits changes. */
  async function watch(cause: RecordedEvent): Promise<void> {
    const found = leakOf(tallies.values());
    if (found === leak) return;
    leak = found;
    await monitors(monitorId, command('ReportGap', { monitorId, leak, gap: failureGap(tallies.values()) }, { actor: 'platform', now: now(), cause }));
  }

  /** Over the nodes judged so far; everything is audited while there is none. */
  function meanAuditRate(): number {
    if (rates.size === 0) return auditRate(newRecord);
    return [...rates.values()].reduce((sum, rate) => sum + rate, 0) / rates.size;
  }

  async function turnBatch(): Promise<void> {
    // Where no customer comes for long, they go alone.
    for (const send of copies.splice(0, copiesBefore)) await send();
    copiesBefore = copies.length;
    const turned = batchId;
    batchId = newId('batch', now());
    for (const ready of open.ready(now(), new Set([...phantoms.values()].map((phantom) => phantom.batchId)))) {
      await batches(ready, command('OpenBatch', { batchId: ready }, { actor: 'platform', now: now() }));
      open.opened(ready);
    }
    const outcome = await batches(turned, command('CloseBatch', { batchId: turned, officer: 'platform' }, { actor: 'platform', now: now() }));
    if (outcome.ok) open.closed(turned, now());
  }

  /** A phantom that nobody could answer says nothing of anybody. */
  function ended({ data }: RecordedEvent): Promise<void> {
    const { jobId } = data as unknown as Ended['data'];
    phantoms.delete(jobId);
    replicas.delete(jobId);
    guests.ended(jobId);
    open.ended(jobId);
    return Promise.resolve();
  }

  async function missed(event: RecordedEvent): Promise<void> {
    const { jobId, attempt, nodeId, kind } = event.data as unknown as Missed;
    await judge(`${jobId}/${attempt}`, nodeId, 'proof', { outcome: 'fail', distance: Infinity }, event, workOf(kind));
  }

  return { submitted, answered, ended, missed, guests, turnBatch };
}

/** Those audited in other work are none that a job could be audited of. */
const computes = ({ work }: Pick<Verdict, 'work'>): boolean => work === 'inference' || work === 'training';
const unpredictable = (): number => randomInt(2 ** 32) / 2 ** 32;
