import type { RefusalOf } from '@oort/kernel-decider';

export type ComputeRefusal =
  | RefusalOf<'SPEC_INVALID', { readonly problem: string }>
  | RefusalOf<'PRICE_CAP_TOO_LOW', { readonly quoteMicroUsd: string; readonly priceCapMicroUsd: string }>
  | RefusalOf<'JOB_EXISTS', { readonly jobId: string }>
  | RefusalOf<'UNKNOWN_JOB', { readonly jobId: string }>
  | RefusalOf<'JOB_NOT_QUEUED', { readonly jobId: string; readonly status: string }>
  | RefusalOf<'ASK_ABOVE_BID', { readonly jobId: string; readonly bidBasisPoints: number }>
  | RefusalOf<'NOT_INTERRUPTIBLE', { readonly jobId: string; readonly class: string }>
  | RefusalOf<'NO_DEADLINE', { readonly jobId: string }>
  | RefusalOf<'DEADLINE_AHEAD', { readonly jobId: string; readonly deadline: string }>
  | RefusalOf<'STALE_FENCING_TOKEN', { readonly jobId: string; readonly fencingToken: number | null }>
  | RefusalOf<'NOT_COMMITTED', { readonly jobId: string }>
  | RefusalOf<'JOB_ENDED', { readonly jobId: string; readonly status: string }>
  | RefusalOf<'CHECKPOINT_NOT_NEWER', { readonly jobId: string; readonly step: number }>
  | RefusalOf<'LEASE_RUNS', { readonly jobId: string; readonly expiresAt: string }>
  | RefusalOf<'NOT_SUBMITTER', { readonly jobId: string }>
  | RefusalOf<'NOTHING_TO_REFUND', { readonly jobId: string; readonly status: string }>;

export function refuse<Code extends ComputeRefusal['code']>(
  code: Code, message: string, payload: Extract<ComputeRefusal, { readonly code: Code }>['payload'],
): { readonly refused: ComputeRefusal } {
  return { refused: { code, message, payload } as ComputeRefusal };
}
