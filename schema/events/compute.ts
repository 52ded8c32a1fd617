import type { Json } from '@oort/kernel-wire';
import type { Visibilities } from './visibility';

export type JobKind = 'inference' | 'training' | 'evaluation' | 'preprocess' | 'container';
/** What a job is for, in another domain: `{kind: 'contribution', id}`, `{kind: 'training-run', id}`, `{kind: 'inference', id}`. */
export type Subject = { readonly kind: string; readonly id: string };

export type ComputeEvent =
  | { readonly type: 'JobSubmitted'; readonly data: {
      readonly jobId: string; readonly kind: JobKind; readonly submitter: string; readonly subject: Subject | null;
      /** SHA-256 of the spec's RFC 8785 form, hex. */ readonly specHash: string; readonly spec: Json; readonly reservedMicroUsd: string;
    } }
  | { readonly type: 'AttemptLeased'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly fencingToken: number; readonly expiresAt: string } }
  | { readonly type: 'AttemptCheckpointed'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly step: number; readonly contentId: string; readonly previousHash: string; readonly hash: string } }
  | { readonly type: 'AttemptFailed'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly budget: 'infrastructure' | 'application' | 'validation'; readonly reason: string } }
  | { readonly type: 'JobCompleted'; readonly data: {
      readonly jobId: string; readonly kind: JobKind; readonly submitter: string; readonly attempt: number; readonly nodeId: string; readonly specHash: string;
      /** SHA-256 of the output's RFC 8785 form, hex. */ readonly resultHash: string;
      /** The node's Ed25519 signature over (job id, attempt, result hash), hex. */ readonly resultSignature: string;
      /** Work units that earn rewards. */ readonly units: number; readonly costMicroUsd: string; readonly startedAt: string; readonly endedAt: string;
    } }
  /** Beside JobCompleted in the same append: what the job returned, small, or content ids of it. */
  | { readonly type: 'ResultRecorded'; readonly data: { readonly jobId: string; readonly kind: JobKind; readonly nodeId: string; readonly subject: Subject | null; readonly output: Json } }
  | { readonly type: 'JobFailed'; readonly data: { readonly jobId: string; readonly kind: JobKind; readonly submitter: string; readonly reason: string } }
  | { readonly type: 'JobCancelled'; readonly data: { readonly jobId: string } }
  | { readonly type: 'JobRefunded'; readonly data: { readonly jobId: string; readonly submitter: string; readonly nodeId: string; readonly amountMicroUsd: string; readonly caseId: string } };

export const computeVisibility = {
  JobSubmitted: 'tenant', AttemptLeased: 'public', AttemptCheckpointed: 'public', AttemptFailed: 'public', JobCompleted: 'public', ResultRecorded: 'tenant',
  JobFailed: 'public', JobCancelled: 'public', JobRefunded: 'public',
} as const satisfies Visibilities<ComputeEvent>;
