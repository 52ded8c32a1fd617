import { observeWork, spent } from '@oort/algorithms-honesty';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { PhantomEvent } from './phantom';
import { wholeBasisPoints, type BatchState, type CaseState, type MonitorState, type RecordState } from './state';

export type BatchEvent = Extract<AuditEvent, { readonly type: 'TaskCommitted' | 'BatchCommitted' | 'BatchOpened' }>;
export type MonitorEvent = Extract<AuditEvent, { readonly type: 'LeakSuspected' | 'LeakCleared' }>;
export type RecordEvent = Exclude<AuditEvent, BatchEvent | MonitorEvent | PhantomEvent>;

export function evolveBatch(state: BatchState, event: BatchEvent): BatchState {
  switch (event.type) {
    case 'TaskCommitted': {
      const { taskId, salt, expectedHash, isPhantom } = event.data;
      return { ...state, commitments: [...state.commitments, { taskId, salt, expectedHash, isPhantom }] };
    }
    case 'BatchCommitted': return { status: 'committed', commitments: state.commitments, root: event.data.root };
    case 'BatchOpened':
      return { status: 'opened', commitments: state.commitments, root: state.status === 'gathering' ? '' : state.root };
  }
}

export function evolveMonitor(_: MonitorState, event: MonitorEvent): MonitorState {
  return { suspected: event.type === 'LeakSuspected' ? event.data.leak : null };
}

export function evolveRecord(state: RecordState, event: RecordEvent): RecordState {
  switch (event.type) {
    case 'VerdictReached': return {
      ...state,
      records: observeWork(state.records, event.data.work, event.data.outcome),
      judged: new Set(state.judged).add(event.data.taskId),
    };
    case 'SlashProposed': {
      const { caseId, operator, basisPoints, evidenceHash, appealUntil } = event.data;
      const opened: CaseState = { caseId, operator, basisPoints, evidenceHash, appealUntil, status: 'proposed', refuted: false };
      // The record that led to the case is spent: what comes after it is judged afresh.
      const held = state.held.filter((deed) => deed.caseId !== caseId);
      return { ...state, records: spent(state.records), cases: new Map(state.cases).set(caseId, opened), held };
    }
    case 'CaseAppealed':
    case 'JuryDrawn': return withCase(state, event.data.caseId, { status: 'with-jury' });
    case 'JurorVoted': return state;
    case 'JuryDecided': return withCase(state, event.data.caseId, event.data.upheld ? { basisPoints: event.data.basisPoints } : { status: 'dismissed' });
    case 'SlashConfirmed': return withCase(state, event.data.caseId, { status: 'confirmed' });
    case 'SlashSettled': {
      const settled = withCase(state, event.data.caseId, { status: 'settled' });
      // What was held is answered for by everything that the node had.
      return settled.cases.get(event.data.caseId)?.basisPoints === wholeBasisPoints ? { ...settled, held: [] } : settled;
    }
    case 'ConvictionHeld': {
      const { caseId, operator, evidenceHash } = event.data;
      return { ...state, held: [...state.held, { caseId, operator, evidenceHash }] };
    }
    case 'NodeCleared': return state;
    case 'ResultsRefuted': return withCase(state, event.data.caseId, { refuted: true });
  }
}

function withCase(state: RecordState, caseId: string, change: Partial<CaseState>): RecordState {
  const current = state.cases.get(caseId);
  return current === undefined ? state : { ...state, cases: new Map(state.cases).set(caseId, { ...current, ...change }) };
}
