// Read: of one stream or of all, once or for good, in either direction, and with the server's filters.
import { randomUUID } from 'node:crypto';
import { tombstoneType, type Delivery, type EventStore, type From, type RecordedEvent } from '@oort/kernel-eventstore';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { positionOf, streamOf } from './append';
import type { Access } from './access';
import { bigintOf, longOf } from './protocol';
import { Malformed, serviceError } from './refusals';
import { tooOld, truncationOf } from './stream-metadata';
import { derivedFilter, derivedLinks, derivedStream, linkTo, resolved, type MayRead, type Shown } from './derived';
import { wireFilter } from './wire-filter';
import { recordOf } from './wire-record';
import type { ReadOptions, ReadReq, Reply } from './messages';

type Call = ServerWritableStream<unknown, Reply>;

const widestWindow = 256;

export function read(store: EventStore, access: Access) {
  return (call: Call): void => {
    const { options } = call.request as ReadReq;
    const stop = new AbortController();
    call.on('cancelled', () => stop.abort());
    call.on('close', () => stop.abort());
    call.on('error', () => stop.abort());
    const stream = streamOf(options?.stream?.streamIdentifier);
    // The head is asked for at once: 'end' means the end at the time of the call.
    const head = store.head();
    head.catch(() => undefined);
    const allowed = access.requireAccess(call, options?.stream == null ? '$all' : stream, 'read');
    const mayRead = (target: string): Promise<boolean> => access.mayRead(call, target);
    allowed.then(() => run(store, call, options, head, mayRead, stop.signal)).then(() => call.end(), (error: unknown) => {
      if (!stop.signal.aborted) call.emit('error', serviceError(error, stream));
    });
  };
}

async function run(
  store: EventStore, call: Call, options: ReadOptions | null | undefined, head: Promise<bigint | null>, mayRead: MayRead, signal: AbortSignal,
): Promise<void> {
  // What is absent is null on the messages of protobufjs.
  const ofStream = options?.stream != null;
  if (options == null || (!ofStream && options.all == null)) throw new Malformed('neither a stream nor $all is named');
  const structured = options.uuidOption?.content === 'structured';
  if (options.countOption === 'subscription') {
    await write(call, { confirmation: { subscriptionId: randomUUID() } });
    const deliveries = ofStream ? followStream(store, options, await head, signal) : followAll(store, options, await head, signal);
    for await (const delivery of deliveries) await write(call, await deliveryReply(store, delivery, options, mayRead, structured));
    return;
  }
  const limit = options.countOption === 'count' ? Number(options.count.toString()) : Infinity;
  const shown = ofStream ? readStream(store, options) : readAll(store, options, await head, limit);
  let found = 0;
  for await (const one of shown) {
    if (found >= limit || signal.aborted) break;
    found += 1;
    await write(call, eventReply(await resolved(store, one, options.resolveLinks, mayRead), structured));
  }
  if (ofStream && found === 0 && limit > 0) await missing(store, call, options);
}

/** An empty answer is right of a stream that exists and has nothing where the reader looked. */
async function missing(store: EventStore, call: Call, options: ReadOptions): Promise<void> {
  const stream = streamOf(options.stream?.streamIdentifier);
  if (derivedStream(stream)) return;
  const truncation = await truncationOf(store, stream);
  for await (const event of store.read(stream, { direction: 'backwards', limit: 1 })) {
    if (event.revision >= truncation.before) return;
  }
  await write(call, { streamNotFound: { streamIdentifier: { streamName: Buffer.from(stream) } } });
}

async function* readStream(store: EventStore, options: ReadOptions): AsyncGenerator<Shown> {
  const stream = streamOf(options.stream?.streamIdentifier);
  const backwards = options.readDirection === 1;
  const { revisionOption, revision } = options.stream ?? {};
  if (!backwards && revisionOption === 'end') return;
  const from = revisionOption === 'revision' && revision !== undefined ? bigintOf(revision) : backwards && revisionOption === 'start' ? 0n : undefined;
  if (derivedStream(stream)) {
    yield* derivedLinks(store, stream, from, backwards);
    return;
  }
  const truncation = await truncationOf(store, stream);
  const first = from === undefined || from < truncation.before ? truncation.before : from;
  const events = store.read(stream, backwards ? { direction: 'backwards', ...(from === undefined ? {} : { from }) } : { from: first });
  const now = Date.now();
  for await (const event of events) {
    if (event.revision < truncation.before) return;
    if (!tooOld(event, truncation, now)) yield { event };
  }
}

async function* readAll(store: EventStore, options: ReadOptions, head: bigint | null, limit: number): AsyncGenerator<Shown> {
  const { filter, passes } = wireFilter(options);
  const { allOption, position } = options.all ?? {};
  const at = allOption === 'position' && position !== undefined ? bigintOf(position.commitPosition) : null;
  if (options.readDirection !== 1) {
    if (allOption === 'end') return;
    // A position is read from, not after.
    const from: From = at === null || at === 0n ? 'start' : { after: at - 1n };
    for await (const event of store.readAll(from, filter === undefined ? {} : { filter })) if (passes(event)) yield { event };
    return;
  }
  if (allOption === 'start' || head === null) return;
  // Backwards a position is read before; the port reads forwards only, so windows of it are turned round.
  const windowSize = limit < widestWindow ? BigInt(Math.max(1, limit)) : BigInt(widestWindow);
  for (let end = at === null || at > head ? head + 1n : at; end > 0n; end -= windowSize) {
    const window: RecordedEvent[] = [];
    const after = end - windowSize - 1n;
    for await (const event of store.readAll(after < 0n ? 'start' : { after }, filter === undefined ? {} : { filter })) {
      if (event.position >= end) break;
      if (passes(event)) window.push(event);
    }
    for (const event of window.reverse()) yield { event };
  }
}

export async function* followAll(store: EventStore, options: ReadOptions, head: bigint | null, signal: AbortSignal): AsyncGenerator<Delivery> {
  const { filter, passes } = wireFilter(options);
  const { allOption, position } = options.all ?? {};
  const from: From = allOption === 'position' && position !== undefined ? { after: bigintOf(position.commitPosition) }
    : allOption === 'end' && head !== null ? { after: head } : 'start';
  for await (const delivery of store.subscribe({ from, signal, ...(filter === undefined ? {} : { filter }) })) {
    // Checkpoints are for those who filter.
    if (delivery.kind === 'event' && !passes(delivery.event)) yield { kind: 'checkpoint', position: delivery.event.position };
    else if (delivery.kind !== 'checkpoint' || options.filterOption === 'filter') yield delivery;
  }
}

export async function* followStream(store: EventStore, options: ReadOptions, head: bigint | null, signal: AbortSignal): AsyncGenerator<Delivery | Shown> {
  const stream = streamOf(options.stream?.streamIdentifier);
  const { revisionOption, revision } = options.stream ?? {};
  const from: From = revisionOption === 'end' && head !== null ? { after: head } : 'start';
  const after = revisionOption === 'revision' && revision !== undefined ? bigintOf(revision) : -1n;
  if (derivedStream(stream)) {
    yield* followDerived(store, stream, after, revisionOption === 'end' ? head : null, signal);
    return;
  }
  const truncation = await truncationOf(store, stream);
  for await (const delivery of store.subscribe({ from, filter: { streamPrefixes: [stream] }, signal })) {
    if (delivery.kind === 'caughtUp') yield delivery;
    if (delivery.kind !== 'event' || delivery.event.stream !== stream) continue;
    if (delivery.event.revision > after && delivery.event.revision >= truncation.before) yield delivery;
    if (delivery.event.type === tombstoneType) return;
  }
}

async function* followDerived(store: EventStore, stream: string, after: bigint, head: bigint | null, signal: AbortSignal): AsyncGenerator<Delivery | Shown> {
  let next = 0n;
  for await (const delivery of store.subscribe({ from: 'start', filter: derivedFilter(stream), signal })) {
    if (delivery.kind === 'caughtUp') yield delivery;
    if (delivery.kind !== 'event') continue;
    const revision = next;
    next += 1n;
    if (revision > after && (head === null || delivery.event.position > head)) yield { event: delivery.event, link: linkTo(delivery.event, stream, revision) };
  }
}

async function deliveryReply(store: EventStore, delivery: Delivery | Shown, options: ReadOptions, mayRead: MayRead, structured: boolean): Promise<Reply> {
  if (!('kind' in delivery) || delivery.kind === 'event') return eventReply(await resolved(store, delivery, options.resolveLinks, mayRead), structured);
  return delivery.kind === 'caughtUp' ? { caughtUp: {} } : { checkpoint: positionOf(delivery.position) };
}

function eventReply({ event, link }: Shown, structured: boolean): Reply {
  return {
    event: {
      event: recordOf(event, structured),
      ...(link === undefined ? {} : { link: recordOf(link, structured) }),
      commitPosition: longOf((link ?? event).position),
    },
  };
}

/** Waits while the client does not read: memory stays flat whatever the subscriber does. */
async function write(call: Call, reply: Reply): Promise<void> {
  if (call.cancelled || call.destroyed || call.write(reply)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const name of ['drain', 'close', 'cancelled', 'error']) call.off(name, done);
      resolve();
    };
    for (const name of ['drain', 'close', 'cancelled', 'error']) call.once(name, done);
  });
}
