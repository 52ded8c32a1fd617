import type { Json } from '@oort/kernel-wire';
import type { JobKind, Subject } from '@oort/schema/events/compute';

export type Budget = 'infrastructure' | 'application' | 'validation';

/** A job is not an attempt: so many may fail of each sort before the job does. */
export const budgets: Readonly<Record<Budget, number>> = { infrastructure: 5, application: 2, validation: 3 };

export interface Checkpoint { readonly step: number; readonly contentId: string; readonly hash: string }

export interface Commitment { readonly commitment: string; readonly signature: string }

export interface Lease {
  readonly attempt: number;
  readonly nodeId: string;
  /** Grows with every lease, so a late answer can be told from the present one. */
  readonly fencingToken: number;
  /** As first given; renewals are the dispatcher's to remember. */
  readonly expiresAt: string;
  /** What the node is paid, of the list price. */
  readonly askBasisPoints: number;
  /** Null until the node has committed to its answer. */
  readonly commitment: Commitment | null;
}

export interface JobFacts {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly submitter: string;
  readonly subject: Subject | null;
  readonly spec: Json;
  readonly specHash: string;
  readonly reservedMicroUsd: bigint;
  readonly attempts: number;
  readonly failures: Readonly<Record<Budget, number>>;
  /** Nodes on which an attempt failed: the next one goes elsewhere. */
  readonly failedOn: readonly string[];
  readonly checkpoint: Checkpoint | null;
}

export type JobState =
  | { readonly status: 'none' }
  | JobFacts & { readonly status: 'queued' }
  | JobFacts & { readonly status: 'running'; readonly lease: Lease }
  | JobFacts & { readonly status: 'completed' | 'refunded'; readonly attempt: number; readonly nodeId: string; readonly resultHash: string; readonly costMicroUsd: bigint; readonly salt: string; readonly resultSignature: string; readonly fraudProved: boolean }
  | JobFacts & { readonly status: 'failed' | 'cancelled' };

export type RunningJob = Extract<JobState, { readonly status: 'running' }>;

export const noJob: JobState = { status: 'none' };
