import type { DatahubEvent } from '@oort/schema/events/datahub';
import {
  budgetWei,
  type ContributionState,
  type MissionState,
  type ParticipantState,
  type ReviewState,
  type VersionState,
} from './state';

type Of<Type extends DatahubEvent['type']> = Extract<DatahubEvent, { readonly type: Type }>;

export type MissionEvent = Of<
  'MissionOpened' | 'MissionFunded' | 'MissionClosed' | 'GoldItemAdded'
>;
export type ParticipantEvent = Of<
  'ConsentGiven' | 'TaskAssigned' | 'LabelSubmitted' | 'AnnotatorFlagged'
>;
export type ContributionEvent = Of<
  | 'ContributionSubmitted'
  | 'ContributionPreprocessed'
  | 'ContributionAccepted'
  | 'ContributionRejected'
  | 'ContributionWithdrawn'
>;
export type VersionEvent = Of<'ItemResolved' | 'DatasetVersionSealed' | 'EarningsAccrued'>;
export type ReviewEvent = Of<'ReviewRecorded'>;

export function evolveMission(state: MissionState, event: MissionEvent): MissionState {
  if (event.type === 'MissionOpened')
    return { status: 'announced', mission: event.data, fundedWei: 0n, gold: new Set() };
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'MissionFunded': {
      const fundedWei = state.fundedWei + BigInt(event.data.amountWei);
      return {
        ...state,
        fundedWei,
        status:
          state.status === 'announced' && fundedWei >= budgetWei(state.mission)
            ? 'open'
            : state.status,
      };
    }
    case 'MissionClosed':
      return { ...state, status: 'closed' };
    case 'GoldItemAdded':
      return { ...state, gold: new Set(state.gold).add(event.data.itemId) };
  }
}

export function evolveParticipant(
  state: ParticipantState,
  event: ParticipantEvent,
): ParticipantState {
  switch (event.type) {
    case 'ConsentGiven':
      return { ...state, consentId: event.data.consentId };
    case 'TaskAssigned': {
      const { taskId, ...task } = event.data;
      return {
        ...state,
        tasks: new Map(state.tasks).set(taskId, { ...task, labelled: false }),
        items: new Set(state.items).add(task.itemId),
      };
    }
    case 'LabelSubmitted': {
      const task = state.tasks.get(event.data.taskId);
      return task === undefined
        ? state
        : {
            ...state,
            tasks: new Map(state.tasks).set(event.data.taskId, { ...task, labelled: true }),
          };
    }
    case 'AnnotatorFlagged':
      return { ...state, violations: event.data.violations };
  }
}

export function evolveContribution(
  state: ContributionState,
  event: ContributionEvent,
): ContributionState {
  if (event.type === 'ContributionSubmitted') return { status: 'submitted', submitted: event.data };
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'ContributionPreprocessed':
      return state;
    case 'ContributionAccepted':
      return { status: 'accepted', submitted: state.submitted, itemId: event.data.itemId };
    case 'ContributionRejected':
      return { status: 'rejected', submitted: state.submitted };
    case 'ContributionWithdrawn':
      return { status: 'withdrawn', submitted: state.submitted, itemId: event.data.itemId };
  }
}

export function evolveVersion(state: VersionState, event: VersionEvent): VersionState {
  switch (event.type) {
    case 'ItemResolved':
    case 'EarningsAccrued':
      return state;
    case 'DatasetVersionSealed':
      return { status: 'sealed' };
  }
}

export function evolveReview(state: ReviewState, event: ReviewEvent): ReviewState {
  return { reviewers: new Set(state.reviewers).add(event.data.accountId) };
}
