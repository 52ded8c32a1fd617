import {
  EventStoreDBClient, StreamDeletedError, StreamNotFoundError, type AllStreamResolvedEvent, type ResolvedEvent, type StreamingRead,
} from '@eventstore/db-client';
import { StoreClosed, StreamDeleted, type Delivery, type EventStore, type Filter, type From, type RecordedEvent } from '@oort/kernel-eventstore';
import { appendEvents, pauseAfterLoss } from './append';
import { resumed } from './deliveries';
import { recordedOf } from './recorded';
import { accessFaultOf, StoreUnreachable } from './unreachable';

export interface EventStoreDbOptions {
  /** `esdb://user:password@host:2113?tls=true&tlsCAFile=ca.pem`; without TLS the client sends no password. */
  readonly connectionString: string;
  /** How long one attempt to append may take, default 10 s. */
  readonly appendTimeoutMs?: number;
  /** How long a reader waits for the next of what it asked for, default 30 s; how long itself takes with an event does not count. */
  readonly readTimeoutMs?: number;
}

type Source<T> = StreamingRead<T>;

export function openEventStoreDb({ connectionString, appendTimeoutMs = 10_000, readTimeoutMs = 30_000 }: EventStoreDbOptions): EventStore {
  return new EventStoreDb(EventStoreDBClient.connectionString(connectionString), appendTimeoutMs, readTimeoutMs).port();
}

class EventStoreDb {
  private readonly closing = new AbortController();
  /** Subscriptions from the end learn where the end is; what is appended after the call must come after it. */
  private readonly finding = new Set<Promise<unknown>>();

  constructor(private readonly client: EventStoreDBClient, private readonly appendTimeoutMs: number, private readonly readTimeoutMs: number) {}

  port(): EventStore {
    return {
      append: async (stream, expected, events) => {
        this.mustBeOpen();
        // What the caller changes after the call is not meant.
        const copies = structuredClone(events);
        await Promise.allSettled(this.finding);
        return appendEvents(this.client, stream, expected, copies, this.appendTimeoutMs);
      },
      read: (stream, options) => this.stream(stream, options),
      readAll: (from, options) => this.all(this.startOf(from), options),
      subscribe: ({ from, filter, signal }) => this.subscription(this.startOf(from), filter, AbortSignal.any([signal, this.closing.signal])),
      head: () => this.head(),
      close: async () => {
        this.closing.abort();
        await this.client.dispose();
      },
    };
  }

  private mustBeOpen(): void {
    if (this.closing.signal.aborted) throw new StoreClosed();
  }

  private async* stream(stream: string, { from, limit = Infinity, direction = 'forwards' }: Parameters<EventStore['read']>[1] = {}): AsyncGenerator<RecordedEvent> {
    this.mustBeOpen();
    const forwards = direction === 'forwards';
    let next: bigint | 'start' | 'end' = from ?? (forwards ? 'start' : 'end');
    let left = limit;
    const source = (): Source<ResolvedEvent> | null => left <= 0 || next === -1n
      ? null
      : this.client.readStream(stream, { direction, fromRevision: next, ...maxCountOf(left) });
    try {
      for await (const resolved of repeatedRead(source, this.readTimeoutMs)) {
        const event = recordedOf(resolved);
        const revision = (resolved.link ?? resolved.event)?.revision ?? 0n;
        next = forwards ? revision + 1n : revision - 1n;
        left -= 1;
        if (event !== null) yield event;
      }
    } catch (error) {
      if (error instanceof StreamDeletedError) throw new StreamDeleted(stream);
      if (!(error instanceof StreamNotFoundError)) throw error;
    }
  }

  private async* all(
    starting: Promise<bigint | null>, { filter, limit = Infinity }: { readonly filter?: Filter; readonly limit?: number } = {},
  ): AsyncGenerator<RecordedEvent> {
    this.mustBeOpen();
    const start = await starting;
    let left = limit;
    for await (const event of filter === undefined ? this.unfiltered(start, limit) : this.filtered(start, filter)) {
      if (left <= 0) return;
      left -= 1;
      yield event;
      if (left === 0) return;
    }
  }

  private async* unfiltered(start: bigint | null, limit: number): AsyncGenerator<RecordedEvent> {
    let after = start;
    // A position is read from, not after: the event there is known already.
    const source = (): Source<AllStreamResolvedEvent> => this.client.readAll({
      fromPosition: after === null ? 'start' : { commit: after, prepare: after }, ...maxCountOf(limit + 1),
    });
    let seen: number;
    do {
      seen = 0;
      for await (const resolved of repeatedRead(source, this.readTimeoutMs)) {
        seen += 1;
        const position = resolved.event?.position?.commit;
        if (position === undefined || (after !== null && position <= after)) continue;
        after = position;
        const event = recordedOf(resolved);
        if (event !== null) yield event;
      }
    } while (seen > limit);
  }

  /** Reading takes no filter in this client, so it follows until it has caught up. */
  private async* filtered(start: bigint | null, filter: Filter): AsyncGenerator<RecordedEvent> {
    for await (const delivery of resumed(this.client, start, filter, this.closing.signal)) {
      if (delivery.kind === 'event') yield delivery.event;
      if (delivery.kind === 'caughtUp') return;
    }
  }

  private async* subscription(starting: Promise<bigint | null>, filter: Filter | undefined, signal: AbortSignal): AsyncGenerator<Delivery> {
    yield* resumed(this.client, await starting, filter, signal);
  }

  private startOf(from: From): Promise<bigint | null> {
    if (from === 'start') return Promise.resolve(null);
    if (from !== 'end') return Promise.resolve(from.after);
    const head = this.head();
    const found = head.catch(() => null).finally(() => { this.finding.delete(found); });
    this.finding.add(found);
    return head;
  }

  private async head(): Promise<bigint | null> {
    this.mustBeOpen();
    const source = (): Source<AllStreamResolvedEvent> => this.client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 });
    for await (const { event } of repeatedRead(source, this.readTimeoutMs)) return event?.position?.commit ?? null;
    return null;
  }
}

/** What `source` gives until it ends; when the connection is lost, what it gives next. `source` asks behind what was given, or says null. */
async function* repeatedRead<T>(source: () => Source<T> | null, timeoutMs: number): AsyncGenerator<T> {
  for (let lost = 0; ;) {
    try {
      const current = source();
      if (current === null) return;
      for await (const one of drained(current, timeoutMs)) {
        lost = 0;
        yield one;
      }
      return;
    } catch (error) {
      // It had its time.
      if (error instanceof StoreUnreachable) throw error;
      lost += 1;
      await pauseAfterLoss(error, lost);
    }
  }
}

/** The client does not end the call of a reader that stops early, and sets no deadline of its own to a read. */
async function* drained<T>(source: Source<T>, timeoutMs: number): AsyncGenerator<T> {
  let ended = false;
  let waiting = true;
  const watch = setTimeout(() => {
    if (waiting) source.destroy(new StoreUnreachable(`nothing more to read within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    for await (const one of source) {
      waiting = false;
      yield one;
      waiting = true;
      watch.refresh();
    }
    ended = true;
  } catch (error) {
    throw accessFaultOf(error);
  } finally {
    clearTimeout(watch);
    if (!ended) {
      source.on('error', () => undefined);
      await source.cancel().catch(() => undefined);
    }
  }
}

function maxCountOf(limit: number | undefined): { readonly maxCount?: number } {
  return limit === undefined || limit === Infinity ? {} : { maxCount: limit };
}
