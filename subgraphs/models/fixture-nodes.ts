// Nodes that answer jobs as honest ones would in shape, for tests.
import { decodeWeights, encodeWeights, initialWeights, readTrainingSpec } from '@oort/algorithms-training';
import type { ContentStore } from '@oort/kernel-content';
import type { EventStore } from '@oort/kernel-eventstore';
import { canonicalJson, uuidV5, type Json } from '@oort/kernel-wire';
import type { PlatformEvent } from '@oort/schema';
import { PNG } from 'pngjs';
import type { RequestedJob } from './index';

export const labels = ['dark', 'bright'];

export interface Played { readonly store: EventStore; readonly content: ContentStore; readonly broken: ReadonlySet<string> }

export function image(level: number): Buffer {
  const png = new PNG({ width: 4, height: 4 });
  for (let index = 0; index < 16; index += 1) png.data.set([level, level, level, 255], index * 4);
  return PNG.sync.write(png);
}

export async function record(store: EventStore, stream: string, ...events: readonly PlatformEvent[]): Promise<void> {
  await store.append(stream, 'any', events.map((event) => ({
    id: uuidV5(`${stream}/${canonicalJson(event as unknown as Json)}`), type: event.type, data: event.data,
    metadata: { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
  })));
}

/** Answers a job as an honest node would in shape: weights of another seed for training, a mark, or logits. */
export async function answer({ store, content, broken }: Played, job: RequestedJob): Promise<void> {
  const nodeId = `node_${String(job.jobId.charCodeAt(10) % 3)}`;
  const stream = `job-${job.jobId}`;
  await record(store, stream, { type: 'JobSubmitted', data: { ...job, specHash: 'h', reservedMicroUsd: '1' } });
  await record(store, stream, { type: 'AttemptLeased', data: { jobId: job.jobId, attempt: 1, nodeId, fencingToken: 1, expiresAt: '' } });
  if (broken.has(job.kind)) return record(store, stream, { type: 'JobFailed', data: { jobId: job.jobId, kind: job.kind, submitter: job.submitter, reason: 'broken' } });
  if (broken.has('silent')) return;
  const { input = [[]] } = job.spec as { readonly input?: readonly (readonly number[])[] };
  let output: Json = { outputs: input.map((row) => ((row[0] ?? 1) < 0.5 ? [0.75, 0.25] : [0.25, 0.75])) };
  if (job.kind === 'evaluation') output = { examples: 2, accuracy: 1, loss: 0.1, labels, confusion: [[1, 0], [0, 1]] };
  if (job.kind === 'training') {
    const spec = readTrainingSpec(job.spec);
    decodeWeights(await content.get(spec.weightsContentId));
    await record(store, stream, { type: 'AttemptCheckpointed', data: { jobId: job.jobId, attempt: 1, nodeId, step: 5, contentId: 'c', previousHash: '', hash: 'h' } });
    const weights = initialWeights(spec.architecture, 100 * spec.seed + 10 * spec.round + spec.worker);
    output = { weightsContentId: await content.put(encodeWeights(weights)), examples: 2, steps: 10, metrics: { loss: 0.5 } };
  }
  await record(store, stream, { type: 'ResultRecorded', data: { jobId: job.jobId, kind: job.kind, nodeId, subject: job.subject, output } });
}
