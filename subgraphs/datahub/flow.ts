import type { Flow } from '@oort/kernel-decider';

export const missionFlow = {
  OpenMission: {
    events: ['MissionOpened'],
    refusals: ['MISSION_OPENED_ALREADY', 'MISSION_INVALID'],
  },
  RecordFunding: { events: ['MissionFunded'], refusals: ['MISSION_UNKNOWN'] },
  CloseMission: { events: ['MissionClosed'], refusals: ['MISSION_UNKNOWN', 'NOT_THE_OWNER'] },
  AddGoldItems: {
    events: ['GoldItemAdded'],
    refusals: ['MISSION_UNKNOWN', 'NOT_THE_OWNER', 'LABEL_UNKNOWN'],
  },
} as const satisfies Flow;

export const participantFlow = {
  GiveConsent: { events: ['ConsentGiven'], refusals: [] },
  AssignTasks: {
    events: ['TaskAssigned'],
    refusals: ['NO_CONSENT', 'ANNOTATOR_EXCLUDED', 'TASK_REPEATED'],
  },
  SubmitLabels: {
    events: ['LabelSubmitted'],
    refusals: ['ANNOTATOR_EXCLUDED', 'NO_LABEL_ACCEPTED'],
  },
  FlagAnnotator: { events: ['AnnotatorFlagged'], refusals: ['NOT_SPAM'] },
} as const satisfies Flow;

export const contributionFlow = {
  SubmitContribution: { events: ['ContributionSubmitted'], refusals: ['DUPLICATE'] },
  RecordPreprocessing: {
    events: ['ContributionPreprocessed', 'ContributionAccepted', 'ContributionRejected'],
    refusals: ['CONTRIBUTION_UNKNOWN'],
  },
  RejectContribution: { events: ['ContributionRejected'], refusals: ['CONTRIBUTION_UNKNOWN'] },
  WithdrawContribution: {
    events: ['ContributionWithdrawn'],
    refusals: ['CONTRIBUTION_UNKNOWN', 'NOT_THE_OWNER', 'NOT_ACCEPTED'],
  },
} as const satisfies Flow;

/** The chain call that follows is the ledger's; a version is sealed whether or not the chain has it yet. */
export const versionFlow = {
  SealVersion: {
    events: ['ItemResolved', 'DatasetVersionSealed', 'EarningsAccrued'],
    refusals: ['VERSION_SEALED_ALREADY', 'NOTHING_TO_SEAL'],
  },
} as const satisfies Flow;

export const reviewFlow = {
  RecordReview: {
    events: ['ReviewRecorded'],
    refusals: ['RATING_INVALID', 'LABEL_UNKNOWN', 'OWN_WORK', 'REVIEWED_ALREADY'],
  },
} as const satisfies Flow;
