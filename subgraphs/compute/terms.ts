// What a job's terms mean for its life: the price that is agreed with a lease, the deadline, and who gives way to whom.
import type { Decision } from '@oort/kernel-decider';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { termsOf } from '@oort/schema/job-spec';
import type { ComputeCommand } from './commands';
import { listPriceBasisPoints } from './matching';
import { refuse, type ComputeRefusal } from './refusals';
import type { JobState, RunningJob } from './state';

type Decided = Decision<ComputeEvent, ComputeRefusal>;
type CommandOf<Type extends ComputeCommand['type']> = Extract<ComputeCommand, { readonly type: Type }>;
type Known = Exclude<JobState, { readonly status: 'none' }>;

/** How long after its deadline what was done without a network may be reported: a silent node has 72 hours (DOMAINS: nodes). */
export const reportGraceMs = 72 * 60 * 60 * 1000;

export function lease({ data, issuedAt }: CommandOf<'LeaseJob'>, state: Known): Decided {
  const { jobId, nodeId, ttlMs, askBasisPoints = listPriceBasisPoints, offline = false } = data;
  if (state.status !== 'queued') return refuse('JOB_NOT_QUEUED', 'The job does not wait for a node.', { jobId, status: state.status });
  const { deadline, constraints: { bidBasisPoints } } = termsOf(state.kind, state.spec);
  if (askBasisPoints > bidBasisPoints) return refuse('ASK_ABOVE_BID', `The job bids for ${bidBasisPoints} basis points of the list price.`, { jobId, bidBasisPoints });
  if (offline && deadline === null) return refuse('NO_DEADLINE', 'What is run without a network needs a deadline.', { jobId });
  const attempt = state.attempts + 1;
  const ends = offline && deadline !== null ? Date.parse(deadline) + reportGraceMs : Date.parse(issuedAt) + ttlMs;
  const leased: ComputeEvent = { type: 'AttemptLeased', data: { jobId, attempt, nodeId, fencingToken: attempt, expiresAt: new Date(ends).toISOString() } };
  if (askBasisPoints === listPriceBasisPoints) return { events: [leased] };
  return { events: [leased, { type: 'PriceAgreed', data: { jobId, attempt, nodeId, askBasisPoints } }] };
}

export function preempt({ data: { jobId, attempt } }: CommandOf<'PreemptAttempt'>, state: Known): Decided {
  if (state.status !== 'running') return refuse('JOB_ENDED', 'No lease of this job runs.', { jobId, status: state.status });
  const { lease: { nodeId, fencingToken }, kind, spec } = state;
  if (state.lease.attempt !== attempt) return refuse('STALE_FENCING_TOKEN', 'The lease is over already.', { jobId, fencingToken });
  const jobClass = termsOf(kind, spec).class;
  if (jobClass !== 'interruptible') return refuse('NOT_INTERRUPTIBLE', 'Only interruptible jobs give way.', { jobId, class: jobClass });
  return { events: [{ type: 'AttemptPreempted', data: { jobId, attempt, nodeId } }] };
}

export function missDeadline({ data: { jobId }, issuedAt }: CommandOf<'MissDeadline'>, state: Known): Decided {
  if (state.status !== 'queued' && state.status !== 'running') return refuse('JOB_ENDED', 'The job is over.', { jobId, status: state.status });
  const { kind, submitter, spec } = state;
  const { deadline } = termsOf(kind, spec);
  if (deadline === null) return refuse('NO_DEADLINE', 'The job has all the time that it needs.', { jobId });
  const ends = Math.max(Date.parse(deadline), state.status === 'running' && isOffline(state) ? Date.parse(state.lease.expiresAt) : 0);
  if (Date.parse(issuedAt) < ends) return refuse('DEADLINE_AHEAD', 'There is time left.', { jobId, deadline: new Date(ends).toISOString() });
  return { events: [{ type: 'JobFailed', data: { jobId, kind, submitter, reason: `deadline: not done by ${deadline}` } }] };
}

/** Whether the attempt was leased to be run without a network. */
export function isOffline({ kind, spec, lease: { expiresAt } }: RunningJob): boolean {
  const { deadline } = termsOf(kind, spec);
  return deadline !== null && Date.parse(expiresAt) === Date.parse(deadline) + reportGraceMs;
}

/** Whether work that ended then came too late, whenever it is reported. */
export function lateFor({ kind, spec }: RunningJob, endedAt: string): boolean {
  const { deadline } = termsOf(kind, spec);
  return deadline !== null && Date.parse(endedAt) > Date.parse(deadline);
}
