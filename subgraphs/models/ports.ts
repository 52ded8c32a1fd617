import type { DeviceKey } from '@oort/kernel-identity';
import { Fault, type Json } from '@oort/kernel-wire';
import type { SubgraphPorts } from '@oort/schema';
import type { JobKind, Subject } from '@oort/schema/events/compute';

export interface RequestedJob {
  /** Chosen by the caller, so that asking twice queues one job. */
  readonly jobId: string;
  readonly kind: JobKind;
  readonly spec: Json;
  readonly subject: Subject;
  /** The account that pays. */
  readonly submitter: string;
}

export interface ModelsPorts extends SubgraphPorts {
  /** Compute's queue. Resolves when the job is recorded; the same job id again changes nothing.
   *  Throws a fault of code JOB_REFUSED for a job that compute does not take. */
  submitJob(job: RequestedJob): Promise<void>;
  /** Signs bundles and licences; nodes got its public key when they enrolled. */
  readonly platformKey: DeviceKey;
  /** How long `infer` waits for a node; 30 s unless told. */
  readonly inferenceTimeoutMs?: number;
}

export function isRefusedJob(error: unknown): error is Fault {
  return error instanceof Fault && error.code === 'JOB_REFUSED';
}
