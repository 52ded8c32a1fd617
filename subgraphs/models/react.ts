// What other domains' events, and this one's own, make the models domain do.
import { indexOfLargest } from '@oort/algorithms-training';
import { command, createHandler, runReaction } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { canonicalJson, deriveId, sha256Hex, type Json } from '@oort/kernel-wire';
import { jobById, modelById, versionById } from '@oort/projections-models';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { predictionDecider } from './decide/catalogue';
import { faceOf } from './face';
import { predictionOf } from './inference-batches';
import type { ModelsPorts } from './ports';
import type { PredictionWaiters } from './prediction-waiters';
import { trainerSubscribes, type Trainer } from './trainer';

type Result = Extract<ComputeEvent, { readonly type: 'ResultRecorded' }>['data'];

export async function startReactions(ports: ModelsPorts, trainer: Trainer, waiters: PredictionWaiters, signal: AbortSignal): Promise<void> {
  const { store, readModels: { database } } = ports;
  const predicted = predictionRecorder(ports, waiters);
  await runReaction({ name: 'models.training', store, database, subscribes: trainerSubscribes, react: (event) => trainer.react(event), signal });
  await runReaction({ name: 'models.predictions', store, database, subscribes: ['ResultRecorded'], react: predicted, signal });
}

/** Every answered inference becomes a prediction, whoever asked: who reads the events learns nothing about which were audits. */
export function predictionRecorder(ports: ModelsPorts, waiters: PredictionWaiters): (event: RecordedEvent) => Promise<void> {
  const { store, readModels, now } = ports;
  const handle = createHandler({ store, decider: predictionDecider, now: () => now() });
  return async (event) => {
    const { jobId, nodeId, subject, output } = event.data as unknown as Result;
    if (subject?.kind !== 'inference') return;
    await readModels.waitFor('models', event.position);
    const job = await jobById(readModels.database, jobId);
    const version = job?.versionId == null ? null : await versionById(readModels.database, job.versionId);
    const model = version === null ? null : await modelById(readModels.database, version.modelId);
    if (job === null || version === null || model === null) return;
    const { labels } = faceOf(model.architecture as Json);
    const rows = rowsOf(output);
    await Promise.all(rows.map(async (row, index) => {
      const label = labelOf(row, labels);
      if (label === null) return;
      const predictionId = predictionOf(subject.id, index, rows.length);
      const data = {
        predictionId, versionId: version.id, nodeId, deploymentId: null, jobId, inputHash: job.inputHashes?.[index] ?? job.inputHash ?? '',
        outputHash: sha256Hex(canonicalJson([row])), label, predictedAt: event.metadata.occurredAt,
      };
      const options = { actor: nodeId, now: now(), id: deriveId('command', `predicted/${event.id}/${String(index)}`), cause: event };
      const outcome = await handle(predictionId, command('RecordPrediction', data, options));
      if (!waiters.isAwaited(predictionId) || !outcome.ok) return;
      // Not awaited: the next prediction need not wait until somebody may read this one.
      void readModels.waitFor('models', outcome.position).catch(() => undefined).then(() => { waiters.tell(predictionId); });
    }));
  };
}

/** `{outputs: [[logits], ...]}`: a row for each input. */
function rowsOf(output: Json): readonly Json[] {
  const { outputs } = (output ?? {}) as { readonly outputs?: Json };
  return Array.isArray(outputs) ? outputs as readonly Json[] : [];
}

/** The label of the largest; null for an answer of another shape. */
function labelOf(row: Json, labels: readonly string[]): string | null {
  if (!Array.isArray(row) || row.length !== labels.length || !row.every((cell) => typeof cell === 'number')) return null;
  return labels[indexOfLargest(row)] ?? null;
}
