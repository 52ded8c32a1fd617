import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

const schema = 'models';
const text: EntitySchemaColumnOptions = { type: 'text' };
const optionalText: EntitySchemaColumnOptions = { type: 'text', nullable: true };
const integer: EntitySchemaColumnOptions = { type: 'integer' };
const json: EntitySchemaColumnOptions = { type: 'jsonb' };
const optionalJson: EntitySchemaColumnOptions = { type: 'jsonb', nullable: true };
const optionalInteger: EntitySchemaColumnOptions = { type: 'integer', nullable: true };
const id: EntitySchemaColumnOptions = { type: 'text', primary: true };
const position: EntitySchemaColumnOptions = { type: 'numeric' };

/** A transaction that made a record final on the chain. */
export interface Anchored { txHash: string | null; blockNumber: number | null }

export interface ModelRow {
  id: string; accountId: string; name: string; architecture: object | null; licence: string; forkedFrom: string | null;
  /** Of the design that was adopted last; a run may say others. */
  hyperParameters: object | null; createdAt: string; position: string;
}
export const ModelEntity = new EntitySchema<ModelRow>({
  name: 'models_model', tableName: 'model', schema,
  columns: { id, accountId: text, name: text, architecture: json, licence: text, forkedFrom: optionalText, hyperParameters: optionalJson, createdAt: text, position },
});

export interface CommentRow { id: string; modelId: string; accountId: string; replyTo: string | null; text: string; createdAt: string; position: string }
export const CommentEntity = new EntitySchema<CommentRow>({
  name: 'models_comment', tableName: 'comment', schema,
  columns: { id, modelId: text, accountId: text, replyTo: optionalText, text, createdAt: text, position }, indices: [{ columns: ['modelId'] }],
});

export interface ProposalRow {
  id: string; modelId: string; accountId: string; architecture: object | null; hyperParameters: object | null; text: string;
  status: 'OPEN' | 'ADOPTED' | 'DECLINED'; createdAt: string; position: string;
}
export const ProposalEntity = new EntitySchema<ProposalRow>({
  name: 'models_proposal', tableName: 'design_proposal', schema,
  columns: { id, modelId: text, accountId: text, architecture: json, hyperParameters: json, text, status: text, createdAt: text, position },
  indices: [{ columns: ['modelId'] }],
});

/** The last word of each reviewer. */
export interface ReviewRow { /** proposal id "/" account */ id: string; proposalId: string; accountId: string; verdict: 'APPROVE' | 'REJECT'; text: string; reviewedAt: string; position: string }
export const ReviewEntity = new EntitySchema<ReviewRow>({
  name: 'models_review', tableName: 'design_review', schema,
  columns: { id, proposalId: text, accountId: text, verdict: text, text, reviewedAt: text, position }, indices: [{ columns: ['proposalId'] }],
});

export interface RunRow extends Anchored {
  id: string; modelId: string; accountId: string; status: 'RUNNING' | 'COMPLETED' | 'FAILED';
  datasetVersionIds: string[]; datasetRoots: string[]; codeDigest: string; hyperParameters: object | null; seed: number; rounds: number; workers: number;
  startedAt: string; endedAt: string | null; metrics: object | null; nodeIds: string[]; modelContentId: string | null; modelRoot: string | null;
  manifest: object | null; manifestHash: string | null; failure: string | null; baseVersionId: string | null; position: string;
}
export const RunEntity = new EntitySchema<RunRow>({
  name: 'models_run', tableName: 'training_run', schema,
  columns: {
    id, modelId: text, accountId: text, status: text, datasetVersionIds: json, datasetRoots: json, codeDigest: text, hyperParameters: json,
    seed: integer, rounds: integer, workers: integer, startedAt: text, endedAt: optionalText, metrics: optionalJson, nodeIds: json,
    modelContentId: optionalText, modelRoot: optionalText, manifest: optionalJson, manifestHash: optionalText, failure: optionalText, baseVersionId: optionalText,
    txHash: optionalText, blockNumber: optionalInteger, position,
  },
  indices: [{ columns: ['modelId'] }],
});

export interface RoundRow { id: string; runId: string; round: number; jobIds: string[]; nodeIds: string[]; weightsContentId: string; metrics: object | null }
export const RoundEntity = new EntitySchema<RoundRow>({
  name: 'models_round', tableName: 'training_round', schema,
  columns: { id, runId: text, round: integer, jobIds: json, nodeIds: json, weightsContentId: text, metrics: json },
  indices: [{ columns: ['runId'] }],
});

/** A job that the models domain asked for: of a training run, or one inference. */
export interface JobRow {
  id: string; kind: string; subjectKind: string; subjectId: string; submitter: string; versionId: string | null; inputHash: string | null; /** Of each row of an inference's input, as if it were alone. */ inputHashes: string[] | null;
  status: 'SUBMITTED' | 'LEASED' | 'COMPLETED' | 'FAILED'; attempt: number; nodeId: string | null; output: object | null; failure: string | null; position: string;
}
export const JobEntity = new EntitySchema<JobRow>({
  name: 'models_job', tableName: 'job', schema,
  columns: {
    id, kind: text, subjectKind: text, subjectId: text, submitter: text, versionId: optionalText, inputHash: optionalText, inputHashes: optionalJson,
    status: text, attempt: integer, nodeId: optionalText, output: optionalJson, failure: optionalText, position,
  },
  indices: [{ columns: ['subjectId'] }],
});

export interface CheckpointRow { id: string; jobId: string; runId: string; attempt: number; nodeId: string; step: number; contentId: string; previousHash: string; hash: string; position: string }
export const CheckpointEntity = new EntitySchema<CheckpointRow>({
  name: 'models_checkpoint', tableName: 'training_checkpoint', schema,
  columns: { id, jobId: text, runId: text, attempt: integer, nodeId: text, step: integer, contentId: text, previousHash: text, hash: text, position },
  indices: [{ columns: ['runId'] }],
});

export interface VersionRow extends Anchored {
  id: string; modelId: string; runId: string | null; accountId: string; publisher: string; modelContentId: string; modelRoot: string;
  card: object | null; openToAll: boolean; publishedAt: string; position: string;
}
export const VersionEntity = new EntitySchema<VersionRow>({
  name: 'models_version', tableName: 'model_version', schema,
  columns: {
    id, modelId: text, runId: optionalText, accountId: text, publisher: text, modelContentId: text, modelRoot: text, card: json, openToAll: { type: 'boolean' }, publishedAt: text,
    txHash: optionalText, blockNumber: optionalInteger, position,
  },
  indices: [{ columns: ['modelId'] }],
});

export interface DeploymentRow {
  rings: number[]; ring: number; reachedNodeIds: string[];
  id: string; versionId: string; accountId: string; nodeIds: string[]; licenceExpiresAt: string; bundleSignature: string;
  installedOn: string[]; rolledBackBecause: string | null; offlinePackets: number; offlinePredictions: number; createdAt: string; position: string;
}
export const DeploymentEntity = new EntitySchema<DeploymentRow>({
  name: 'models_deployment', tableName: 'deployment', schema,
  columns: {
    id, versionId: text, accountId: text, nodeIds: json, licenceExpiresAt: text, bundleSignature: text, installedOn: json, rings: json, ring: integer, reachedNodeIds: json,
    rolledBackBecause: optionalText, offlinePackets: integer, offlinePredictions: integer, createdAt: text, position,
  },
});

export interface PredictionRow {
  id: string; versionId: string; nodeId: string; deploymentId: string | null; jobId: string | null; inputHash: string; outputHash: string;
  label: string; predictedAt: string; position: string;
}
export const PredictionEntity = new EntitySchema<PredictionRow>({
  name: 'models_prediction', tableName: 'prediction', schema,
  columns: { id, versionId: text, nodeId: text, deploymentId: optionalText, jobId: optionalText, inputHash: text, outputHash: text, label: text, predictedAt: text, position },
  indices: [{ columns: ['versionId'] }, { columns: ['deploymentId'] }],
});

/** What a run needs to know of other domains. */
export interface DatasetVersionRow { id: string; root: string; manifestContentId: string; itemCount: number; licence: string }
export const DatasetVersionEntity = new EntitySchema<DatasetVersionRow>({
  name: 'models_dataset_version', tableName: 'dataset_version', schema,
  columns: { id, root: text, manifestContentId: text, itemCount: integer, licence: text },
});

export interface DeviceRow { id: string; kind: string; publicKey: string }
export const DeviceEntity = new EntitySchema<DeviceRow>({ name: 'models_device', tableName: 'device', schema, columns: { id, kind: text, publicKey: text } });
