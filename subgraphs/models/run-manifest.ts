// The record of a run whose hash goes on chain: with it and the contents that it names, anyone can run it again.
import type { Json } from '@oort/kernel-wire';
import type { CheckpointRow } from '@oort/projections-models';
import type { ModelsEvent } from '@oort/schema/events/models';

type Run = Extract<ModelsEvent, { readonly type: 'TrainingRunStarted' }>['data'];
type Round = Extract<ModelsEvent, { readonly type: 'TrainingRoundCompleted' }>['data'];

export interface RunFacts {
  readonly run: Run;
  readonly rounds: readonly Round[];
  readonly checkpoints: readonly CheckpointRow[];
  readonly nodeIds: readonly string[];
  readonly metrics: Json;
  readonly model: { readonly modelContentId: string; readonly modelRoot: string };
  /** The picture of its losses. */
  readonly plotContentId: string;
  readonly endedAt: string;
}

export function runManifest({ run, rounds, checkpoints, nodeIds, metrics, model, plotContentId, endedAt }: RunFacts): Json {
  return {
    kind: 'oort-training-run/1',
    runId: run.runId, modelId: run.modelId,
    code: { digest: run.codeDigest, format: 'onnx-training-step' },
    datasets: run.datasetVersionIds.map((versionId, index) => ({ versionId, root: run.datasetRoots[index] ?? null })),
    exampleSetContentIds: run.exampleSetContentIds, evaluationContentId: run.evaluationContentId,
    architecture: run.architecture, hyperParameters: run.hyperParameters, seed: run.seed, workers: run.workers,
    baseVersionId: run.baseVersionId ?? null, initialWeightsContentId: run.initialWeightsContentId,
    rounds: rounds.map(({ round, jobIds, nodeIds: nodes, weightsContentId, metrics: measured }) => ({ round, jobIds, nodeIds: nodes, weightsContentId, metrics: measured })),
    checkpoints: checkpoints.map(({ jobId, attempt, nodeId, step, contentId, previousHash, hash }) => ({ jobId, attempt, nodeId, step, contentId, previousHash, hash })),
    nodeIds, metrics, model, plotContentId, startedAt: run.startedAt, endedAt,
  };
}
