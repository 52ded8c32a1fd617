// Queueing a job from anywhere on the platform: a command to the job's own stream. The dispatcher learns of it from the log, so
// whoever submits need not run in its process.
import { command, createHandler, type Outcome } from '@oort/kernel-decider';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { canonicalJson, deriveId, Fault, sha256Hex, type Json } from '@oort/kernel-wire';
import type { JobKind, Subject } from '@oort/schema/events/compute';
import { newJobId } from '@oort/schema/job-spec';
import type { ComputeCommand } from './commands';
import { jobDecider } from './decide';
import type { ComputeRefusal } from './refusals';
import type { Checkpoint, JobState } from './state';

export interface JobToSubmit {
  /** Chosen before, so that submitting again is the same job. */
  readonly jobId?: string;
  readonly kind: JobKind;
  readonly spec: Json;
  readonly submitter: string;
  readonly subject?: Subject | null;
  readonly priceCapMicroUsd?: bigint;
  /** Nodes that get it only when nobody else comes for long. */
  readonly avoid?: readonly string[];
  /** Of another job with the same spec: from there it goes on. */
  readonly checkpoint?: Checkpoint;
  readonly cause?: RecordedEvent;
}

export class JobRefused extends Fault {
  constructor({ code, message, payload }: ComputeRefusal) { super('JOB_REFUSED', message, { code, payload }); }
}

/** Resolves once the job is durable. Throws JobRefused. */
export type SubmitJob = (job: JobToSubmit) => Promise<{ readonly jobId: string; readonly position: bigint }>;
export type JobHandler = (jobId: string, asked: ComputeCommand) => Promise<Outcome<JobState, ComputeRefusal>>;

/** For other domains of the platform, in whatever process. */
export function createJobSubmitter({ store, now }: { readonly store: EventStore; now(): Date }): SubmitJob {
  return submitterOver(createHandler({ store, decider: jobDecider, now: () => now() }), () => now());
}

export function submitterOver(handle: JobHandler, now: () => Date): SubmitJob {
  return async ({ jobId = newJobId(now()), kind, spec, submitter, subject = null, priceCapMicroUsd, avoid = [], checkpoint, cause }) => {
    const data = { jobId, kind, spec, submitter, subject, priceCapMicroUsd: priceCapMicroUsd?.toString() ?? null, avoid, ...(checkpoint === undefined ? {} : { checkpoint }) };
    const same = sha256Hex(canonicalJson({ jobId, kind, spec, submitter }));
    // Made by the platform, for its submitter: what the spec names is of the platform's choice.
    const options = { actor: 'platform', now: now(), id: deriveId('command', `submit/${same}`), ...(cause === undefined ? {} : { cause }) };
    const outcome = await handle(jobId, command('SubmitJob', data, options));
    if (!outcome.ok) throw new JobRefused(outcome.refusal);
    return { jobId, position: outcome.position };
  };
}
