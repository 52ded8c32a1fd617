// The stock client, unchanged, against our wire.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, status } from '@grpc/grpc-js';
import {
  AccessDeniedError, binaryEvent, EventStoreDBClient, eventTypeFilter, excludeSystemEvents, jsonEvent, MaxAppendSizeExceededError, StreamDeletedError,
  StreamNotFoundError, streamNameFilter, WrongExpectedVersionError, type AllStreamSubscription, type Position,
} from '@eventstore/db-client';
import { openEmbeddedStore, type EventStore } from '@oort/kernel-eventstore';
import { serveEventStore, type ServedEventStore } from './index';
import { streamsService } from './protocol';

let directory: string;
let store: EventStore;
let server: ServedEventStore;
let client: EventStoreDBClient;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oort-grpc-'));
  store = await openEmbeddedStore({ directory });
  server = await serveEventStore({ store, port: 0 });
  client = EventStoreDBClient.connectionString(server.url);
});

afterEach(async () => {
  await client.dispose();
  await server.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

interface Resolved { readonly event?: { readonly type: string; readonly streamId: string; readonly revision: bigint; readonly data: unknown } | undefined }

const made = (n: number, type = 'Made') => jsonEvent({ type, data: { n }, metadata: { trace: 't' } });
const many = (count: number, type?: string) => Array.from({ length: count }, (_, n) => made(n, type));

async function listOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

async function numbers(source: AsyncIterable<Resolved>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { event } of source) found.push((event?.data as { n: number } | undefined)?.n);
  return found;
}

describe('appending', () => {
  test('with expected revisions, and the typed error for a wrong one', async () => {
    expect(await client.appendToStream('order-1', many(2), { expectedRevision: 'no_stream' }))
      .toEqual({ success: true, nextExpectedRevision: 1n, position: { commit: 1n, prepare: 1n } });
    expect(await client.appendToStream('order-1', made(2), { expectedRevision: 1n })).toMatchObject({ nextExpectedRevision: 2n });
    const wrong = client.appendToStream('order-1', made(3), { expectedRevision: 0n });
    await expect(wrong).rejects.toBeInstanceOf(WrongExpectedVersionError);
    await expect(wrong).rejects.toMatchObject({ streamName: 'order-1', expectedVersion: 0n, actualVersion: 2n });
    await expect(client.appendToStream('order-2', made(0), { expectedRevision: 'stream_exists' })).rejects.toMatchObject({ actualVersion: 'no_stream' });
  });

  test('with credentials the client uses the single call instead of batches: the same answers', async () => {
    const login = { username: 'admin', password: 'changeit' };
    expect(await client.appendToStream('order-1', many(2), { credentials: login, expectedRevision: 'no_stream' })).toMatchObject({ nextExpectedRevision: 1n });
    await expect(client.appendToStream('order-1', made(3), { credentials: login, expectedRevision: 0n }))
      .rejects.toMatchObject({ type: 'wrong-expected-version', expectedVersion: 0n, actualVersion: 1n });
    await expect(client.appendToStream('order-1', jsonEvent({ type: 'Large', data: 'x'.repeat(5_000_000) }), { credentials: login }))
      .rejects.toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 4 * 1024 * 1024 });
  });

  test('a batch of 1,000, in pieces, is one append', async () => {
    const events = many(1000);
    expect(await client.appendToStream('batch-1', events, { batchAppendSize: 20_000 })).toMatchObject({ nextExpectedRevision: 999n });
    expect(await numbers(client.readStream('batch-1'))).toEqual(events.map((_, n) => n));
  });

  test('the same events again write nothing', async () => {
    const events = many(3);
    const first = await client.appendToStream('order-1', events, { expectedRevision: 'no_stream' });
    expect(await client.appendToStream('order-1', events, { expectedRevision: 'no_stream' })).toEqual(first);
    expect(await store.head()).toBe(2n);
  });

  test('too large, or to a stream of the server\'s own: the typed errors', async () => {
    const large = jsonEvent({ type: 'Large', data: 'x'.repeat(5_000_000) });
    await expect(client.appendToStream('large-1', large)).rejects.toBeInstanceOf(MaxAppendSizeExceededError);
    await expect(client.appendToStream('$ce-order', made(1))).rejects.toBeInstanceOf(AccessDeniedError);
  });

  test('what was sent comes back as it was: bytes, and metadata that is not ours', async () => {
    const id = randomUUID();
    const before = Date.now();
    await client.appendToStream('kept-1', [
      binaryEvent({ id, type: 'Bytes', data: Uint8Array.from([0, 255, 10]), metadata: Uint8Array.from([1, 2]) }),
      jsonEvent({ type: 'Text', data: 'ü😀', metadata: { $correlationId: 'c', other: [1] } }),
    ]);
    const [bytes, text] = await listOf(client.readStream('kept-1'));
    expect(bytes?.event).toMatchObject({ id, type: 'Bytes', isJson: false, revision: 0n, position: { commit: 0n, prepare: 0n } });
    expect([...(bytes?.event?.data as Uint8Array)]).toEqual([0, 255, 10]);
    expect([...(bytes?.event?.metadata as Uint8Array)]).toEqual([1, 2]);
    expect(text?.event).toMatchObject({ data: 'ü😀', metadata: { $correlationId: 'c', other: [1] }, isJson: true });
    expect(bytes?.event?.created.getTime()).toBeGreaterThanOrEqual(before);
    const stored = await listOf(store.read('kept-1', { from: 1n }));
    expect(stored[0]).toMatchObject({ data: 'ü😀', metadata: { actor: 'anonymous', correlationId: 'c', schemaVersion: 1 } });
  });
});

describe('reading', () => {
  test('a stream forwards and backwards, in part; one that is not there', async () => {
    await client.appendToStream('order-1', many(600));
    expect(await numbers(client.readStream('order-1', { fromRevision: 598n }))).toEqual([598, 599]);
    expect(await numbers(client.readStream('order-1', { direction: 'backwards', fromRevision: 'end', maxCount: 2 }))).toEqual([599, 598]);
    expect(await numbers(client.readStream('order-1', { direction: 'backwards', fromRevision: 1n }))).toEqual([1, 0]);
    expect(await numbers(client.readStream('order-1', { fromRevision: 600n }))).toEqual([]);
    await expect(numbers(client.readStream('nothing-1'))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  test('$all: forwards from a position, backwards before it', async () => {
    await client.appendToStream('order-1', many(700));
    const position = { commit: 3n, prepare: 3n };
    expect(await numbers(client.readAll({ fromPosition: position, maxCount: 2 }))).toEqual([3, 4]);
    expect(await numbers(client.readAll({ direction: 'backwards', fromPosition: position }))).toEqual([2, 1, 0]);
    expect(await numbers(client.readAll({ direction: 'backwards', fromPosition: 'end' }))).toEqual(Array.from({ length: 700 }, (_, n) => 699 - n));
    expect(await numbers(client.readAll())).toHaveLength(700);
  });

  test('categories and types are streams of links', async () => {
    await client.appendToStream('order-1', many(2, 'Placed'));
    await client.appendToStream('other-1', many(1, 'Placed'));
    await client.appendToStream('order-2', many(1, 'Paid'));
    const targets = async (stream: string) => (await listOf(client.readStream(stream, { resolveLinkTos: true })))
      .map(({ event, link }) => `${link?.revision} ${event?.revision}@${event?.streamId}`);
    expect(await targets('$ce-order')).toEqual(['0 0@order-1', '1 1@order-1', '2 0@order-2']);
    expect(await targets('$et-Placed')).toEqual(['0 0@order-1', '1 1@order-1', '2 0@other-1']);
    const [link] = await listOf(client.readStream('$ce-order', { direction: 'backwards', fromRevision: 'end', maxCount: 1 }));
    expect(link?.event).toMatchObject({ type: '$>', streamId: '$ce-order', revision: 2n });
    expect(Buffer.from(link?.event?.data as Uint8Array).toString()).toBe('0@order-2');
  });
});

describe('deleting', () => {
  test('softly: gone for readers, and the next event goes on counting', async () => {
    await client.appendToStream('order-1', many(2));
    await expect(client.deleteStream('order-1', { expectedRevision: 0n })).rejects.toMatchObject({ type: 'wrong-expected-version', actualVersion: 1n });
    await client.deleteStream('order-1', { expectedRevision: 1n });
    await expect(numbers(client.readStream('order-1'))).rejects.toBeInstanceOf(StreamNotFoundError);
    expect(await client.appendToStream('order-1', made(7), { expectedRevision: 'no_stream' })).toMatchObject({ nextExpectedRevision: 2n });
    expect(await numbers(client.readStream('order-1'))).toEqual([7]);
  });

  test('for good: reading and appending are refused', async () => {
    await client.appendToStream('order-1', many(2));
    await client.tombstoneStream('order-1', { expectedRevision: 1n });
    await expect(numbers(client.readStream('order-1'))).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(client.appendToStream('order-1', made(1))).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(client.tombstoneStream('order-1')).rejects.toMatchObject({ type: 'stream-deleted', streamName: 'order-1' });
  });

  test('metadata: $maxCount keeps the newest', async () => {
    await client.appendToStream('order-1', many(5));
    await client.setStreamMetadata('order-1', { maxCount: 2 });
    expect(await numbers(client.readStream('order-1'))).toEqual([3, 4]);
    expect(await client.getStreamMetadata('order-1')).toMatchObject({ metadata: { maxCount: 2 } });
  });
});

describe('subscribing', () => {
  const until = async (subscription: AllStreamSubscription, count: number): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const { event } of subscription) {
      found.push((event?.data as { n: number }).n);
      if (found.length === count) break;
    }
    await subscription.unsubscribe();
    return found;
  };

  test('to all, filtered by type, resumed from a checkpoint', async () => {
    await client.appendToStream('order-1', [made(0, 'Placed'), made(1, 'Paid'), made(2, 'Noise')]);
    const subscription = client.subscribeToAll({ filter: eventTypeFilter({ prefixes: ['P'], checkpointReached: async (_, position) => { reached(position); } }) });
    const seen: unknown[] = [];
    let caughtUp = 0;
    let checkpoint: Position = { commit: 0n, prepare: 0n };
    let enough: () => void = () => undefined;
    const done = new Promise<void>((resolve) => { enough = resolve; });
    const check = (): void => { if (caughtUp === 1 && checkpoint.commit === 2n) enough(); };
    const reached = (position: Position): void => { checkpoint = position; check(); };
    subscription.on('caughtUp', () => { caughtUp += 1; check(); });
    subscription.on('data', ({ event }) => seen.push((event?.data as { n: number }).n));
    await done;
    await subscription.unsubscribe();
    expect(seen).toEqual([0, 1]);
    await client.appendToStream('order-1', [made(3, 'Paid'), made(4, 'Noise')]);
    expect(await until(client.subscribeToAll({ fromPosition: checkpoint, filter: eventTypeFilter({ prefixes: ['P'] }) }), 1)).toEqual([3]);
  });

  test('to all, by the stream\'s name and by a regular expression', async () => {
    await client.appendToStream('order-1', made(0, 'Placed'));
    await client.appendToStream('parcel-1', made(1, 'Sent'));
    await client.setStreamMetadata('parcel-1', { maxCount: 5 });
    await client.appendToStream('order-2', made(2, 'Paid'));
    expect(await until(client.subscribeToAll({ filter: streamNameFilter({ prefixes: ['order-'] }) }), 2)).toEqual([0, 2]);
    expect(await until(client.subscribeToAll({ filter: streamNameFilter({ regex: 'l-\\d$' }) }), 1)).toEqual([1]);
    expect(await until(client.subscribeToAll({ filter: excludeSystemEvents() }), 3)).toEqual([0, 1, 2]);
  });

  test('to a stream after a revision: what is there, then what comes, and nothing of its namesakes', async () => {
    await client.appendToStream('order-1', many(3));
    await client.appendToStream('order-10', many(1));
    const subscription = client.subscribeToStream('order-1', { fromRevision: 1n });
    const found: unknown[] = [];
    for await (const { event } of subscription) {
      found.push(event?.revision);
      if (found.length === 1) await client.appendToStream('order-1', made(3));
      if (found.length === 2) break;
    }
    await subscription.unsubscribe();
    expect(found).toEqual([2n, 3n]);
  });
});

test('a client that discovers the cluster finds this node', async () => {
  const discovering = EventStoreDBClient.connectionString(`esdb+discover://127.0.0.1:${server.port}?tls=false`);
  expect(await discovering.appendToStream('order-1', made(0))).toMatchObject({ success: true });
  await discovering.dispose();
});

test('a client that breaks the protocol is told so, and the server serves on', async () => {
  const { BatchAppend, Append, Read } = streamsService;
  const raw = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const failure = async (call: { on(name: 'error', listener: (error: unknown) => void): unknown }) => new Promise((resolve) => { call.on('error', resolve); });
  const batch = raw.makeBidiStreamRequest(BatchAppend.path, BatchAppend.requestSerialize, BatchAppend.responseDeserialize);
  batch.on('data', () => undefined).write({ isFinal: true });
  expect(await failure(batch)).toMatchObject({ code: status.INVALID_ARGUMENT });
  const bytes = raw.makeBidiStreamRequest(BatchAppend.path, (value: Buffer) => value, BatchAppend.responseDeserialize);
  bytes.on('data', () => undefined).write(Buffer.from([255, 255, 255]));
  expect(await failure(bytes)).toMatchObject({ code: status.INTERNAL });
  const appended = await new Promise((resolve) => {
    raw.makeClientStreamRequest(Append.path, Append.requestSerialize, Append.responseDeserialize, (error) => { resolve(error); }).end();
  });
  expect(appended).toMatchObject({ code: status.INVALID_ARGUMENT });
  const read = raw.makeServerStreamRequest(Read.path, Read.requestSerialize, Read.responseDeserialize, {});
  expect(await failure(read.on('data', () => undefined))).toMatchObject({ code: status.INVALID_ARGUMENT });
  raw.close();
  expect(await client.appendToStream('order-1', made(0))).toMatchObject({ success: true });
});
