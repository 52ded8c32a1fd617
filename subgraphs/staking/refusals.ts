import type { RefusalOf } from '@oort/kernel-decider';

export type EpochsRefusal =
  | RefusalOf<'NOTHING_TO_REWARD', null>
  | RefusalOf<'EPOCH_TOO_SHORT', { readonly mayCloseAt: string }>
  | RefusalOf<'EPOCH_CLOSED_MEANWHILE', { readonly epoch: number }>
  | RefusalOf<'EPOCH_UNPUBLISHED', { readonly epoch: number }>;
