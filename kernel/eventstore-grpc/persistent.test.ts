// Persistent subscriptions as the stock client promises them, over the real wire and the embedded store.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EventStoreDBClient, eventTypeFilter, jsonEvent, persistentSubscriptionToAllSettingsFromDefaults, persistentSubscriptionToStreamSettingsFromDefaults,
  PersistentSubscriptionDoesNotExistError, PersistentSubscriptionDroppedError, PersistentSubscriptionExistsError,
  PersistentSubscriptionMaximumSubscribersReachedError, type PersistentSubscriptionToStreamSettings,
} from '@eventstore/db-client';
import { openEmbeddedStore, type EventStore } from '@oort/kernel-eventstore';
import { serveEventStore, type ServedEventStore } from './index';

let directory: string;
let store: EventStore;
let server: ServedEventStore;
let client: EventStoreDBClient;

async function open(): Promise<void> {
  store = await openEmbeddedStore({ directory });
  server = await serveEventStore({ store, port: 0 });
  client = EventStoreDBClient.connectionString(server.url);
}

async function shut(): Promise<void> {
  await client.dispose();
  await server.close();
  await store.close();
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oort-groups-'));
  await open();
});

afterEach(async () => {
  await shut();
  await rm(directory, { recursive: true, force: true });
});

type Changes = Partial<PersistentSubscriptionToStreamSettings>;
const settings = (changes: Changes = {}): PersistentSubscriptionToStreamSettings =>
  persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: 'start', ...changes });
const create = (group: string, changes: Changes = {}, stream = 'order-1'): Promise<void> => client.createPersistentSubscriptionToStream(stream, group, settings(changes));
const append = (count: number, from = 0, stream = 'order-1', type = 'Made') =>
  client.appendToStream(stream, Array.from({ length: count }, (_, n) => jsonEvent({ type, data: { n: from + n } })));
const info = (group: string, stream = 'order-1') => client.getPersistentSubscriptionToStreamInfo(stream, group);

type Subscription = ReturnType<EventStoreDBClient['subscribeToPersistentSubscriptionToStream']>;
type Delivered = Parameters<Subscription['ack']>[0] & { readonly retryCount: number };

/** A consumer that keeps what comes and answers by hand. */
class Consumer {
  readonly got: Delivered[] = [];
  error: unknown = null;

  constructor(readonly subscription: Subscription, readonly answer: (event: Delivered) => unknown = (event) => subscription.ack(event)) {
    subscription.on('data', (event) => {
      this.got.push(event);
      void answer(event);
    });
    subscription.on('error', (error: unknown) => { this.error = error; });
  }

  get numbers(): unknown[] {
    return this.got.map(({ event }) => (event?.data as { n: number } | undefined)?.n);
  }
}

const consume = (group: string, answer?: (event: Delivered, subscription: Subscription) => unknown, bufferSize = 10, stream = 'order-1'): Consumer => {
  const subscription = client.subscribeToPersistentSubscriptionToStream(stream, group, { bufferSize });
  return new Consumer(subscription, answer === undefined ? undefined : (event) => answer(event, subscription));
};
const keep = (): undefined => undefined;

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tried = 0; tried < 500; tried += 1) {
    if (await holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  expect(await holds()).toBe(true);
}

describe('a group', () => {
  test('is made once, told of, listed and deleted', async () => {
    await append(3);
    await create('workers', { maxSubscriberCount: 2, startFrom: 1n });
    await expect(create('workers')).rejects.toBeInstanceOf(PersistentSubscriptionExistsError);
    expect(await info('workers')).toMatchObject({
      eventSource: 'order-1', groupName: 'workers', settings: { ...settings({ maxSubscriberCount: 2, startFrom: 1n }) }, stats: { lastKnownEventRevision: 2n },
    });
    await create('others');
    expect((await client.listPersistentSubscriptionsToStream('order-1')).map(({ groupName }) => groupName).sort()).toEqual(['others', 'workers']);
    expect(await client.listAllPersistentSubscriptions()).toHaveLength(2);
    await client.deletePersistentSubscriptionToStream('order-1', 'workers');
    await expect(info('workers')).rejects.toBeInstanceOf(PersistentSubscriptionDoesNotExistError);
    await expect(client.deletePersistentSubscriptionToStream('order-1', 'workers')).rejects.toMatchObject({ streamName: 'order-1', groupName: 'workers' });
    await expect(client.listPersistentSubscriptionsToStream('order-9')).rejects.toBeInstanceOf(PersistentSubscriptionDoesNotExistError);
  });

  test('that does not exist cannot be consumed, updated or replayed', async () => {
    const consumer = consume('nobody');
    await until(() => consumer.error !== null);
    expect(consumer.error).toBeInstanceOf(PersistentSubscriptionDoesNotExistError);
    await expect(client.updatePersistentSubscriptionToStream('order-1', 'nobody', settings())).rejects.toBeInstanceOf(PersistentSubscriptionDoesNotExistError);
    await expect(client.replayParkedMessagesToStream('order-1', 'nobody')).rejects.toBeInstanceOf(PersistentSubscriptionDoesNotExistError);
  });

  test('takes no more consumers than it may', async () => {
    await create('few', { maxSubscriberCount: 1 });
    const [first, second] = [consume('few'), consume('few')];
    await until(() => first.error !== null || second.error !== null);
    expect([first.error, second.error].filter((error) => error !== null)).toEqual([expect.any(PersistentSubscriptionMaximumSubscribersReachedError)]);
  });

  test('drops its consumers when it is changed and when it is deleted', async () => {
    await create('changing');
    const first = consume('changing');
    await until(async () => (await info('changing')).connections.length === 1);
    await client.updatePersistentSubscriptionToStream('order-1', 'changing', settings({ maxRetryCount: 3 }));
    await until(() => first.error !== null);
    expect(first.error).toBeInstanceOf(PersistentSubscriptionDroppedError);
    expect((await info('changing')).settings.maxRetryCount).toBe(3);
    const second = consume('changing');
    await until(async () => (await info('changing')).connections.length === 1);
    await client.deletePersistentSubscriptionToStream('order-1', 'changing');
    await until(() => second.error !== null);
    expect(second.error).toBeInstanceOf(PersistentSubscriptionDroppedError);
  });
});

describe('messages', () => {
  test('from the start, then as they come, each to one of two consumers in turn', async () => {
    await append(10);
    await create('workers');
    const [first, second] = [consume('workers', keep, 20), consume('workers', keep, 20)];
    await until(async () => (await info('workers')).connections.length === 2);
    await append(10, 10);
    await until(() => first.got.length + second.got.length === 20);
    expect([...first.numbers, ...second.numbers].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(Math.min(first.got.length, second.got.length)).toBeGreaterThanOrEqual(5);
  });

  test('from the end, and from a revision', async () => {
    await append(5);
    await create('late', { startFrom: 'end' });
    await create('middle', { startFrom: 3n });
    const [late, middle] = [consume('late'), consume('middle')];
    await append(1, 5);
    await until(() => late.got.length === 1 && middle.got.length === 3);
    expect([late.numbers, middle.numbers]).toEqual([[5], [3, 4, 5]]);
  });

  test('no more than a consumer has room for', async () => {
    await append(10);
    await create('slow');
    const consumer = consume('slow', keep, 3);
    await until(() => consumer.got.length === 3);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    expect(consumer.numbers).toEqual([0, 1, 2]);
    expect((await info('slow')).connections).toEqual([expect.objectContaining({ availableSlots: 0, inFlightMessages: 3 })]);
    await consumer.subscription.ack(...consumer.got.slice(0, 2));
    await until(() => consumer.got.length === 5);
  });

  test('one after another to a single consumer while it has room', async () => {
    await append(6);
    await create('single', { consumerStrategyName: 'DispatchToSingle' });
    const first = consume('single', keep, 4);
    await until(() => first.got.length === 4);
    const second = consume('single', keep, 4);
    await until(() => second.got.length === 2);
    expect([first.numbers, second.numbers]).toEqual([[0, 1, 2, 3], [4, 5]]);
  });

  test('of one stream always to the same consumer, when they are pinned', async () => {
    for (let stream = 0; stream < 12; stream += 1) await append(3, 0, `pin-${stream}`);
    const all = await client.createPersistentSubscriptionToStream('$ce-pin', 'pinned', settings({ consumerStrategyName: 'Pinned', resolveLinkTos: true }));
    expect(all).toBeUndefined();
    const consumers = [consume('pinned', keep, 100, '$ce-pin'), consume('pinned', keep, 100, '$ce-pin')];
    await until(() => consumers.reduce((sum, { got }) => sum + got.length, 0) === 36);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    // Whoever connected first had all to himself for a moment; from here on both are there.
    for (let stream = 0; stream < 12; stream += 1) await append(3, 3, `pin-${stream}`);
    await until(() => consumers.reduce((sum, { got }) => sum + got.length, 0) === 72);
    const later = consumers.map(({ got }) => new Set(got.filter(({ event }) => (event?.data as { n: number }).n >= 3).map(({ event }) => event?.streamId)));
    expect([...later[0] ?? []].filter((stream) => later[1]?.has(stream))).toEqual([]);
    expect((later[0]?.size ?? 0) + (later[1]?.size ?? 0)).toBe(12);
  });
});

describe('an answer', () => {
  test('retry comes again with its count, and is parked when the retries are used up; a replay brings it back', async () => {
    await append(1);
    await create('retrying', { maxRetryCount: 2 });
    const consumer = consume('retrying', (event, subscription) => (event.retryCount < 2 || consumer.got.length < 4 ? subscription.nack('retry', 'not yet', event) : subscription.ack(event)));
    await until(async () => (await info('retrying')).stats.parkedMessageCount === 1n);
    expect(consumer.got.map(({ retryCount }) => retryCount)).toEqual([0, 1, 2]);
    await consumer.subscription.unsubscribe();
    const again = consume('retrying');
    await client.replayParkedMessagesToStream('order-1', 'retrying');
    await until(() => again.got.length === 1);
    expect(again.got[0]?.event).toMatchObject({ streamId: 'order-1', revision: 0n, data: { n: 0 } });
    await until(async () => (await info('retrying')).stats.parkedMessageCount === 0n);
  });

  test('park keeps the event as a link with the reason, skip forgets it', async () => {
    await append(2);
    await create('picky');
    const consumer = consume('picky', (event, subscription) => subscription.nack((event.event?.data as { n: number }).n === 0 ? 'park' : 'skip', 'wrong colour', event));
    await until(async () => consumer.got.length === 2 && (await info('picky')).stats.parkedMessageCount === 1n);
    const parked: unknown[] = [];
    for await (const { event, link } of client.readStream('$persistentsubscription-order-1::picky-parked', { resolveLinkTos: true })) parked.push([event?.data, (link?.metadata as { reason: string }).reason]);
    expect(parked).toEqual([[{ n: 0 }, 'wrong colour']]);
  });

  test('stop ends the consumer, and another goes on with what it held', async () => {
    await append(2);
    await create('stopping');
    const first = consume('stopping', (event, subscription) => subscription.nack('stop', 'enough', event), 1);
    await until(() => first.error !== null);
    const second = consume('stopping');
    await until(() => second.got.length === 2);
    expect(second.numbers).toEqual([0, 1]);
  });

  test('that does not come in time is a retry', async () => {
    await append(1);
    await create('timed', { messageTimeout: 200 });
    const consumer = consume('timed', (event, subscription) => (event.retryCount === 0 ? undefined : subscription.ack(event)));
    await until(() => consumer.got.length === 2);
    expect(consumer.got.map(({ retryCount }) => retryCount)).toEqual([0, 1]);
  });

  test('what a consumer held when it left goes to the next', async () => {
    await append(3);
    await create('leaving');
    const first = consume('leaving', keep);
    await until(() => first.got.length === 3);
    await first.subscription.unsubscribe();
    const second = consume('leaving');
    await until(() => second.got.length === 3);
    expect(second.numbers).toEqual([0, 1, 2]);
  });
});

describe('after a restart', () => {
  test('a group is still there and goes on behind its checkpoint', async () => {
    await append(20);
    await create('durable', { checkPointLowerBound: 1, checkPointAfter: 100 });
    const consumer = consume('durable');
    await until(() => consumer.got.length === 20);
    await until(async () => (await info('durable')).stats.lastCheckpointedEventRevision === 19n);
    await shut();
    await open();
    const again = consume('durable');
    await append(2, 20);
    await until(() => again.got.length >= 2);
    expect(again.numbers).toEqual([20, 21]);
  });

  test('what was not settled comes again, and what was parked stays parked', async () => {
    await append(5);
    await create('cautious', { checkPointLowerBound: 1, checkPointAfter: 100 });
    // The first is never answered, so the checkpoint cannot pass it.
    const consumer = consume('cautious', (event, subscription) => {
      const { n } = event.event?.data as { n: number };
      if (n > 0) return n === 4 ? subscription.nack('park', 'odd', event) : subscription.ack(event);
      return undefined;
    });
    await until(async () => consumer.got.length === 5 && (await info('cautious')).stats.parkedMessageCount === 1n);
    await shut();
    await open();
    const again = consume('cautious');
    await until(() => again.got.length >= 5);
    expect(again.numbers).toEqual([0, 1, 2, 3, 4]);
    expect((await info('cautious')).stats.parkedMessageCount).toBe(1n);
  });
});

test('a group of $all follows by filter, and is not fed by what groups write', async () => {
  await append(3, 0, 'order-1', 'Made');
  await client.createPersistentSubscriptionToAll('made', persistentSubscriptionToAllSettingsFromDefaults({ startFrom: 'start', checkPointLowerBound: 1, checkPointAfter: 50 }), {
    filter: eventTypeFilter({ prefixes: ['Made'] }),
  });
  await client.createPersistentSubscriptionToAll('everything', persistentSubscriptionToAllSettingsFromDefaults({ startFrom: 'start', checkPointLowerBound: 1, checkPointAfter: 50 }));
  const open = (group: string): { readonly types: string[] } => {
    const types: string[] = [];
    const subscription = client.subscribeToPersistentSubscriptionToAll(group);
    subscription.on('data', (resolved) => {
      types.push(resolved.event?.type ?? '');
      void subscription.ack(resolved);
    });
    return { types };
  };
  const [made, everything] = [open('made'), open('everything')];
  await append(2, 0, 'order-2', 'Sent');
  await append(1, 3, 'order-1', 'Made');
  await until(() => made.types.length >= 4 && everything.types.length >= 6);
  await new Promise((resolve) => { setTimeout(resolve, 400); });
  expect(made.types).toEqual(['Made', 'Made', 'Made', 'Made']);
  expect(everything.types).toEqual(['Made', 'Made', 'Made', 'Sent', 'Sent', 'Made']);
  expect((await client.getPersistentSubscriptionToAllInfo('made')).eventSource).toBe('$all');
  expect((await client.listPersistentSubscriptionsToAll()).map(({ groupName }) => groupName).sort()).toEqual(['everything', 'made']);
});
