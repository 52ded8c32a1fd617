import type { Flow } from '@oort/kernel-decider';

/** What each command may lead to. A run that cannot go on ends in TrainingRunFailed: nothing of it has to be taken back,
 *  since its jobs are charged as they complete and its weights are only contents. */
export const modelsFlow = {
  CreateModel: { events: ['ModelCreated'], refusals: ['MODEL_EXISTS'] },
  CommentOnModel: { events: ['ModelCommented'], refusals: ['UNKNOWN_MODEL', 'UNKNOWN_COMMENT'] },
  ProposeDesign: { events: ['DesignProposed'], refusals: ['UNKNOWN_MODEL'] },
  ReviewDesign: { events: ['DesignReviewed'], refusals: ['UNKNOWN_MODEL', 'NO_OPEN_PROPOSAL', 'OWN_PROPOSAL'] },
  DecideDesign: { events: ['DesignAdopted', 'DesignDeclined'], refusals: ['UNKNOWN_MODEL', 'NOT_OWNER', 'NO_OPEN_PROPOSAL', 'NOT_APPROVED'] },
  StartTrainingRun: { events: ['TrainingRunStarted'], refusals: ['RUN_EXISTS'] },
  CompleteRound: { events: ['TrainingRoundCompleted'], refusals: ['UNKNOWN_RUN', 'RUN_ENDED', 'ROUND_OUT_OF_ORDER'] },
  CompleteTrainingRun: { events: ['TrainingRunCompleted'], refusals: ['UNKNOWN_RUN', 'RUN_ENDED', 'ROUNDS_MISSING'] },
  FailTrainingRun: { events: ['TrainingRunFailed'], refusals: ['UNKNOWN_RUN', 'RUN_ENDED'] },
  PublishVersion: { events: ['ModelVersionPublished'], refusals: ['VERSION_EXISTS'] },
  DeployVersion: { events: ['DeploymentCreated'], refusals: ['DEPLOYMENT_EXISTS'] },
  AcknowledgeDeployment: { events: ['DeploymentInstalled'], refusals: ['UNKNOWN_DEPLOYMENT', 'NOT_ADDRESSED', 'ROLLED_BACK'] },
  OpenNextRing: { events: ['DeploymentRingOpened'], refusals: ['UNKNOWN_DEPLOYMENT', 'NOT_OWNER', 'ROLLED_BACK', 'LAST_RING', 'RING_NOT_INSTALLED'] },
  RollBackDeployment: { events: ['DeploymentRolledBack'], refusals: ['UNKNOWN_DEPLOYMENT', 'NOT_OWNER'] },
  ReportOfflineUsage: {
    events: ['OfflineUsageReported', 'PredictionRecorded'],
    refusals: ['UNKNOWN_DEPLOYMENT', 'NOT_ADDRESSED', 'EMPTY_PACKET', 'LICENCE_EXPIRED'],
  },
  RecordPrediction: { events: ['PredictionRecorded'], refusals: [] },
} as const satisfies Flow;
