import type { Command } from '@oort/kernel-decider';
import type { Json } from '@oort/kernel-wire';
import type { Checkpoint } from './state';
import type { JobKind, Subject } from '@oort/schema/events/compute';

/** What an agent shows to speak for an attempt. */
export interface AttemptClaim {
  readonly jobId: string;
  readonly nodeId: string;
  readonly attempt: number;
  readonly fencingToken: number;
}

/** Asked of one job. */
export type ComputeCommand =
  | Command<'SubmitJob', { readonly jobId: string; readonly kind: JobKind; readonly submitter: string; readonly subject: Subject | null; readonly spec: Json; /** Decimal, or null for no cap. */ readonly priceCapMicroUsd: string | null; readonly avoid?: readonly string[]; readonly checkpoint?: Checkpoint }>
  | Command<'LeaseJob', {
      readonly jobId: string; readonly nodeId: string; readonly ttlMs: number; /** Of the list price; 10,000 when left out. */ readonly askBasisPoints?: number;
      /** To be run without a network: the lease outlives the deadline, so that a result may be reported late. */ readonly offline?: boolean;
    }>
  | Command<'CheckpointAttempt', AttemptClaim & { readonly step: number; readonly contentId: string }>
  | Command<'CommitAttempt', AttemptClaim & { readonly commitment: string; readonly signature: string; readonly nodeKey: string; readonly signatureValid: boolean }>
  | Command<'CompleteAttempt', AttemptClaim & {
      readonly output: Json; readonly salt: string; readonly nodeKey: string; readonly resultSignature: string; /** Checked against the node's key. */ readonly signatureValid: boolean;
      readonly units: number; readonly startedAt: string; readonly endedAt: string;
    }>
  | Command<'FailAttempt', AttemptClaim & { readonly budget: 'infrastructure' | 'application' | 'validation'; readonly reason: string }>
  | Command<'PreemptAttempt', { readonly jobId: string; readonly attempt: number }>
  | Command<'MissDeadline', { readonly jobId: string }>
  | Command<'ExpireLease', { readonly jobId: string; readonly attempt: number }>
  | Command<'CancelJob', { readonly jobId: string; readonly submitter: string }>
  | Command<'RefundJob', { readonly jobId: string; readonly caseId: string }>;
