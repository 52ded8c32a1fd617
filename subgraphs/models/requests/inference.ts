// One image (or a text, or a list of numbers, for a network of those) through a version, on whichever node is free.
import { exampleTensor, ExampleUnreadable, ImageUnreadable } from '@oort/algorithms-training';
import type { Json } from '@oort/kernel-wire';
import { jobById, modelById, predictionById, versionById, type PredictionRow } from '@oort/projections-models';
import { faceOf } from '../face';
import { InferenceBatches } from '../inference-batches';
import { isRefusedJob, type ModelsPorts } from '../ports';
import type { PredictionWaiters } from '../prediction-waiters';
import { refuse, type Refused } from '../refusals';
import { signIn, type Actor } from './answer';

export interface InferInput { readonly versionId: string; readonly imageBase64: string; readonly mediaType: string }

const imageBytes = 1 << 20;
const lookEveryMs = 1000;
const defaultTimeoutMs = 30_000;

export class InferenceRequests {
  private readonly batches: InferenceBatches;

  constructor(private readonly ports: ModelsPorts, private readonly waiters: PredictionWaiters) {
    this.batches = new InferenceBatches(ports, (predictionId) => { waiters.expect(predictionId); });
  }

  async infer(actor: Actor, { versionId, imageBase64, mediaType }: InferInput): Promise<PredictionRow | Refused> {
    if (actor.kind !== 'account') return signIn;
    const { readModels: { database } } = this.ports;
    const version = await versionById(database, versionId);
    const model = version === null ? null : await modelById(database, version.modelId);
    if (version === null || model === null) {
      return refuse('UNKNOWN_VERSION', 'There is no such version.', versionId);
    }
    const input = readImage(imageBase64, mediaType, model.architecture as Json);
    if ('refused' in input) return input;
    try {
      const { modelContentId } = version;
      const { predictionId, jobId, done } = await this.batches.place({ accountId: actor.accountId, versionId, modelContentId, values: input.values });
      return await this.awaitPrediction(predictionId, jobId).finally(() => {
        this.waiters.forget(predictionId);
        done();
      });
    } catch (error) {
      if (isRefusedJob(error)) return refuse('INFERENCE_FAILED', error.message, error.detail);
      throw error;
    }
  }

  private async awaitPrediction(predictionId: string, jobId: string): Promise<PredictionRow | Refused> {
    const { readModels: { database }, inferenceTimeoutMs = defaultTimeoutMs } = this.ports;
    const until = Date.now() + inferenceTimeoutMs;
    while (Date.now() < until) {
      const row = await predictionById(database, predictionId);
      if (row !== null) return row;
      const job = await jobById(database, jobId);
      if (job?.status === 'FAILED') {
        return refuse('INFERENCE_FAILED', job.failure ?? 'The job failed.', { jobId });
      }
      await this.waiters.wait(predictionId, Math.min(lookEveryMs, until - Date.now()));
    }
    return refuse('INFERENCE_LATE', 'No node has answered yet; ask for the prediction later.', { predictionId, jobId });
  }
}

function readImage(imageBase64: string, mediaType: string, architecture: Json): { readonly values: readonly number[] } | Refused {
  const bytes = Buffer.from(imageBase64, 'base64');
  if (bytes.length > imageBytes) return refuse('IMAGE_UNREADABLE', 'The image is larger than 1 MiB.');
  const { input, labels } = faceOf(architecture);
  if (input === null || labels.length === 0) return refuse('NEEDS_FEEDS', 'What this version takes and answers only its file says: submit an inference job with its model and feeds.');
  try {
    return { values: [...exampleTensor(bytes, mediaType, input)] };
  } catch (error) {
    if (error instanceof ImageUnreadable || error instanceof ExampleUnreadable) return refuse('IMAGE_UNREADABLE', error.message);
    throw error;
  }
}
