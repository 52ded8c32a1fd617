// Phantoms of drawn officers: handed in without their answers, sent in place of the platform's own, and judged when the officer has
// shown what it had committed to. Until then nothing here or in the log knows the answer.
import { compare, tolerance, type Outcome } from '@oort/algorithms-honesty';
import { command, createHandler, loadState } from '@oort/kernel-decider';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { inclusionProof } from '@oort/kernel-merkle';
import { deriveId, type Json } from '@oort/kernel-wire';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { newJobId } from '@oort/schema/job-spec';
import { JobRefused } from '@oort/subgraphs-compute';
import { commitmentLeaf } from './commitment';
import { batchDecider } from './decide';
import { readAnswer, readTask } from './inference';
import { expectedHashOf, isCommitted, opens, phantomDecider, type HandedIn, type PhantomRefusal, type Place, type Shown } from './phantom';
import type { Referee } from './referee';

export type GuestState = 'waiting' | 'out' | 'answered' | 'failed' | 'opened';
export type GuestRefusal = PhantomRefusal
  | { readonly code: 'PHANTOM_NOT_ANSWERED' | 'SPEC_INVALID'; readonly message: string; readonly payload: { readonly leaf: string } };

export interface GuestPorts {
  readonly store: EventStore;
  readonly referee: Referee;
  now(): Date;
  /** Before it is sent. Answers the batch that it is in. */
  commit(taskId: string, leaf: string): Promise<string>;
  send(job: { readonly jobId: string; readonly spec: Json }): Promise<void>;
  against(nodeId: string, answer: readonly number[], truth: readonly number[]): Promise<{ outcome: Outcome; distance: number }>;
  judge(taskId: string, nodeId: string, found: { outcome: Outcome; distance: number }, cause: RecordedEvent, officer: string): Promise<void>;
}

/** Where the platform's commitment to the task stands (OfficerCourt.answer). */
export interface SentCommitment {
  readonly batchId: string; readonly salt: string; readonly taskId: string; readonly index: number; readonly size: number; readonly path: readonly string[];
}
export interface GuestShown { readonly leaf: string; readonly state: GuestState; readonly commitment: SentCommitment | null }

interface Guest {
  readonly handed: HandedIn;
  readonly modelContentId: string;
  state: GuestState;
  jobId: string | null;
  batchId: string | null;
  result: RecordedEvent | null;
}

type Recorded = Extract<ComputeEvent, { readonly type: 'ResultRecorded' }>['data'];
type Committed = Extract<AuditEvent, { readonly type: 'TaskCommitted' }>['data'];

const largestHonestDeviation = 4e-7;
/** Of periods that are over, nothing is asked after so long. */
const keptMs = 24 * 3_600_000;
const mostTries = 5;
const triesKept = 10_000;
const nonceForm = /^[0-9a-f]{32}$/;

export class GuestPhantoms {
  readonly #guests = new Map<string, Guest>();
  readonly #jobs = new Map<string, Guest>();
  readonly #tries = new Map<string, number>();
  readonly #handle;

  constructor(private readonly ports: GuestPorts) {
    this.#handle = createHandler({ store: ports.store, decider: phantomDecider, now: () => ports.now() });
  }

  /** What the log says, in its order, after a restart. */
  recall(recorded: RecordedEvent): void {
    const { type, data } = recorded;
    if (type === 'PhantomHandedIn' && !this.#isOld(data as unknown as HandedIn)) this.#add(data as unknown as HandedIn);
    if (type === 'PhantomOpened') this.#set((data as { readonly leaf: string }).leaf, 'opened');
    if (type === 'TaskCommitted') {
      const { taskId, expectedHash, expected, batchId } = data as unknown as Committed;
      const guest = expected === null ? this.#guests.get(`0x${String(expectedHash)}`) : undefined;
      if (guest !== undefined) {
        this.#out(guest, taskId);
        guest.batchId = batchId;
      }
    }
    if (type === 'ResultRecorded') this.answered(recorded);
    if (type === 'JobFailed' || type === 'JobCancelled') this.ended((data as { readonly jobId: string }).jobId);
  }

  /** Null where it was taken. */
  async handIn(handed: HandedIn, place: Place): Promise<GuestRefusal | null> {
    // Looked at first: running a model costs more, so each leaf gives few tries of it.
    const tries = (this.#tries.get(handed.leaf) ?? 0) + 1;
    const run = isCommitted(handed.leaf, place) && tries <= mostTries;
    if (run) this.#tries.set(handed.leaf, tries);
    const problem = run ? await this.#problemOf(handed.spec) : tries > mostTries ? 'it was tried too often' : null;
    if (problem !== null) return { code: 'SPEC_INVALID', message: problem, payload: { leaf: handed.leaf } };
    const asked = command('HandInPhantom', { ...handed, place }, { actor: handed.officer, now: this.ports.now(), id: deriveId('command', `hand-in/${handed.leaf}`) });
    const outcome = await this.#handle(handed.leaf, asked);
    if (!outcome.ok) return outcome.refusal;
    this.#forget();
    if (!this.#guests.has(handed.leaf)) this.#add(handed);
    return null;
  }

  /** One beside a customer's job for the same model; false where there is none. */
  async sendFor(modelContentId: string): Promise<boolean> {
    const now = this.ports.now();
    const next = [...this.#guests.values()].find((guest) =>
      guest.state === 'waiting' && guest.modelContentId === modelContentId && Date.parse(guest.handed.until) > now.getTime());
    if (next === undefined) return false;
    const jobId = newJobId(now);
    this.#out(next, jobId);
    next.batchId = await this.ports.commit(jobId, next.handed.leaf);
    await this.ports.send({ jobId, spec: next.handed.spec }).catch((error: unknown) => {
      if (!(error instanceof JobRefused)) throw error;
      this.ended(jobId);
    });
    return true;
  }

  /** False where the job was none of these. */
  answered(result: RecordedEvent): boolean {
    const guest = this.#jobs.get((result.data as unknown as Recorded).jobId);
    if (guest === undefined) return false;
    if (guest.state === 'out') [guest.state, guest.result] = ['answered', result];
    return true;
  }

  ended(jobId: string): void {
    const guest = this.#jobs.get(jobId);
    if (guest?.state === 'out') guest.state = 'failed';
  }

  /** Judges the node that answered, unless the known answer is not what the referee computes. Null where it was opened. */
  async open(leaf: string, officer: string, shown: Shown): Promise<GuestRefusal | null> {
    const guest = this.#guests.get(leaf);
    if (guest === undefined || guest.handed.officer !== officer) return { code: 'PHANTOM_UNKNOWN', message: 'There is no such phantom.', payload: { leaf } };
    if (guest.state === 'opened') return { code: 'PHANTOM_OPENED_ALREADY', message: 'The phantom is open already.', payload: { leaf } };
    const { jobId, result, handed } = guest;
    if (jobId === null || result === null) return { code: 'PHANTOM_NOT_ANSWERED', message: 'No node has answered it yet.', payload: { leaf } };
    if (!opens(handed, shown)) return { code: 'WRONG_OPENING', message: 'This is not what the officer committed to.', payload: { leaf } };
    const { nodeId, output } = result.data as unknown as Recorded;
    const truth = await this.#truthOf(handed.spec);
    const holds = compare(shown.expected, truth, tolerance(largestHonestDeviation), true).outcome === 'pass';
    // The verdict first: it is made once, however often this is tried.
    if (holds) await this.ports.judge(jobId, nodeId, await this.ports.against(nodeId, readAnswer(output) ?? [], shown.expected), result, officer);
    const asked = command('OpenPhantom', { ...shown, leaf, taskId: jobId, nodeId, holds }, { actor: officer, now: this.ports.now(), id: deriveId('command', `open/${leaf}/${expectedHashOf(shown.expected)}`) });
    const outcome = await this.#handle(leaf, asked);
    if (!outcome.ok) return outcome.refusal;
    guest.state = 'opened';
    return null;
  }

  async of(officer: string, period: string): Promise<readonly GuestShown[]> {
    const own = [...this.#guests.values()].filter(({ handed }) => handed.officer === officer && handed.period === period);
    return Promise.all(own.map(async (guest) => ({ leaf: guest.handed.leaf, state: guest.state, commitment: await this.#commitmentOf(guest) })));
  }

  /** With it the officer answers whoever doubts on the chain that its phantom was sent, also while the batch is shut. */
  async #commitmentOf({ batchId, jobId, state }: Guest): Promise<SentCommitment | null> {
    if (batchId === null || (state !== 'answered' && state !== 'opened')) return null;
    const { state: batch } = await loadState(this.ports.store, batchDecider, batchId);
    const index = batch.commitments.findIndex(({ taskId }) => taskId === jobId);
    const found = batch.commitments[index];
    if (batch.status === 'gathering' || found === undefined) return null;
    const path = inclusionProof(batch.commitments.map(commitmentLeaf), index).map((hash) => `0x${hash.toString('hex')}`);
    return { batchId, salt: found.salt, taskId: found.taskId, index, size: batch.commitments.length, path };
  }

  /** Null where it looks like any customer's inference and the model takes it. */
  async #problemOf(spec: Json): Promise<string | null> {
    if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return 'the spec must be an object';
    const others = Object.keys(spec).filter((name) => !['modelContentId', 'input', 'nonce'].includes(name));
    const { nonce } = spec as { readonly [name: string]: Json };
    if (others.length > 0 || typeof nonce !== 'string' || !nonceForm.test(nonce)) return 'the spec must hold a model, an input and a nonce of 32 hex digits, and nothing else';
    if (readTask(spec) === null) return 'the input must be rows of numbers';
    return this.#truthOf(spec).then(() => null, (error: unknown) => `the model cannot be run on it: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`);
  }

  #truthOf(spec: Json): Promise<readonly number[]> {
    const { modelContentId, inputs } = readTask(spec) ?? { modelContentId: '', inputs: [] };
    return this.ports.referee.answer(modelContentId, inputs);
  }

  #add(handed: HandedIn): void {
    this.#guests.set(handed.leaf, { handed, modelContentId: readTask(handed.spec)?.modelContentId ?? '', state: 'waiting', jobId: null, batchId: null, result: null });
  }

  #out(guest: Guest, jobId: string): void {
    [guest.state, guest.jobId] = ['out', jobId];
    this.#jobs.set(jobId, guest);
  }

  #set(leaf: string, state: GuestState): void {
    const guest = this.#guests.get(leaf);
    if (guest !== undefined) guest.state = state;
  }

  #isOld({ until }: HandedIn): boolean {
    return Date.parse(until) + keptMs <= this.ports.now().getTime();
  }

  #forget(): void {
    if (this.#tries.size > triesKept) this.#tries.clear();
    for (const [leaf, { handed, jobId }] of this.#guests) {
      if (!this.#isOld(handed)) continue;
      this.#guests.delete(leaf);
      this.#tries.delete(leaf);
      if (jobId !== null) this.#jobs.delete(jobId);
    }
  }
}
