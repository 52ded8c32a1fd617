import type { Leak } from '@oort/algorithms-honesty';
import type { Command } from '@oort/kernel-decider';
import type { AuditEvent } from '@oort/schema/events/audit';

type Of<Type extends AuditEvent['type']> = Extract<AuditEvent, { readonly type: Type }>['data'];
type Verdict = Extract<AuditEvent, { readonly type: 'VerdictReached' }>['data'];

/** Asked of one batch of commitments. */
export type BatchCommand =
  | Command<'CommitTask', { readonly batchId: string; readonly taskId: string; readonly salt: string; readonly expectedHash: string | null; readonly isPhantom: boolean; readonly expected: string | null }>
  | Command<'CloseBatch', { readonly batchId: string; readonly officer: string }>
  | Command<'OpenBatch', { readonly batchId: string }>;

/** Asked of what watches over all nodes of one kind of work. */
export type MonitorCommand = Command<'ReportGap', { readonly monitorId: string; readonly leak: Leak | null; readonly gap: number }>;

/** Asked of one node's record. */
export type RecordCommand =
  | Command<'JudgeTask', Pick<Verdict, 'nodeId' | 'taskId' | 'work' | 'evidence' | 'outcome' | 'distance'> & {
      readonly caseId: string; readonly operator: string; readonly evidenceHash: string; readonly appealUntil: string;
      /** Whose phantom it was, where it was not the platform's. */ readonly officer?: string;
    }>
  | Command<'ConvictNode', Pick<Verdict, 'nodeId' | 'work'> & { readonly caseId: string; readonly operator: string; readonly evidenceHash: string; readonly appealUntil: string }>
  | Command<'AppealCase', Of<'CaseAppealed'>>
  | Command<'SeatJury', Of<'JuryDrawn'>>
  | Command<'CountVote', Of<'JurorVoted'>>
  | Command<'EndCase', Omit<Of<'JuryDecided'>, 'basisPoints'> & { /** Of a case that was held behind this one. */ readonly appealUntil: string }>
  | Command<'ConfirmSlash', { readonly nodeId: string; readonly caseId: string }>
  | Command<'SettleSlash', { readonly nodeId: string; readonly caseId: string; readonly txHash: string; readonly amountWei: string }>
  | Command<'RefuteResults', { readonly nodeId: string; readonly caseId: string; readonly jobIds: readonly string[] }>;
