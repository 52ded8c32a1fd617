// The public part of the log, in its order. A cursor is a position, so it holds for ever and on every door. What was sealed until
// an event that has happened since is public now: whoever asks for it too gets it in its old place.
import { openVisible, type EventStore, type Filter, type From, type KeyStore, type RecordedEvent } from '@oort/kernel-eventstore';
import { personalData, sealedUntil, visibilities, visibilityOf } from '@oort/schema';

export interface PublicEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly position: string;
  readonly occurredAt: string;
  readonly actor: string;
  readonly data: RecordedEvent['data'];
}

const publicTypes: Filter = { types: Object.keys(visibilities).filter((type) => visibilityOf(type) === 'public') };

const revealableTypes: Filter = { types: [...(publicTypes.types ?? []), ...Object.keys(sealedUntil)] };

/** The store as strangers see it: with no keys but those that were revealed, and nobody's personal data. */
export function strangersView(closedStore: EventStore, revealedKeys: KeyStore): EventStore {
  return openVisible(closedStore, { visibilityOf, personal: personalData, keys: revealedKeys });
}

/** Null for what is no cursor. Positions are below 2^63. */
export function placeOf(cursor: string | null | undefined): From | null {
  if (cursor === null || cursor === undefined) return 'start';
  return /^\d{1,18}$/.test(cursor) ? { after: BigInt(cursor) } : null;
}

/** One event more than `first` where there is one, so that the caller knows of a next page. */
export async function readPublic(store: EventStore, from: From, first: number): Promise<readonly PublicEvent[]> {
  const events: PublicEvent[] = [];
  for await (const event of store.readAll(from, { filter: publicTypes, limit: first + 1 })) events.push(present(event));
  return events;
}

/** With what was revealed since. Cost: it looks at what is sealed still, too. */
export async function readRevealed(store: EventStore, from: From, first: number): Promise<readonly PublicEvent[]> {
  const events: PublicEvent[] = [];
  for await (const event of store.readAll(from, { filter: revealableTypes })) {
    if (visibilityOf(event.type) === 'public' || !isStillSealed(event.data)) events.push(present(event));
    if (events.length > first) break;
  }
  return events;
}

function isStillSealed(data: RecordedEvent['data']): boolean {
  return typeof data === 'object' && data !== null && 'sealed' in data && 'key' in data;
}

/** Ends when the consumer returns or the store closes. Not a generator: one that waits for an event could not be ended. */
export function followPublic(store: EventStore, from: From): AsyncIterableIterator<PublicEvent> {
  const stop = new AbortController();
  const deliveries = store.subscribe({ from, filter: publicTypes, signal: stop.signal })[Symbol.asyncIterator]();
  const ended = { done: true, value: undefined } as const;
  return {
    async next() {
      for (;;) {
        const { done, value } = await deliveries.next();
        if (done === true || stop.signal.aborted) return ended;
        if (value.kind === 'event') return { done: false, value: present(value.event) };
      }
    },
    return() {
      stop.abort();
      return Promise.resolve(ended);
    },
    [Symbol.asyncIterator]() { return this; },
  };
}

function present({ id, type, stream, position, metadata, data }: RecordedEvent): PublicEvent {
  return { id, type, stream, position: position.toString(), occurredAt: metadata.occurredAt, actor: metadata.actor, data };
}
