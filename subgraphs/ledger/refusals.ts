import type { RefusalOf } from '@oort/kernel-decider';

export type CallsRefusal =
  | RefusalOf<'CALL_PENDING_ALREADY', { readonly callId: string }>
  | RefusalOf<'CALL_NOT_PENDING', { readonly callId: string }>;
