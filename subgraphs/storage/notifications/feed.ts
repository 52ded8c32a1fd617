// A bucket's records in the order of the log, by pull or as they come. The cursor is the place in the log, so it holds for ever, after
// restarts too; who goes on from a cursor gets every record after it at least once.
import { GraphQLError } from 'graphql';
import type { EventStore, From, RecordedEvent } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import type { Actor } from '@oort/schema';
import { destinationOf, tells } from './configuration';
import { happeningsOf, toldOf, toldTypes } from './records';
import { bucketTypes, Timeline } from './timeline';

export interface BucketEvent { readonly cursor: string; readonly eventName: string; readonly eventTime: string; readonly key: string; readonly record: Json }

export interface Asked { readonly bucket: string; /** An ARN; none is all that happens, for the bucket's owner. */ readonly destination?: string | null; readonly after?: string | null }

export interface BucketEventPage { readonly events: readonly BucketEvent[]; /** To go on from, also where nothing was found. */ readonly end: string | null; readonly more: boolean }

/** Events of all buckets that one page looks at: a busy platform costs a quiet bucket's reader more pages, and nobody a long one. */
const mostScanned = 10_000;

/** Throws GraphQLError NO_SUCH_BUCKET, BAD_CURSOR. */
export async function readBucketEvents(store: EventStore, actor: Actor, asked: Asked, first: number): Promise<BucketEventPage> {
  const reader = await readerOf(store, actor, asked);
  const events: BucketEvent[] = [];
  let [scanned, end] = [0, asked.after ?? null];
  for await (const event of store.readAll(fromOf(asked.after), { filter: { types: toldTypes }, limit: mostScanned })) {
    const told = await reader.told(event);
    if (events.length > 0 && events.length + told.length > first) return { events, end, more: true };
    events.push(...told);
    end = event.position.toString();
    scanned += 1;
  }
  return { events, end, more: scanned === mostScanned };
}

/** Throws GraphQLError NO_SUCH_BUCKET, BAD_CURSOR. Not a generator: one that waits for an event could not be ended. */
export async function followBucketEvents(store: EventStore, actor: Actor, asked: Asked): Promise<AsyncIterableIterator<BucketEvent>> {
  const reader = await readerOf(store, actor, asked);
  const stop = new AbortController();
  const deliveries = store.subscribe({ from: fromOf(asked.after), filter: { types: [...toldTypes, ...bucketTypes] }, signal: stop.signal })[Symbol.asyncIterator]();
  const waiting: BucketEvent[] = [];
  const records: AsyncIterableIterator<BucketEvent> = {
    async next() {
      for (;;) {
        const event = waiting.shift();
        if (event !== undefined) return { done: false, value: event };
        const { done, value } = await deliveries.next();
        if (done === true || stop.signal.aborted) return { done: true, value: undefined };
        if (value.kind === 'event') waiting.push(...await reader.told(value.event));
      }
    },
    return() {
      stop.abort();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() { return this; },
  };
  return records;
}

interface Reader { told(event: RecordedEvent): Promise<readonly BucketEvent[]> }

/** Another's bucket looks like none. */
async function readerOf(store: EventStore, actor: Actor, { bucket, destination = null }: Asked): Promise<Reader> {
  const timeline = await Timeline.load(store, bucket);
  const accountId = actor.kind === 'account' ? actor.accountId : null;
  if (accountId === null || !timeline.isKnownTo(accountId)) throw new GraphQLError('There is no such bucket.', { extensions: { code: 'NO_SUCH_BUCKET' } });
  return {
    async told(event) {
      if (isOfBucket(event)) {
        if (toldOf(event).data.bucket === bucket) timeline.apply(event);
        return [];
      }
      if (toldOf(event).data.bucket !== bucket) return [];
      const then = timeline.at(event.position);
      if (then?.state.status !== 'present') return [];
      const { accountId: owner, versioning } = then.state;
      const mayRead = owner === accountId || (destination !== null && destinationOf(destination)?.accountId === accountId);
      if (!mayRead) return [];
      const happenings = await happeningsOf(store, event, { owner, versioning });
      return happenings.flatMap(({ name, key, at, record }, place) => {
        const rule = then.told.rules.find((candidate) => candidate.arn === destination && tells(candidate, name, key));
        if (destination !== null && rule === undefined) return [];
        // Who goes on after the first of two of one event gets both again.
        const cursor = place === happenings.length - 1 ? event.position : event.position - 1n;
        return [{ cursor: cursor.toString(), eventName: name, eventTime: at, key, record: record(rule?.id ?? null) }];
      });
    },
  };
}

function isOfBucket({ type }: RecordedEvent): boolean { return bucketTypes.some((name) => name === type); }

function fromOf(cursor: string | null | undefined): From {
  if (cursor === null || cursor === undefined) return 'start';
  if (!/^\d{1,18}$/.test(cursor)) throw new GraphQLError('"after" is not a cursor of this feed.', { extensions: { code: 'BAD_CURSOR' } });
  return { after: BigInt(cursor) };
}
