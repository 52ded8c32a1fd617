// A reader that takes its time: the server waits for it, instead of filling the memory of either.
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore, type EventStore, type EventToAppend } from '@oort/kernel-eventstore';
import { serveEventStore } from '@oort/kernel-eventstore-grpc';
import { uuidV5 } from '@oort/kernel-wire';
import { openEventStoreDb } from './index';

const total = 8_000;
const embedded = memoryStore();
/** What the server has taken from its store for the reader. */
let handedOut = 0;

async function* counted<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const one of source) {
    handedOut += 1;
    yield one;
  }
}

const watched: EventStore = {
  ...embedded,
  read: (...args) => counted(embedded.read(...args)),
  readAll: (...args) => counted(embedded.readAll(...args)),
  subscribe: (...args) => counted(embedded.subscribe(...args)),
};

let server: Awaited<ReturnType<typeof serveEventStore>>;
let store: EventStore;
beforeAll(async () => {
  for (let first = 0; first < total; first += 1000) {
    await embedded.append('s-1', 'any', Array.from({ length: 1000 }, (_, n) => happened(first + n)));
  }
  server = await serveEventStore({ store: watched, port: 0 });
  store = openEventStoreDb({ connectionString: server.url });
});
afterAll(async () => {
  await store.close();
  await server.close();
});

const stop = new AbortController();
const readers: Readonly<Record<string, () => AsyncIterable<unknown>>> = {
  read: () => store.read('s-1'),
  readAll: () => store.readAll('start'),
  subscribe: () => store.subscribe({ from: 'start', signal: stop.signal }),
};

test.each(Object.keys(readers))('%s: a reader that stands still holds the server back, and gets all when it goes on', async (name) => {
  handedOut = 0;
  let seen = 0;
  for await (const _ of readers[name]?.() ?? []) {
    seen += 1;
    if (seen === 1) {
      await settled();
      // The windows of HTTP/2 and the queues of both ends.
      expect(handedOut).toBeLessThan(total / 4);
    }
    if (seen === total) break;
  }
  expect(seen).toBe(total);
});

test('a follower whose filter leaves out everything has one checkpoint waiting when it comes back, not thousands', async () => {
  const following = store.subscribe({ from: 'start', filter: { types: ['Rare'] }, signal: stop.signal })[Symbol.asyncIterator]();
  await following.next();
  for (let n = 0; n < 500; n += 1) {
    await embedded.append('s-2', 'any', [happened(total + n)]);
    await sleep(1);
  }
  await sleep(300);
  let waiting = 0;
  for (let position = -1n; position < BigInt(total + 499);) {
    const { value } = await following.next() as { readonly value: { readonly kind: string; readonly position: bigint } };
    waiting += 1;
    position = value.position;
  }
  expect(waiting).toBeLessThan(50);
  stop.abort();
  await following.next();
});

/** Until the server has handed out nothing for a while. */
async function settled(): Promise<void> {
  for (let before = -1; before !== handedOut;) {
    before = handedOut;
    await sleep(300);
  }
}

function happened(n: number): EventToAppend {
  const id = uuidV5(`slow/${n}`);
  return { id, type: 'Happened', data: { n, text: 'x'.repeat(200) }, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 } };
}
