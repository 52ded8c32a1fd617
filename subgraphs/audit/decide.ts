import { auditRate, deservesSlashFor, observeWork, recordKindOf, trust, trustOver } from '@oort/algorithms-honesty';
import type { Decider, Decision } from '@oort/kernel-decider';
import type { BatchCommand, MonitorCommand, RecordCommand } from './commands';
import { batchRoot } from './commitment';
import { evolveBatch, evolveMonitor, evolveRecord, type BatchEvent, type MonitorEvent, type RecordEvent } from './evolve';
import type { BatchRefusal, RecordRefusal } from './refusals';
import { decideJury, needsJury, wholeStakeAccused, withoutJuryBasisPoints } from './jury';
import { emptyBatch, emptyRecord, quietMonitor, wholeBasisPoints, type BatchState, type CaseState, type MonitorState, type RecordState } from './state';

export const batchDecider: Decider<BatchCommand, BatchState, BatchEvent, BatchRefusal> = {
  category: 'audit_batch', initial: emptyBatch, decide: decideBatch, evolve: evolveBatch,
};

export const recordDecider: Decider<RecordCommand, RecordState, RecordEvent, RecordRefusal> = {
  category: 'audit_record', initial: emptyRecord, decide: decideRecord, evolve: evolveRecord,
};

export const monitorDecider: Decider<MonitorCommand, MonitorState, MonitorEvent, never> = {
  category: 'audit_monitor', initial: quietMonitor, decide: decideMonitor, evolve: evolveMonitor,
};

function decideMonitor({ data: { monitorId, leak, gap } }: MonitorCommand, { suspected }: MonitorState): Decision<MonitorEvent, never> {
  if (leak === suspected) return { events: [] };
  return { events: [leak === null ? { type: 'LeakCleared', data: { monitorId, gap } } : { type: 'LeakSuspected', data: { monitorId, leak, gap } }] };
}

function decideBatch(command: BatchCommand, state: BatchState): Decision<BatchEvent, BatchRefusal> {
  const { batchId } = command.data;
  switch (command.type) {
    case 'CommitTask': {
      const { taskId } = command.data;
      if (state.status !== 'gathering') return refuse('BATCH_CLOSED', 'The batch is committed on chain already.', { batchId });
      if (state.commitments.some((commitment) => commitment.taskId === taskId)) {
        return refuse('TASK_COMMITTED_ALREADY', 'The task has its commitment already.', { taskId });
      }
      return { events: [{ type: 'TaskCommitted', data: command.data }] };
    }
    case 'CloseBatch': {
      if (state.status !== 'gathering') return refuse('BATCH_CLOSED', 'The batch is committed on chain already.', { batchId });
      if (state.commitments.length === 0) return refuse('EMPTY_BATCH', 'A batch needs a task.', { batchId });
      const { officer } = command.data;
      return { events: [{ type: 'BatchCommitted', data: { batchId, officer, root: batchRoot(state.commitments), count: state.commitments.length } }] };
    }
    case 'OpenBatch': {
      if (state.status === 'gathering') return refuse('BATCH_NOT_CLOSED', 'Commit the batch before opening it.', { batchId });
      if (state.status === 'opened') return refuse('BATCH_OPENED_ALREADY', 'The batch is open already.', { batchId });
      return { events: [{ type: 'BatchOpened', data: { batchId, openings: state.commitments } }] };
    }
  }
}

function decideRecord(command: RecordCommand, state: RecordState): Decision<RecordEvent, RecordRefusal> {
  if (command.type === 'JudgeTask') return judge(command, state);
  if (command.type === 'ConvictNode') return convict(command, state);
  const { caseId, nodeId } = command.data;
  const found = state.cases.get(caseId);
  if (found === undefined) return refuse('UNKNOWN_CASE', 'There is no such case against this node.', { caseId });
  switch (command.type) {
    case 'AppealCase':
    case 'SeatJury':
    case 'CountVote':
    case 'EndCase': return decideJury(command, found, state);
    case 'ConfirmSlash': return confirm(command.issuedAt, nodeId, found);
    case 'SettleSlash': {
      const { txHash, amountWei } = command.data;
      if (found.status !== 'confirmed' && found.status !== 'settled') return refuse('CASE_NOT_CONFIRMED', 'The slash is not confirmed.', { caseId });
      if (found.status === 'settled') return refuse('CASE_SETTLED_ALREADY', 'The slash is settled already.', { caseId });
      return { events: [{ type: 'SlashSettled', data: { caseId, nodeId, txHash, amountWei } }] };
    }
    case 'RefuteResults': {
      if (found.refuted) return refuse('RESULTS_REFUTED_ALREADY', 'The results of this case were refuted already.', { caseId });
      return { events: [{ type: 'ResultsRefuted', data: { caseId, nodeId, jobIds: command.data.jobIds } }] };
    }
  }
}

function confirm(issuedAt: string, nodeId: string, found: CaseState): Decision<RecordEvent, RecordRefusal> {
  const { caseId, appealUntil, operator, basisPoints, evidenceHash } = found;
  if (needsJury(found)) return refuse('JURY_DECIDES', 'A jury decides this case.', { caseId });
  if (found.status !== 'proposed') return refuse('CASE_CONFIRMED_ALREADY', 'The slash is confirmed already.', { caseId });
  if (issuedAt < appealUntil) {
    return refuse('APPEAL_PERIOD_RUNS', `The operator may appeal until ${appealUntil}.`, { caseId, appealUntil });
  }
  return { events: [{ type: 'SlashConfirmed', data: { caseId, nodeId, operator, basisPoints, evidenceHash } }] };
}

/** Two signed statements that contradict each other need no statistics: the whole stake is accused at once, for a jury to check the two,
 *  also while a case over a part of it is open. Of several deeds one comes first; the others wait for what it leaves. */
function convict({ data }: Extract<RecordCommand, { readonly type: 'ConvictNode' }>, state: RecordState): Decision<RecordEvent, RecordRefusal> {
  const { caseId, nodeId, operator, evidenceHash, appealUntil } = data;
  if (state.cases.has(caseId) || state.held.some((deed) => deed.caseId === caseId)) return { events: [] };
  const first = wholeStakeAccused(state);
  if (first !== undefined) return { events: [{ type: 'ConvictionHeld', data: { caseId, nodeId, operator, evidenceHash, behind: first.caseId } }] };
  return { events: [{ type: 'SlashProposed', data: { caseId, nodeId, operator, basisPoints: wholeBasisPoints, evidenceHash, appealUntil } }] };
}

function judge(command: Extract<RecordCommand, { readonly type: 'JudgeTask' }>, state: RecordState): Decision<RecordEvent, RecordRefusal> {
  const { caseId, nodeId, taskId, work, evidence, outcome, distance, operator, evidenceHash, appealUntil, officer } = command.data;
  if (state.judged.has(taskId)) return refuse('TASK_JUDGED_ALREADY', 'This task was judged already.', { taskId });
  const records = observeWork(state.records, work, outcome);
  const own = records[recordKindOf(work)];
  const verdict: RecordEvent = {
    type: 'VerdictReached',
    data: {
      caseId, nodeId, taskId, work, evidence, outcome, distance,
      cusum: own.gross, trust: trustOver(records), workTrust: trust(own), auditRate: auditRate(records.compute), ...(officer === undefined ? {} : { officer }),
    },
  };
  // One case at a time: while one is open, more failures are evidence for it and not another slash.
  const open = [...state.cases.values()].some(({ status }) => status === 'proposed' || status === 'with-jury') || wholeStakeAccused(state) !== undefined;
  if (open || !deservesSlashFor(records, work)) return { events: [verdict] };
  return { events: [verdict, { type: 'SlashProposed', data: { caseId, nodeId, operator, basisPoints: withoutJuryBasisPoints, evidenceHash, appealUntil, ...(officer === undefined ? {} : { finder: officer }) } }] };
}

function refuse<Code extends string, Payload>(code: Code, message: string, payload: Payload): { readonly refused: { readonly code: Code; readonly message: string; readonly payload: Payload } } {
  return { refused: { code, message, payload } };
}
