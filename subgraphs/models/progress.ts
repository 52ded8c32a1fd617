// How a run goes, as a stream: what is known of it first, then what comes, until it ends. Followed in the log itself, so that a
// subscriber misses nothing and two see the same.
import { GraphQLError } from 'graphql';
import { decodeWeights, roundLoss } from '@oort/algorithms-training';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { Fault, type Json } from '@oort/kernel-wire';
import { runById, type RunRow } from '@oort/projections-models';
import type { ComputeEvent } from '@oort/schema/events/compute';
import type { ModelsEvent } from '@oort/schema/events/models';
import type { ModelsPorts } from './ports';
import { jobOfWorker } from './trainer';

export interface Progress {
  readonly runId: string;
  readonly kind: 'CHECKPOINT' | 'WORKER' | 'ROUND' | 'ENDED';
  readonly round: number | null;
  readonly worker: number | null;
  readonly step: number | null;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly validationLoss: number | null;
  readonly failure: string | null;
}

const types = ['AttemptCheckpointed', 'ResultRecorded', 'TrainingRoundCompleted', 'TrainingRunCompleted', 'TrainingRunFailed'] as const satisfies
  readonly (ComputeEvent | ModelsEvent)['type'][];
type Followed = Extract<ComputeEvent | ModelsEvent, { readonly type: (typeof types)[number] }>;

type Place = Pick<Progress, 'round' | 'worker'>;
const nothing = { round: null, worker: null, step: null, loss: null, accuracy: null, validationLoss: null, failure: null };

export type ProgressPorts = Pick<ModelsPorts, 'store' | 'readModels' | 'content'>;

/** Throws GraphQLError with code UNKNOWN_RUN. Ends after the run did. */
export async function followRun({ store, readModels, content }: ProgressPorts, runId: string): Promise<AsyncIterableIterator<Progress>> {
  const run = await runById(readModels.database, runId);
  if (run === null) throw new GraphQLError('There is no such run.', { extensions: { code: 'UNKNOWN_RUN' } });
  const stop = new AbortController();
  return stoppable(progressOf(run, placesOf(run), store.subscribe({ from: { after: BigInt(run.position) }, filter: { types }, signal: stop.signal }), content), stop);
}

async function* progressOf(run: RunRow, places: ReadonlyMap<string, Place>, deliveries: ReturnType<ModelsPorts['store']['subscribe']>, content: ModelsPorts['content']): AsyncGenerator<Progress, undefined> {
  for await (const delivery of deliveries) {
    if (delivery.kind !== 'event') continue;
    const item = await readEvent(run.id, places, delivery.event, content);
    if (item === null) continue;
    yield item;
    if (item.kind === 'ENDED') return undefined;
  }
  return undefined;
}

/** Null for an event of another run. */
async function readEvent(runId: string, places: ReadonlyMap<string, Place>, recorded: RecordedEvent, content: ModelsPorts['content']): Promise<Progress | null> {
  const event = { type: recorded.type, data: recorded.data } as unknown as Followed;
  const own = { ...nothing, runId };
  switch (event.type) {
    case 'AttemptCheckpointed': {
      const place = places.get(event.data.jobId);
      return place === undefined ? null : { ...own, kind: 'CHECKPOINT', ...place, step: event.data.step, loss: await lossIn(event.data.contentId, content) };
    }
    case 'ResultRecorded': {
      const place = places.get(event.data.jobId);
      const { steps, metrics } = (event.data.output ?? {}) as { readonly steps?: Json; readonly metrics?: Readonly<Record<string, Json>> };
      if (place === undefined) return null;
      const { loss, accuracy, validationLoss } = metrics ?? {};
      return { ...own, kind: 'WORKER', ...place, step: numberOf(steps), loss: numberOf(loss), accuracy: numberOf(accuracy), validationLoss: numberOf(validationLoss) };
    }
    case 'TrainingRoundCompleted':
      return event.data.runId === runId ? { ...own, kind: 'ROUND', round: event.data.round, loss: roundLoss(event.data.metrics) } : null;
    case 'TrainingRunCompleted': {
      const { accuracy, loss } = (event.data.metrics ?? {}) as { readonly accuracy?: Json; readonly loss?: Json };
      return event.data.runId === runId ? { ...own, kind: 'ENDED', accuracy: numberOf(accuracy), loss: numberOf(loss) } : null;
    }
    case 'TrainingRunFailed': return event.data.runId === runId ? { ...own, kind: 'ENDED', failure: event.data.reason } : null;
  }
}

/** A checkpoint says the sum of the losses so far and over how many steps; null when it can no longer be had. */
async function lossIn(contentId: string, content: ModelsPorts['content']): Promise<number | null> {
  try {
    const { metadata } = decodeWeights(await content.get(contentId));
    return numberOf(Number(metadata['lossSum']) / Number(metadata['step']));
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

function placesOf({ id, rounds, workers }: RunRow): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (let round = 0; round < rounds; round += 1) {
    for (let worker = 0; worker < workers; worker += 1) places.set(jobOfWorker(id, round, worker), { round, worker });
  }
  return places;
}

function numberOf(json: Json | undefined): number | null {
  return typeof json === 'number' && Number.isFinite(json) ? json : null;
}

/** A generator that waits is not ended by `return` before its wait is: the abort ends that. */
function stoppable(items: AsyncGenerator<Progress, undefined>, stop: AbortController): AsyncIterableIterator<Progress> {
  return {
    next: () => items.next(),
    return: () => {
      stop.abort();
      return items.return(undefined);
    },
    [Symbol.asyncIterator]() { return this; },
  };
}
