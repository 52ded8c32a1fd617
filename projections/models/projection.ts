import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import type { PlatformEvent } from '@oort/schema';
import {
  CheckpointEntity, CommentEntity, DatasetVersionEntity, DeploymentEntity, DeviceEntity, JobEntity, ModelEntity, PredictionEntity, ProposalEntity, ReviewEntity, RoundEntity,
  RunEntity, VersionEntity,
} from './entities';

const types = [
  'ModelCreated', 'ModelCommented', 'DesignProposed', 'DesignReviewed', 'DesignAdopted', 'DesignDeclined', 'PersonForgotten', 'TrainingRunStarted', 'TrainingRoundCompleted', 'TrainingRunCompleted', 'TrainingRunFailed', 'ModelVersionPublished',
  'DeploymentCreated', 'DeploymentRingOpened', 'DeploymentInstalled', 'DeploymentRolledBack', 'OfflineUsageReported', 'PredictionRecorded',
  'JobSubmitted', 'AttemptLeased', 'AttemptCheckpointed', 'ResultRecorded', 'JobFailed',
  'DatasetVersionSealed', 'NodeEnrolled', 'ChainCallFinalised',
] as const satisfies readonly PlatformEvent['type'][];

type Read = Extract<PlatformEvent, { readonly type: (typeof types)[number] }>;
type Of<T extends Read['type']> = Extract<Read, { readonly type: T }>['data'];

export const modelsProjection: Projection = {
  name: 'models',
  version: 4,
  subscribes: types,
  entities: [
    ModelEntity, CommentEntity, ProposalEntity, ReviewEntity, RunEntity, RoundEntity, JobEntity, CheckpointEntity, VersionEntity, DeploymentEntity, PredictionEntity, DatasetVersionEntity, DeviceEntity,
  ],
  apply: (recorded, rows) => apply({ type: recorded.type, data: recorded.data } as unknown as Read, recorded, rows),
};

async function apply(event: Read, recorded: RecordedEvent, rows: Rows): Promise<void> {
  const at = recorded.metadata.occurredAt;
  const position = recorded.position.toString();
  switch (event.type) {
    case 'ModelCreated': {
      const { modelId, ...data } = event.data;
      await rows.insert(ModelEntity, { id: modelId, ...data, architecture: stored(data.architecture), forkedFrom: data.forkedFrom ?? null, hyperParameters: null, createdAt: at, position });
      return;
    }
    case 'ModelCommented': case 'DesignProposed': case 'DesignReviewed': case 'DesignAdopted': case 'DesignDeclined':
      return applyCommunity(event, at, position, rows);
    case 'PersonForgotten': return forget(event.data.accountId, rows);
    case 'TrainingRunStarted': return startRun(event.data, position, rows);
    case 'TrainingRoundCompleted': {
      const { runId, round, ...data } = event.data;
      const lists = { jobIds: [...data.jobIds], nodeIds: [...data.nodeIds] };
      await rows.insert(RoundEntity, { id: `${runId}/${String(round)}`, runId, round, ...data, ...lists, metrics: stored(data.metrics) });
      return;
    }
    case 'TrainingRunCompleted': return completeRun(event.data, rows);
    case 'TrainingRunFailed':
      await rows.update(RunEntity, { id: event.data.runId }, { status: 'FAILED', failure: event.data.reason, endedAt: at });
      return;
    case 'ModelVersionPublished': {
      const { versionId, ...data } = event.data;
      await rows.insert(VersionEntity, { id: versionId, ...data, openToAll: data.openToAll ?? false, card: stored(data.card), publishedAt: at, txHash: null, blockNumber: null, position });
      return;
    }
    case 'DeploymentCreated': case 'DeploymentRingOpened': case 'DeploymentInstalled': case 'DeploymentRolledBack': case 'OfflineUsageReported':
      return applyDeployment(event, at, position, rows);
    case 'PredictionRecorded': {
      const { predictionId, ...data } = event.data;
      await rows.insert(PredictionEntity, { id: predictionId, ...data, position });
      return;
    }
    case 'JobSubmitted': return submitJob(event.data, position, rows);
    case 'AttemptLeased':
      await rows.update(JobEntity, { id: event.data.jobId }, { status: 'LEASED', attempt: event.data.attempt, nodeId: event.data.nodeId });
      return;
    case 'ResultRecorded':
      await rows.update(JobEntity, { id: event.data.jobId }, { status: 'COMPLETED', nodeId: event.data.nodeId, output: stored(event.data.output) });
      return;
    case 'JobFailed':
      await rows.update(JobEntity, { id: event.data.jobId }, { status: 'FAILED', failure: event.data.reason });
      return;
    case 'AttemptCheckpointed': return checkpoint(event.data, position, rows);
    case 'DatasetVersionSealed': {
      const { versionId, root, manifestContentId, itemCount, licence } = event.data;
      await rows.insert(DatasetVersionEntity, { id: versionId, root, manifestContentId, itemCount, licence });
      return;
    }
    case 'NodeEnrolled':
      await rows.put(DeviceEntity, { id: event.data.nodeId, kind: event.data.kind, publicKey: event.data.publicKey });
      return;
    case 'ChainCallFinalised': return anchor(event.data, rows);
  }
}

async function startRun(data: Of<'TrainingRunStarted'>, position: string, rows: Rows): Promise<void> {
  const { runId, modelId, accountId, codeDigest, hyperParameters, seed, rounds, workers, startedAt } = data;
  await rows.insert(RunEntity, {
    id: runId, modelId, accountId, status: 'RUNNING', codeDigest, hyperParameters: stored(hyperParameters), seed, rounds, workers, startedAt, position,
    datasetVersionIds: [...data.datasetVersionIds], datasetRoots: [...data.datasetRoots], endedAt: null, metrics: null, nodeIds: [],
    modelContentId: null, modelRoot: null, manifest: null, manifestHash: null, failure: null, baseVersionId: data.baseVersionId ?? null, txHash: null, blockNumber: null,
  });
}

async function completeRun(data: Of<'TrainingRunCompleted'>, rows: Rows): Promise<void> {
  const { runId, modelContentId, modelRoot, metrics, nodeIds, manifest, manifestHash, endedAt } = data;
  await rows.update(RunEntity, { id: runId }, {
    status: 'COMPLETED', modelContentId, modelRoot, nodeIds: [...nodeIds], metrics: stored(metrics), manifest: stored(manifest), manifestHash, endedAt,
  });
}

type CommunityRead = Extract<Read, { readonly type: 'ModelCommented' | 'DesignProposed' | 'DesignReviewed' | 'DesignAdopted' | 'DesignDeclined' }>;

async function applyCommunity(event: CommunityRead, at: string, position: string, rows: Rows): Promise<void> {
  switch (event.type) {
    case 'ModelCommented': {
      const { commentId, ...data } = event.data;
      return rows.insert(CommentEntity, { id: commentId, ...data, createdAt: at, position });
    }
    case 'DesignProposed': {
      const { proposalId, architecture, hyperParameters, ...data } = event.data;
      return rows.insert(ProposalEntity, {
        id: proposalId, ...data, architecture: stored(architecture), hyperParameters: stored(hyperParameters), status: 'OPEN', createdAt: at, position,
      });
    }
    case 'DesignReviewed': {
      const { proposalId, accountId, verdict, text } = event.data;
      const said = verdict === 'approve' ? 'APPROVE' : 'REJECT';
      return rows.put(ReviewEntity, { id: `${proposalId}/${accountId}`, proposalId, accountId, verdict: said, text, reviewedAt: at, position });
    }
    case 'DesignAdopted': {
      const { modelId, proposalId, architecture, hyperParameters } = event.data;
      await rows.update(ProposalEntity, { id: proposalId }, { status: 'ADOPTED' });
      return rows.update(ModelEntity, { id: modelId }, { architecture: stored(architecture), hyperParameters: stored(hyperParameters) });
    }
    case 'DesignDeclined': return rows.update(ProposalEntity, { id: event.data.proposalId }, { status: 'DECLINED' });
  }
}

/** As the log reads without the person's key. */
const redacted = 'redacted';

async function forget(accountId: string, rows: Rows): Promise<void> {
  for (const entity of [CommentEntity, ProposalEntity, ReviewEntity] as const) await rows.update(entity, { accountId }, { text: redacted });
}

type DeploymentRead = Extract<Read, { readonly type: 'DeploymentCreated' | 'DeploymentRingOpened' | 'DeploymentInstalled' | 'DeploymentRolledBack' | 'OfflineUsageReported' }>;

async function applyDeployment(event: DeploymentRead, at: string, position: string, rows: Rows): Promise<void> {
  switch (event.type) {
    case 'DeploymentCreated': {
      const { deploymentId, nodeIds, rings, firstNodeIds, ...data } = event.data;
      await rows.insert(DeploymentEntity, {
        id: deploymentId, ...data, nodeIds: [...nodeIds], rings: [...rings ?? [100]], ring: 0, reachedNodeIds: [...firstNodeIds ?? nodeIds], installedOn: [], rolledBackBecause: null, offlinePackets: 0, offlinePredictions: 0, createdAt: at, position,
      });
      return;
    }
    case 'DeploymentRingOpened':
      await rows.update(DeploymentEntity, { id: event.data.deploymentId }, { ring: event.data.ring, reachedNodeIds: [...event.data.nodeIds] });
      return;
    case 'DeploymentInstalled': {
      const row = await rows.get(DeploymentEntity, { id: event.data.deploymentId });
      await rows.update(DeploymentEntity, { id: row.id }, { installedOn: [...row.installedOn, event.data.nodeId] });
      return;
    }
    case 'DeploymentRolledBack':
      await rows.update(DeploymentEntity, { id: event.data.deploymentId }, { rolledBackBecause: event.data.reason });
      return;
    case 'OfflineUsageReported':
      await rows.increment(DeploymentEntity, { id: event.data.deploymentId }, 'offlinePackets', 1);
      await rows.increment(DeploymentEntity, { id: event.data.deploymentId }, 'offlinePredictions', event.data.predictions);
      return;
  }
}

const subjects: readonly string[] = ['training-run', 'inference'];

async function submitJob(data: Of<'JobSubmitted'>, position: string, rows: Rows): Promise<void> {
  const { jobId, kind, subject, submitter, spec } = data;
  if (subject === null || !subjects.includes(subject.kind)) return;
  const { versionId, input, nonce } = (spec ?? {}) as Readonly<Record<string, Json | undefined>>;
  // With the spec's nonce, where it has one: that the same was asked before is nobody's to see.
  const hashOf = (asked: Json): string => sha256Hex(canonicalJson(typeof nonce === 'string' ? [nonce, asked] : asked));
  await rows.insert(JobEntity, {
    id: jobId, kind, subjectKind: subject.kind, subjectId: subject.id, submitter, versionId: typeof versionId === 'string' ? versionId : null,
    inputHash: kind === 'inference' ? hashOf(input ?? null) : null,
    inputHashes: kind === 'inference' && Array.isArray(input) ? (input as readonly Json[]).map((row) => hashOf([row])) : null,
    status: 'SUBMITTED', attempt: 0, nodeId: null, output: null, failure: null, position,
  });
}

async function checkpoint(data: Of<'AttemptCheckpointed'>, position: string, rows: Rows): Promise<void> {
  const job = await rows.findOne(JobEntity, { id: data.jobId });
  if (job === null) return;
  const { jobId, attempt, nodeId, step, contentId, previousHash, hash } = data;
  await rows.insert(CheckpointEntity, { id: position, jobId, runId: job.subjectId, attempt, nodeId, step, contentId, previousHash, hash, position });
}

async function anchor({ subject, txHash, blockNumber, status }: Of<'ChainCallFinalised'>, rows: Rows): Promise<void> {
  if (status !== 'succeeded') return;
  if (subject.kind === 'training-run') await rows.update(RunEntity, { id: subject.id }, { txHash, blockNumber });
  if (subject.kind === 'model-version') await rows.update(VersionEntity, { id: subject.id }, { txHash, blockNumber });
}

/** Columns hold objects; a bare value, which nobody writes today, is wrapped so that nothing is lost. */
function stored(json: Json): object | null {
  return json === null || typeof json === 'object' ? json : { value: json };
}
