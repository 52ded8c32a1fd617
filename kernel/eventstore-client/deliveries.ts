// A subscription as the port has it: events, checkpoints and caught-up in the order in which the server sent them, resumed
// from the last position after a lost connection (the client does not resume).
import { setTimeout as sleep } from 'node:timers/promises';
import { eventTypeFilter, streamNameFilter, type AllStreamResolvedEvent, type AllStreamSubscription, type EventStoreDBClient } from '@eventstore/db-client';
import type { Delivery, Filter } from '@oort/kernel-eventstore';
import { isConnectionLoss } from './append';
import { recordedOf } from './recorded';
import { accessFaultOf } from './unreachable';

const mostQueued = 256;
const firstPauseMs = 50;
const longestPauseMs = 2000;

type Item = Delivery | { readonly kind: 'failed'; readonly error: unknown };

export async function* resumed(client: EventStoreDBClient, start: bigint | null, filter: Filter | undefined, signal: AbortSignal): AsyncGenerator<Delivery> {
  let after = start;
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    const subscription = new Subscription(client, after, filter, signal);
    try {
      for await (const item of subscription.items()) {
        if (item.kind === 'failed') throw item.error;
        pauseMs = firstPauseMs;
        if (item.kind === 'event') after = item.event.position;
        if (item.kind === 'checkpoint') after = item.position;
        yield item.kind === 'caughtUp' ? { kind: 'caughtUp', position: after } : item;
        if (signal.aborted) return;
      }
    } catch (error) {
      if (!isConnectionLoss(error)) throw accessFaultOf(error);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    } finally {
      await subscription.stop();
    }
  }
}

class Subscription {
  private readonly source: AllStreamSubscription;
  private readonly queue: Item[] = [];
  /** What the client announced beside the events, each with the number of events that stand before it. */
  private readonly marks: { readonly behind: number; readonly item: Item }[] = [];
  private taken = 0;
  private wake: () => void = () => undefined;
  private stopped = false;

  constructor(client: EventStoreDBClient, after: bigint | null, private readonly filter: Filter | undefined, private readonly signal: AbortSignal) {
    const wireFilter = this.wireFilter();
    this.source = client.subscribeToAll({
      fromPosition: after === null ? 'start' : { commit: after, prepare: after },
      ...(wireFilter === undefined ? {} : { filter: wireFilter }),
    });
    this.source
      .on('data', (resolved: AllStreamResolvedEvent) => this.take(resolved))
      .on('caughtUp', () => this.mark({ kind: 'caughtUp', position: null }))
      .on('error', (error: Error) => this.mark({ kind: 'failed', error }))
      .on('end', () => this.mark({ kind: 'failed', error: null }));
    signal.addEventListener('abort', this.ring);
  }

  async* items(): AsyncGenerator<Item> {
    while (!this.signal.aborted) {
      const item = this.queue.shift();
      if (item !== undefined) {
        if (item.kind === 'failed' && item.error === null) return;
        yield item;
        continue;
      }
      if (this.source.isPaused()) this.source.resume();
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        if (this.queue.length > 0 || this.signal.aborted) resolve();
      });
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.signal.removeEventListener('abort', this.ring);
    // It ends by an error when the call is cancelled under it.
    this.source.on('error', () => undefined);
    await this.source.unsubscribe().catch(() => undefined);
  }

  private readonly ring = (): void => this.wake();

  private take(resolved: AllStreamResolvedEvent): void {
    if (this.stopped) return;
    this.taken += 1;
    const event = recordedOf(resolved);
    const position = event?.position ?? resolved.event?.position?.commit;
    if (event !== null && this.wanted(event)) this.queue.push({ kind: 'event', event });
    else if (position !== undefined) this.pushMark({ kind: 'checkpoint', position });
    this.pushMarks();
    if (this.queue.length >= mostQueued) this.source.pause();
    this.ring();
  }

  /** The client announces when it reads from the wire, and events may still lie in its buffer. */
  private mark(item: Item): void {
    if (this.stopped) return;
    const behind = this.taken + this.source.readableLength;
    const last = this.marks.at(-1);
    if (last?.behind === behind && areCheckpoints(last.item, item)) this.marks.pop();
    this.marks.push({ behind, item });
    this.pushMarks();
    this.ring();
  }

  private pushMarks(): void {
    for (let next = this.marks[0]; next !== undefined && next.behind <= this.taken; next = this.marks[0]) {
      this.pushMark(next.item);
      this.marks.shift();
    }
  }

  /** Of checkpoints with nothing between them the newest says it all, and a reader that takes its time has no more than one waiting. */
  private pushMark(item: Item): void {
    if (areCheckpoints(this.queue.at(-1), item)) this.queue.pop();
    this.queue.push(item);
  }

  /** The wire filters by streams or by types: of a filter by both, we do the second part. */
  private wanted(event: { readonly stream: string }): boolean {
    const { types, streamPrefixes } = this.filter ?? {};
    return types === undefined || streamPrefixes === undefined || streamPrefixes.some((prefix) => event.stream.startsWith(prefix));
  }

  private wireFilter() {
    const { types, streamPrefixes } = this.filter ?? {};
    const options = {
      checkpointInterval: 1,
      checkpointReached: (_: unknown, { commit }: { readonly commit: bigint }): void => this.mark({ kind: 'checkpoint', position: commit }),
    };
    if (types !== undefined) return eventTypeFilter({ ...options, regex: exactly(types) });
    return streamPrefixes === undefined ? undefined : streamNameFilter({ ...options, prefixes: [...streamPrefixes] });
  }
}

function areCheckpoints(one: Item | undefined, other: Item): boolean {
  return one?.kind === 'checkpoint' && other.kind === 'checkpoint';
}

/** By prefix, `Made` would find `MadeAnew` too. */
function exactly(names: readonly string[]): string {
  return `^(?:${names.map((name) => name.replace(/[^\w-]/g, '\\$&')).join('|')})$`;
}
