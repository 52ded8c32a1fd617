import {
  EventStoreDBClient, StreamDeletedError, StreamNotFoundError, type AllStreamResolvedEvent, type ResolvedEvent, type StreamingRead,
} from '@eventstore/db-client';
import { StoreClosed, StreamDeleted, type Delivery, type EventStore, type Filter, type From, type RecordedEvent } from '@oort/kernel-eventstore';
import { appendEvents } from './append';
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

  private async* stream(stream: string, { from, limit, direction = 'forwards' }: Parameters<EventStore['read']>[1] = {}): AsyncGenerator<RecordedEvent> {
    this.mustBeOpen();
    const source = this.client.readStream(stream, {
      direction, fromRevision: from ?? (direction === 'forwards' ? 'start' : 'end'), ...maxCountOf(limit),
    });
    try {
      for await (const resolved of drained<ResolvedEvent>(source, this.readTimeoutMs)) {
        const event = recordedOf(resolved);
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
    // A position is read from, not after: the event there is known already.
    const source = this.client.readAll({
      fromPosition: start === null ? 'start' : { commit: start, prepare: start }, ...maxCountOf(limit + 1),
    });
    for await (const resolved of drained<AllStreamResolvedEvent>(source, this.readTimeoutMs)) {
      const event = recordedOf(resolved);
      if (event !== null && (start === null || event.position > start)) yield event;
    }
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
    const source = this.client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 });
    for await (const { event } of drained<AllStreamResolvedEvent>(source, this.readTimeoutMs)) return event?.position?.commit ?? null;
    return null;
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
