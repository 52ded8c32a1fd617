import type { Flow } from '@oort/kernel-decider';

export const batchFlow = {
  CommitTask: { events: ['TaskCommitted'], refusals: ['BATCH_CLOSED', 'TASK_COMMITTED_ALREADY'] },
  CloseBatch: { events: ['BatchCommitted'], refusals: ['EMPTY_BATCH', 'BATCH_CLOSED'] },
  OpenBatch: { events: ['BatchOpened'], refusals: ['BATCH_NOT_CLOSED', 'BATCH_OPENED_ALREADY'] },
} as const satisfies Flow;

export const phantomFlow = {
  HandInPhantom: { events: ['PhantomHandedIn'], refusals: ['PHANTOM_HANDED_IN_ALREADY', 'PHANTOM_NOT_COMMITTED'] },
  OpenPhantom: { events: ['PhantomOpened'], refusals: ['PHANTOM_UNKNOWN', 'PHANTOM_OPENED_ALREADY', 'WRONG_OPENING'] },
} as const satisfies Flow;

export const monitorFlow = {
  ReportGap: { events: ['LeakSuspected', 'LeakCleared'], refusals: [] },
} as const satisfies Flow;

export const recordFlow = {
  JudgeTask: { events: ['VerdictReached', 'SlashProposed'], refusals: ['TASK_JUDGED_ALREADY'] },
  ConvictNode: { events: ['SlashProposed', 'ConvictionHeld'], refusals: [] },
  AppealCase: { events: ['CaseAppealed'], refusals: ['UNKNOWN_CASE', 'CASE_DISMISSED', 'CASE_SETTLED_ALREADY'] },
  SeatJury: { events: ['JuryDrawn'], refusals: ['UNKNOWN_CASE', 'CASE_DISMISSED', 'CASE_SETTLED_ALREADY'] },
  CountVote: { events: ['JurorVoted'], refusals: ['UNKNOWN_CASE', 'CASE_DISMISSED', 'CASE_SETTLED_ALREADY'] },
  EndCase: { events: ['JuryDecided', 'SlashConfirmed', 'NodeCleared', 'SlashProposed'], refusals: ['UNKNOWN_CASE', 'CASE_DISMISSED', 'CASE_SETTLED_ALREADY'] },
  ConfirmSlash: { events: ['SlashConfirmed'], refusals: ['UNKNOWN_CASE', 'APPEAL_PERIOD_RUNS', 'JURY_DECIDES', 'CASE_CONFIRMED_ALREADY'] },
  SettleSlash: { events: ['SlashSettled'], refusals: ['UNKNOWN_CASE', 'CASE_NOT_CONFIRMED', 'CASE_SETTLED_ALREADY'] },
  RefuteResults: { events: ['ResultsRefuted'], refusals: ['UNKNOWN_CASE', 'RESULTS_REFUTED_ALREADY'] },
} as const satisfies Flow;
