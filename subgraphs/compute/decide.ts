// The life of a job: queued, leased to a node for a while, completed by the holder of the newest fencing token, or failed
// when one of its three budgets is spent.
import type { Decider, Decision } from '@oort/kernel-decider';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import type { ComputeEvent, SignedStatement } from '@oort/schema/events/compute';
import { checkpointHash, commitmentHash, commitmentStatement, firstCheckpointHash, resultStatement } from '@oort/schema/statements';
import type { AttemptClaim, ComputeCommand } from './commands';
import { evolve } from './evolve';
import { creditedUnits, priceOf, quoteMicroUsd } from './pricing';
import { refuse, type ComputeRefusal } from './refusals';
import { problemOf } from './spec';
import { budgets, noJob, type Budget, type Commitment, type JobState, type RunningJob } from './state';
import { lateFor, lease, missDeadline, preempt } from './terms';

export const jobDecider: Decider<ComputeCommand, JobState, ComputeEvent, ComputeRefusal> = {
  category: 'job', initial: noJob, decide, evolve,
};

type Decided = Decision<ComputeEvent, ComputeRefusal>;
type CommandOf<Type extends ComputeCommand['type']> = Extract<ComputeCommand, { readonly type: Type }>;
type FraudOf = Extract<ComputeEvent, { readonly type: 'FraudProved' }>['data']['fraud'];
type Known = Exclude<JobState, { readonly status: 'none' }>;

const nothing: Decided = { events: [] };
const maximumOutputBytes = 512 * 1024;

function decide(command: ComputeCommand, state: JobState): Decided {
  if (command.type === 'SubmitJob') return submit(command, state);
  if (state.status === 'none') return refuse('UNKNOWN_JOB', 'There is no such job.', { jobId: command.data.jobId });
  switch (command.type) {
    case 'LeaseJob': return lease(command, state);
    case 'CheckpointAttempt': return checkpoint(command, state);
    case 'CommitAttempt': return commit(command, state);
    case 'CompleteAttempt': return complete(command, state);
    case 'FailAttempt': {
      const held = holder(command.data, state);
      return 'refused' in held ? held : fail(held, command.data.budget, command.data.reason);
    }
    case 'PreemptAttempt': return preempt(command, state);
    case 'MissDeadline': return missDeadline(command, state);
    case 'ExpireLease': return expire(command, state);
    case 'CancelJob': return cancel(command, state);
    case 'RefundJob': return refund(command, state);
  }
}

function submit({ data }: CommandOf<'SubmitJob'>, state: JobState): Decided {
  const { jobId, kind, submitter, subject, spec, priceCapMicroUsd, avoid = [], checkpoint } = data;
  const specHash = sha256Hex(canonicalJson(spec));
  if (state.status !== 'none') {
    const same = state.specHash === specHash && state.submitter === submitter && state.kind === kind;
    return same ? nothing : refuse('JOB_EXISTS', 'This id belongs to another job.', { jobId });
  }
  const problem = problemOf(kind, spec);
  if (problem !== null) return refuse('SPEC_INVALID', `The spec cannot be run: ${problem}.`, { problem });
  const quote = quoteMicroUsd(kind, spec);
  if (priceCapMicroUsd !== null && BigInt(priceCapMicroUsd) < quote) {
    return refuse('PRICE_CAP_TOO_LOW', `The job may cost ${quote} micro-dollars.`, { quoteMicroUsd: quote.toString(), priceCapMicroUsd });
  }
  return { events: [{ type: 'JobSubmitted', data: { jobId, kind, submitter, subject, specHash, spec, reservedMicroUsd: quote.toString(), ...(avoid.length === 0 ? {} : { avoid }), ...(checkpoint === undefined ? {} : { checkpoint }) } }] };
}

function checkpoint({ data }: CommandOf<'CheckpointAttempt'>, state: Known): Decided {
  const held = holder(data, state);
  if ('refused' in held) return held;
  const { jobId, attempt, nodeId, step, contentId } = data;
  const newest = held.checkpoint;
  if (newest?.step === step && newest.contentId === contentId) return nothing;
  if (newest !== null && step <= newest.step) return refuse('CHECKPOINT_NOT_NEWER', `A checkpoint of step ${newest.step} is kept.`, { jobId, step: newest.step });
  const previousHash = newest?.hash ?? firstCheckpointHash;
  const hash = checkpointHash({ jobId, step, contentId, previousHash });
  return { events: [{ type: 'AttemptCheckpointed', data: { jobId, attempt, nodeId, step, contentId, previousHash, hash } }] };
}

function commit({ data }: CommandOf<'CommitAttempt'>, state: Known): Decided {
  const { jobId, attempt, nodeId, commitment, signature } = data;
  const held = holder(data, state);
  if ('refused' in held) return held;
  if (!data.signatureValid) return fail(held, 'validation', 'the commitment is not signed by the node', unsigned(held, 'commitment'));
  const { lease: { commitment: before } } = held;
  if (before === null) return { events: [{ type: 'ResultCommitted', data: { jobId, attempt, nodeId, commitment, signature } }] };
  if (before.commitment === commitment) return nothing;
  return fail(held, 'validation', 'the node committed to two answers', proved(held, data, 'two-commitments', committed(data, before), committed(data, data)));
}

function complete({ data }: CommandOf<'CompleteAttempt'>, state: Known): Decided {
  const { jobId, attempt, nodeId, output, resultSignature, salt, nodeKey, signatureValid, startedAt, endedAt } = data;
  const resultHash = sha256Hex(canonicalJson(output));
  const revealed: SignedStatement = { statement: resultStatement({ jobId, attempt, resultHash, salt }), signature: resultSignature };
  if (state.status === 'completed' && state.attempt === attempt && state.nodeId === nodeId) {
    // The answer to a node that lost the first one.
    if (state.resultHash === resultHash) return nothing;
    const first = { statement: resultStatement({ jobId, attempt, resultHash: state.resultHash, salt: state.salt }), signature: state.resultSignature };
    if (signatureValid && !state.fraudProved && state.salt !== '') return { events: [proved(state, data, 'two-answers', first, revealed)] };
  }
  const held = holder(data, state);
  if ('refused' in held) return held;
  const { lease: { commitment } } = held;
  if (commitment === null) return refuse('NOT_COMMITTED', 'Commit to the answer before showing it.', { jobId });
  if (signatureValid && commitment.commitment !== commitmentHash(nodeKey, { jobId, attempt, resultHash, salt })) {
    return fail(held, 'validation', 'the answer is not the one that the node committed to', proved(held, data, 'reveal-differs', committed(data, commitment), revealed));
  }
  if (!signatureValid) return fail(held, 'validation', 'the result is not signed by the node', unsigned(held, 'result'));
  const problem = lateFor(held, endedAt) ? 'the work ended after the deadline' : problemOfOutput(output);
  if (problem !== null) return fail(held, 'validation', problem);
  const { kind, submitter, subject, spec, specHash, reservedMicroUsd } = held;
  const units = creditedUnits(kind, spec, data.units);
  const price = priceOf(kind, units, held.lease.askBasisPoints);
  const costMicroUsd = (price < reservedMicroUsd ? price : reservedMicroUsd).toString();
  return {
    events: [
      { type: 'JobCompleted', data: { jobId, kind, submitter, attempt, nodeId, specHash, resultHash, resultSignature, salt, units, costMicroUsd, startedAt, endedAt } },
      { type: 'ResultRecorded', data: { jobId, kind, nodeId, subject, output } },
    ],
  };
}

function expire({ data: { jobId, attempt }, issuedAt }: CommandOf<'ExpireLease'>, state: Known): Decided {
  if (state.status !== 'running') return refuse('JOB_ENDED', 'No lease of this job runs.', { jobId, status: state.status });
  if (state.lease.attempt !== attempt) return refuse('STALE_FENCING_TOKEN', 'The lease is over already.', { jobId, fencingToken: state.lease.fencingToken });
  if (issuedAt < state.lease.expiresAt) return refuse('LEASE_RUNS', 'The lease has not run out.', { jobId, expiresAt: state.lease.expiresAt });
  if (state.lease.commitment === null) return fail(state, 'infrastructure', 'the lease ran out without a word from the node');
  const missed: ComputeEvent = { type: 'RevealMissed', data: { jobId, kind: state.kind, attempt, nodeId: state.lease.nodeId } };
  return fail(state, 'validation', 'the node committed to an answer and did not show it', missed);
}

function cancel({ data: { jobId, submitter } }: CommandOf<'CancelJob'>, state: Known): Decided {
  if (state.submitter !== submitter) return refuse('NOT_SUBMITTER', 'Only who submitted a job may cancel it.', { jobId });
  if (state.status === 'cancelled') return nothing;
  if (state.status !== 'queued' && state.status !== 'running') return refuse('JOB_ENDED', 'The job is over.', { jobId, status: state.status });
  return { events: [{ type: 'JobCancelled', data: { jobId } }] };
}

function refund({ data: { jobId, caseId } }: CommandOf<'RefundJob'>, state: Known): Decided {
  if (state.status === 'refunded') return nothing;
  if (state.status !== 'completed') return refuse('NOTHING_TO_REFUND', 'Only a completed job was paid for.', { jobId, status: state.status });
  const { submitter, nodeId, costMicroUsd } = state;
  return { events: [{ type: 'JobRefunded', data: { jobId, submitter, nodeId, amountMicroUsd: costMicroUsd.toString(), caseId } }] };
}

/** The job, if the claim is that of its present lease. */
function holder({ jobId, nodeId, attempt, fencingToken }: AttemptClaim, state: Known): RunningJob | { readonly refused: ComputeRefusal } {
  const stale = (current: number | null): { readonly refused: ComputeRefusal } =>
    refuse('STALE_FENCING_TOKEN', 'The attempt is no longer this node\'s.', { jobId, fencingToken: current });
  if (state.status === 'queued') return stale(null);
  if (state.status !== 'running') return refuse('JOB_ENDED', 'The job is over.', { jobId, status: state.status });
  const { lease: held } = state;
  return held.fencingToken === fencingToken && held.attempt === attempt && held.nodeId === nodeId ? state : stale(held.fencingToken);
}

type Committing = Pick<CommandOf<'CommitAttempt'>['data'], 'jobId' | 'attempt'>;
type Proving = Committing & Pick<CommandOf<'CommitAttempt'>['data'], 'nodeId' | 'nodeKey'>;

function committed({ jobId, attempt }: Committing, { commitment, signature }: Commitment): SignedStatement {
  return { statement: commitmentStatement({ jobId, attempt, commitment }), signature };
}

function proved(
  { kind }: Known, { jobId, attempt, nodeId, nodeKey }: Proving, fraud: FraudOf, first: SignedStatement, second: SignedStatement,
): ComputeEvent {
  return { type: 'FraudProved', data: { jobId, kind, attempt, nodeId, fraud, nodeKey, first, second } };
}

function unsigned({ jobId, kind, lease: { attempt, nodeId } }: RunningJob, of: 'commitment' | 'result'): ComputeEvent {
  return { type: 'SignatureRefused', data: { jobId, kind, attempt, nodeId, of } };
}

/** `first` is what happened besides. */
function fail(job: RunningJob, budget: Budget, reason: string, ...first: readonly ComputeEvent[]): Decided {
  const { jobId, kind, submitter, lease: { attempt, nodeId } } = job;
  const failed: ComputeEvent = { type: 'AttemptFailed', data: { jobId, attempt, nodeId, budget, reason } };
  if (job.failures[budget] + 1 < budgets[budget]) return { events: [...first, failed] };
  return { events: [...first, failed, { type: 'JobFailed', data: { jobId, kind, submitter, reason: `${budget}: ${reason}` } }] };
}

function problemOfOutput(output: Json): string | null {
  if (output === null || typeof output !== 'object' || Array.isArray(output)) return 'the output is not an object';
  return canonicalJson(output).length > maximumOutputBytes ? 'the output is larger than 512 KiB' : null;
}
