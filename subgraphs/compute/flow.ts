import type { Flow } from '@oort/kernel-decider';

export const computeFlow = {
  SubmitJob: { events: ['JobSubmitted'], refusals: ['SPEC_INVALID', 'PRICE_CAP_TOO_LOW', 'JOB_EXISTS'] },
  LeaseJob: { events: ['AttemptLeased', 'PriceAgreed'], refusals: ['UNKNOWN_JOB', 'JOB_NOT_QUEUED', 'ASK_ABOVE_BID', 'NO_DEADLINE'] },
  CheckpointAttempt: { events: ['AttemptCheckpointed'], refusals: ['UNKNOWN_JOB', 'STALE_FENCING_TOKEN', 'JOB_ENDED', 'CHECKPOINT_NOT_NEWER'] },
  CommitAttempt: {
    events: ['ResultCommitted', 'SignatureRefused', 'FraudProved', 'AttemptFailed', 'JobFailed'], refusals: ['UNKNOWN_JOB', 'STALE_FENCING_TOKEN', 'JOB_ENDED'],
  },
  CompleteAttempt: {
    events: ['JobCompleted', 'ResultRecorded', 'SignatureRefused', 'FraudProved', 'AttemptFailed', 'JobFailed'],
    refusals: ['UNKNOWN_JOB', 'STALE_FENCING_TOKEN', 'NOT_COMMITTED', 'JOB_ENDED'],
  },
  FailAttempt: { events: ['AttemptFailed', 'JobFailed'], refusals: ['UNKNOWN_JOB', 'STALE_FENCING_TOKEN', 'JOB_ENDED'] },
  PreemptAttempt: { events: ['AttemptPreempted'], refusals: ['UNKNOWN_JOB', 'STALE_FENCING_TOKEN', 'JOB_ENDED', 'NOT_INTERRUPTIBLE'] },
  MissDeadline: { events: ['JobFailed'], refusals: ['UNKNOWN_JOB', 'JOB_ENDED', 'NO_DEADLINE', 'DEADLINE_AHEAD'] },
  ExpireLease: { events: ['RevealMissed', 'AttemptFailed', 'JobFailed'], refusals: ['UNKNOWN_JOB', 'STALE_FENCING_TOKEN', 'JOB_ENDED', 'LEASE_RUNS'] },
  CancelJob: { events: ['JobCancelled'], refusals: ['UNKNOWN_JOB', 'NOT_SUBMITTER', 'JOB_ENDED'] },
  RefundJob: { events: ['JobRefunded'], refusals: ['UNKNOWN_JOB', 'NOTHING_TO_REFUND'] },
} as const satisfies Flow;
