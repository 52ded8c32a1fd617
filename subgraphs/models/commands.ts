import type { Command } from '@oort/kernel-decider';
import type { ModelsEvent } from '@oort/schema/events/models';

type Of<T extends ModelsEvent['type']> = Extract<ModelsEvent, { readonly type: T }>['data'];

export type ModelCommand =
  | Command<'CreateModel', Of<'ModelCreated'>>
  | Command<'CommentOnModel', Of<'ModelCommented'>>
  | Command<'ProposeDesign', Of<'DesignProposed'>>
  | Command<'ReviewDesign', Of<'DesignReviewed'>>
  | Command<'DecideDesign', { readonly modelId: string; readonly proposalId: string; readonly accountId: string; readonly adopt: boolean }>;

export type RunCommand =
  | Command<'StartTrainingRun', Of<'TrainingRunStarted'>>
  | Command<'CompleteRound', Of<'TrainingRoundCompleted'>>
  | Command<'CompleteTrainingRun', Of<'TrainingRunCompleted'>>
  | Command<'FailTrainingRun', Of<'TrainingRunFailed'>>;

export type VersionCommand = Command<'PublishVersion', Of<'ModelVersionPublished'>>;

/** An offline prediction as its device reports it. */
export interface ReportedPrediction {
  readonly predictionId: string;
  readonly inputHash: string;
  readonly outputHash: string;
  readonly label: string;
  readonly predictedAt: string;
}

export type DeploymentCommand =
  | Command<'DeployVersion', Of<'DeploymentCreated'>>
  | Command<'AcknowledgeDeployment', { readonly nodeId: string }>
  /** With `force` also while devices of the ring before have not installed it. */
  | Command<'OpenNextRing', { readonly accountId: string; readonly force: boolean }>
  | Command<'RollBackDeployment', { readonly accountId: string; readonly reason: string }>
  | Command<'ReportOfflineUsage', { readonly packetId: string; readonly nodeId: string; readonly predictions: readonly ReportedPrediction[] }>;

export type PredictionCommand = Command<'RecordPrediction', Of<'PredictionRecorded'>>;
