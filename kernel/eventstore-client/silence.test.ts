import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { memoryStore, type EventStore, type EventToAppend } from '@oort/kernel-eventstore';
import { serveEventStore } from '@oort/kernel-eventstore-grpc';
import { uuidV5 } from '@oort/kernel-wire';
import { openEventStoreDb } from './index';

const sockets = new Set<Socket>();
let silent: Server;
let store: EventStore;

/** It takes every connection, and never says a word. */
beforeAll(async () => {
  silent = createServer((socket) => { sockets.add(socket.on('error', () => undefined)); }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  store = openEventStoreDb({ connectionString: `esdb://127.0.0.1:${port}?tls=false`, appendTimeoutMs: 50, readTimeoutMs: 50 });
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  await store.close();
});

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  append: () => store.append('s-1', 'any', [happened(0)]),
  read: () => counted(store.read('s-1'), 1),
  readAll: () => counted(store.readAll('start'), 1),
  head: () => store.head(),
};

test.each(Object.keys(calls))('a server that takes connections and never answers: %s fails by its name', async (name) => {
  await expect(calls[name]?.()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
});

test('a reader may take its time with an event', async () => {
  const embedded = memoryStore();
  const server = await serveEventStore({ store: embedded, port: 0 });
  const reader = openEventStoreDb({ connectionString: server.url, readTimeoutMs: 1000 });
  await embedded.append('s-1', 'any', [happened(0), happened(1)]);
  expect(await counted(reader.read('s-1'), 1100)).toBe(2);
  await reader.close();
  await server.close();
});

async function counted(source: AsyncIterable<unknown>, pauseMs: number): Promise<number> {
  let count = 0;
  for await (const _ of source) {
    count += 1;
    await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
  }
  return count;
}

function happened(n: number): EventToAppend {
  const id = uuidV5(`silence/${n}`);
  return { id, type: 'Happened', data: { n }, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 } };
}
