import type { RefusalOf } from '@oort/kernel-decider';

export type BatchRefusal =
  | RefusalOf<'BATCH_CLOSED', { readonly batchId: string }>
  | RefusalOf<'TASK_COMMITTED_ALREADY', { readonly taskId: string }>
  | RefusalOf<'EMPTY_BATCH', { readonly batchId: string }>
  | RefusalOf<'BATCH_NOT_CLOSED', { readonly batchId: string }>
  | RefusalOf<'BATCH_OPENED_ALREADY', { readonly batchId: string }>;

export type RecordRefusal =
  | RefusalOf<'TASK_JUDGED_ALREADY', { readonly taskId: string }>
  | RefusalOf<'UNKNOWN_CASE', { readonly caseId: string }>
  | RefusalOf<'APPEAL_PERIOD_RUNS', { readonly caseId: string; readonly appealUntil: string }>
  | RefusalOf<'JURY_DECIDES', { readonly caseId: string }>
  | RefusalOf<'CASE_DISMISSED', { readonly caseId: string }>
  | RefusalOf<'CASE_CONFIRMED_ALREADY', { readonly caseId: string }>
  | RefusalOf<'CASE_NOT_CONFIRMED', { readonly caseId: string }>
  | RefusalOf<'CASE_SETTLED_ALREADY', { readonly caseId: string }>
  | RefusalOf<'RESULTS_REFUTED_ALREADY', { readonly caseId: string }>;
