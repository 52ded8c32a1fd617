import { command } from '@oort/kernel-decider';
import { signWith, verifySignature, type DeviceKey } from '@oort/kernel-identity';
import { canonicalJson, deriveId, sha256Hex, type Json } from '@oort/kernel-wire';
import { findJob } from '@oort/projections-jobs';
import { findNode, nodePublicKey } from '@oort/projections-nodes';
import type { Actor, RequestContext, SubgraphPorts } from '@oort/schema';
import type { JobKind, Subject } from '@oort/schema/events/compute';
import { newJobId, termsOf, withNonce } from '@oort/schema/job-spec';
import { commitmentStatement, packetStatement, resultStatement } from '@oort/schema/statements';
import type { AttemptClaim, ComputeCommand } from './commands';
import type { Dispatcher, Offer } from './dispatcher';
import type { LogBook, LogLine } from './log-book';
import { jobsConnection, ownedBy, presentJob, refusal, refusedBy, typeName, type JobsArguments } from './present';
import type { Budget, RunningJob } from './state';
import type { JobHandler } from './submit';
import { isOffline } from './terms';

export interface ResolverPorts extends Pick<SubgraphPorts, 'readModels' | 'now'> {
  readonly handle: JobHandler;
  readonly dispatcher: Dispatcher;
  readonly logs: LogBook;
  /** Signs offline work; without it leases come without packets. */
  readonly packetKey: DeviceKey | null;
  readonly leaseTtlMs: number;
  /** Node id -> Ed25519 key, hex: filled here. */
  readonly keys: Map<string, string>;
}

interface Input<T> { readonly input: T }
interface SubmitInput { readonly kind: JobKind; readonly spec: Json; readonly subject?: Subject | null; readonly priceCap?: string | null }
interface LeaseWorkInput {
  readonly kinds: readonly JobKind[]; readonly waitMs?: number | null; readonly max?: number | null;
  readonly offer?: Required<Omit<Offer, 'runtimeClass'>> & { readonly runtimeClass?: string | null } | null;
}
type Claim = Omit<AttemptClaim, 'nodeId'>;
interface CommitInput extends Claim { readonly commitment: string; readonly signature: string }
interface CompleteInput extends Claim { readonly output: Json; readonly salt: string; readonly resultSignature: string; readonly units: number; readonly startedAt: unknown; readonly endedAt: unknown }
interface FailInput extends Claim { readonly budget: Budget; readonly reason: string }
interface LogArguments { readonly jobId: string; readonly after: number }
interface LogInput extends Claim { readonly first: number; readonly lines: readonly string[] }
interface CheckpointInput extends Claim { readonly step: number; readonly contentId: string }

const longestWaitMs = 25_000;
const mostAtOnce = 64;
const mostLogLines = 500;
const notSignedIn = refusal('NOT_SIGNED_IN', 'Sign in with an account first.');
const notANode = refusal('NOT_A_NODE', 'Only a node can ask this, by a request that it has signed.');

export function computeResolvers(ports: ResolverPorts): Readonly<Record<string, unknown>> {
  const { readModels, dispatcher } = ports;
  const byNode = <T, Answer>(ask: (nodeId: string, input: T, gone?: AbortSignal) => Promise<Answer>) =>
    async (_: unknown, { input }: Input<T>, { actor, gone }: RequestContext): Promise<Answer | object> => actor.kind === 'node' ? ask(actor.nodeId, input, gone) : notANode;
  const eachByNode = <T, Answer>(ask: (nodeId: string, input: T) => Promise<Answer>) =>
    (nodeId: string, inputs: readonly T[]): Promise<readonly Answer[]> => Promise.all(inputs.map((input) => ask(nodeId, input)));
  const renew = (nodeId: string, claim: Claim): Promise<object> => renewed(dispatcher, { ...claim, nodeId });
  const commit = (nodeId: string, input: CommitInput): Promise<object> => committed(ports, nodeId, input);
  const complete = (nodeId: string, input: CompleteInput): Promise<object> => completed(ports, nodeId, input);
  return {
    Query: {
      job: (_: unknown, { id }: { readonly id: string }, { actor }: RequestContext) => shown(ports, id, actor),
      jobs: (_: unknown, page: JobsArguments, { actor }: RequestContext) => jobsConnection(readModels, page, actor),
    },
    Subscription: {
      jobLog: { subscribe: (_: unknown, asked: LogArguments, { actor }: RequestContext) => followLog(ports, asked, actor), resolve: (line: LogLine) => line },
    },
    Mutation: {
      appendLog: byNode((nodeId, input: LogInput) => Promise.resolve(appended(ports, nodeId, input))),
      submitJob: (_: unknown, { input }: Input<SubmitInput>, { actor }: RequestContext) => submit(ports, input, actor),
      cancelJob: (_: unknown, { input }: Input<{ readonly jobId: string }>, { actor }: RequestContext) => cancel(ports, input.jobId, actor),
      leaseWork: byNode((nodeId, input: LeaseWorkInput, gone) => leaseWork(ports, nodeId, input, gone)),
      renewLease: byNode(renew),
      renewLeases: (_: unknown, { input }: Input<{ readonly leases: readonly Claim[] }>, { actor }: RequestContext) =>
        actor.kind === 'node' ? eachByNode(renew)(actor.nodeId, input.leases) : input.leases.map(() => notANode),
      commitAttempts: (_: unknown, { input }: Input<{ readonly attempts: readonly CommitInput[] }>, { actor }: RequestContext) =>
        actor.kind === 'node' ? eachByNode(commit)(actor.nodeId, input.attempts) : input.attempts.map(() => notANode),
      completeAttempt: byNode(complete),
      completeAttempts: (_: unknown, { input }: Input<{ readonly attempts: readonly CompleteInput[] }>, { actor }: RequestContext) =>
        actor.kind === 'node' ? eachByNode(complete)(actor.nodeId, input.attempts) : input.attempts.map(() => notANode),
      failAttempt: byNode((nodeId, { jobId, attempt, fencingToken, budget, reason }: FailInput) => attempted(ports, jobId, command('FailAttempt', {
        jobId, nodeId, attempt, fencingToken, budget, reason: reason.slice(0, 2000),
      }, { actor: nodeId, now: ports.now(), id: deriveId('command', `fail/${jobId}/${attempt}/${nodeId}`) }))),
      checkpointAttempt: byNode((nodeId, { jobId, attempt, fencingToken, step, contentId }: CheckpointInput) => attempted(ports, jobId, command(
        'CheckpointAttempt', { jobId, nodeId, attempt, fencingToken, step, contentId }, { actor: nodeId, now: ports.now() }))),
    },
    Job: { __resolveReference: ({ id }: { readonly id: string }, { actor }: RequestContext) => shown(ports, id, actor) },
    ...Object.fromEntries([['SubmitJobResult', 'Job'], ['CancelJobResult', 'Job'], ['LeaseWorkResult', 'WorkOffer'], ['RenewLeaseResult', 'RenewedLease'],
      ['AttemptResult', 'AttemptAccepted']].map(([union = '', member = '']) => [union, { __resolveType: typeName(member) }])),
  };
}

async function submit(ports: ResolverPorts, { kind, spec, subject, priceCap }: SubmitInput, actor: Actor): Promise<object | null> {
  if (actor.kind !== 'account') return notSignedIn;
  if (kind === 'preprocess' && !hasProgram(spec)) return refusal('KIND_RESERVED', 'Contributions are pre-processed by the platform.');
  if (priceCap != null && !/^\d{1,18}$/.test(priceCap)) return refusal('PRICE_CAP_INVALID', 'The price cap must be a whole number of micro-dollars.');
  const jobId = newJobId(ports.now());
  const data = { jobId, kind, spec: withNonce(kind, spec), submitter: actor.accountId, subject: subject ?? null, priceCapMicroUsd: priceCap ?? null };
  return asJob(ports, jobId, actor, command('SubmitJob', data, { actor: actor.accountId, now: ports.now() }));
}

async function cancel(ports: ResolverPorts, jobId: string, actor: Actor): Promise<object | null> {
  if (actor.kind !== 'account') return notSignedIn;
  return asJob(ports, jobId, actor, command('CancelJob', { jobId, submitter: actor.accountId }, { actor: actor.accountId, now: ports.now() }));
}

async function asJob(ports: ResolverPorts, jobId: string, actor: Actor, asked: ComputeCommand): Promise<object | null> {
  const outcome = await ports.handle(jobId, asked);
  if (!outcome.ok) return refusedBy(outcome.refusal);
  await ports.readModels.waitFor('jobs', outcome.position);
  return shown(ports, jobId, actor);
}

async function* followLog({ readModels, logs }: ResolverPorts, { jobId, after }: LogArguments, actor: Actor): AsyncGenerator<LogLine, void, undefined> {
  const row = await findJob(readModels, jobId);
  // Nobody else's business, and not even that there is such a job.
  if (row === null || !ownedBy(row, actor)) return;
  yield* logs.follow(jobId, after, async () => !['queued', 'running'].includes((await findJob(readModels, jobId))?.status ?? ''));
}

function appended({ dispatcher, logs }: ResolverPorts, nodeId: string, { jobId, attempt, fencingToken, first, lines }: LogInput): object {
  if (!dispatcher.holds({ jobId, nodeId, attempt, fencingToken })) {
    return { ...refusal('STALE_FENCING_TOKEN', 'The attempt is no longer this node\'s.'), detail: { jobId } };
  }
  logs.append(jobId, attempt, first, lines.slice(0, mostLogLines));
  return { __typename: 'AttemptAccepted', jobId, status: 'running' };
}

async function shown({ readModels }: ResolverPorts, jobId: string, actor: Actor): Promise<object | null> {
  const row = await findJob(readModels, jobId);
  return row === null ? null : presentJob(row, actor);
}

async function leaseWork({ readModels, dispatcher, leaseTtlMs, packetKey }: ResolverPorts, nodeId: string, { kinds, waitMs, max, offer }: LeaseWorkInput, gone?: AbortSignal): Promise<object> {
  const node = await findNode(readModels, nodeId);
  if (node === null || node.status !== 'active') {
    const status = node?.status ?? 'unknown';
    return { ...refusal('NODE_NOT_ACTIVE', `Work is offered to active nodes; this one is ${status}.`), detail: { nodeId, status } };
  }
  const jobs = await dispatcher.poll({
    nodeId, kinds: [...kinds].sort(), max: Math.min(Math.max(max ?? 1, 0), mostAtOnce), waitMs: Math.min(Math.max(waitMs ?? 0, 0), longestWaitMs),
    ...(offer == null ? {} : { offer: offerOf(offer) }), ...(gone === undefined ? {} : { gone }),
  });
  return { __typename: 'WorkOffer', leaseTtlMs, leases: jobs.map((job) => presentLease(job, packetKey)) };
}

/** A contribution's pre-processing is the platform's to ask; a program of one's own is everybody's. */
function hasProgram(spec: Json): boolean {
  return spec !== null && typeof spec === 'object' && 'program' in spec;
}

/** A node may be dear, but nobody works for nothing or less. */
function offerOf({ runtimeClass, askBasisPoints, ...offer }: LeaseWorkInput['offer'] & object): Offer {
  return { ...offer, askBasisPoints: Math.max(askBasisPoints, 1), ...(runtimeClass == null ? {} : { runtimeClass }) };
}

function presentLease(job: RunningJob, key: DeviceKey | null): object {
  const { jobId, kind, spec, specHash, checkpoint, lease: { attempt, nodeId, fencingToken, expiresAt } } = job;
  const { deadline } = termsOf(kind, spec);
  const statement = deadline === null || !isOffline(job) ? null : packetStatement({ jobId, attempt, fencingToken, nodeId, specHash, deadline });
  const packet = statement === null || key === null ? null : { statement, signature: signWith(key, statement) };
  return { jobId, kind, spec, checkpoint, attempt, fencingToken, expiresAt, packet };
}

async function renewed(dispatcher: Dispatcher, claim: AttemptClaim): Promise<object> {
  const expiresAt = dispatcher.renew(claim);
  const { jobId } = claim;
  if (expiresAt === null) return { ...refusal('STALE_FENCING_TOKEN', 'The attempt is no longer this node\'s.'), detail: { jobId } };
  return { __typename: 'RenewedLease', jobId, expiresAt: expiresAt.toISOString(), preemptsAt: dispatcher.preemptsAt(jobId)?.toISOString() ?? null };
}

/** A node's key never changes, and the door lets no retired node in. */
async function keyOf({ readModels, keys }: ResolverPorts, nodeId: string): Promise<string | null> {
  const publicKey = keys.get(nodeId) ?? await nodePublicKey(readModels, nodeId);
  if (publicKey !== null) keys.set(nodeId, publicKey);
  return publicKey;
}

async function committed(ports: ResolverPorts, nodeId: string, { jobId, attempt, fencingToken, commitment, signature }: CommitInput): Promise<object> {
  if (!/^[0-9a-f]{64}$/.test(commitment)) return refusal('COMMITMENT_MALFORMED', 'A commitment is a SHA-256 in lower-case hex.');
  const nodeKey = await keyOf(ports, nodeId) ?? '';
  const signatureValid = verifySignature(nodeKey, commitmentStatement({ jobId, attempt, commitment }), signature);
  const data = { jobId, nodeId, attempt, fencingToken, commitment, signature, nodeKey, signatureValid };
  return attempted(ports, jobId, command('CommitAttempt', data, { actor: nodeId, now: ports.now() }));
}

async function completed(ports: ResolverPorts, nodeId: string, input: CompleteInput): Promise<object> {
  const { jobId, attempt, fencingToken, output, salt, resultSignature, units } = input;
  const [startedAt, endedAt] = [timeOf(input.startedAt), timeOf(input.endedAt)];
  // In whatever order: a device may learn of its wrong clock meanwhile.
  if (startedAt === null || endedAt === null) return refusal('TIMES_MALFORMED', 'Work starts and ends at times as RFC 3339 has them.');
  const resultHash = sha256Hex(canonicalJson(output));
  const nodeKey = await keyOf(ports, nodeId) ?? '';
  const signatureValid = verifySignature(nodeKey, resultStatement({ jobId, attempt, resultHash, salt }), resultSignature);
  const data = {
    jobId, nodeId, attempt, fencingToken, output, salt, nodeKey, resultSignature, signatureValid, units, startedAt, endedAt,
  };
  return attempted(ports, jobId, command('CompleteAttempt', data, { actor: nodeId, now: ports.now() }));
}

async function attempted({ handle }: ResolverPorts, jobId: string, asked: ComputeCommand): Promise<object> {
  const outcome = await handle(jobId, asked);
  if (!outcome.ok) return refusedBy(outcome.refusal);
  return { __typename: 'AttemptAccepted', jobId, status: outcome.state.status };
}

/** The scalar hands over whatever came. In UTC to the millisecond, so that times compare as texts; null for what is none. */
function timeOf(time: unknown): string | null {
  const at = time instanceof Date ? time : new Date(typeof time === 'string' && /^\d{4}-\d\d-\d\dT/.test(time) ? time : Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
