import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, Server, ServerCredentials, status, type handleBidiStreamingCall, type handleClientStreamingCall } from '@grpc/grpc-js';
import { eventStoreContract, memoryStore, openEmbeddedStore, type EventStore, type EventToAppend } from '@oort/kernel-eventstore';
import { readUsers, serveEventStore, writeUser } from '@oort/kernel-eventstore-grpc';
import { streamsService } from '@oort/kernel-eventstore-grpc/protocol';
import { selfSigned } from '@oort/kernel-identity/self-signed';
import { Fault, uuidV5 } from '@oort/kernel-wire';
import { openEventStoreDb } from './index';

eventStoreContract('EventStoreDB through its client, against the embedded store\'s wire', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'oort-esdb-'));
  const embedded = await openEmbeddedStore({ directory });
  const server = await serveEventStore({ store: embedded, port: 0 });
  const store = openEventStoreDb({ connectionString: server.url });
  return {
    ...store,
    async close() {
      await store.close();
      await server.close();
      await embedded.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

const database = process.env['EVENTSTOREDB_URL'];
if (database !== undefined) {
  eventStoreContract('EventStoreDB at EVENTSTOREDB_URL', async () => openEventStoreDb({ connectionString: database }), { shared: true });
}

/** What the contract meets in a database that has been in use: streams of others, and somebody who goes on writing between ours. */
eventStoreContract('EventStoreDB through its client, in a store that others use', async () => {
  const used = memoryStore();
  let others = 0;
  const write = (): Promise<unknown> => used.append(`other-${others % 7}`, 'any', [happened(others += 1)]);
  for (let n = 0; n < 50; n += 1) await write();
  const server = await serveEventStore({ store: used, port: 0 });
  const writing = setInterval(() => { void write(); }, 2);
  const store = openEventStoreDb({ connectionString: server.url });
  return {
    ...store,
    async close() {
      clearInterval(writing);
      await store.close();
      await server.close();
    },
  };
}, { shared: true });

const tls = selfSigned();

/** A store behind TLS, for `platform`, who is in `$admins`, and `guest`, who is in no group. */
async function guarded(): Promise<{ readonly as: (user: string) => EventStore; close(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'oort-esdb-'));
  const [authority, users] = [join(directory, 'ca.pem'), join(directory, 'users.json')];
  await writeFile(authority, tls.certificate);
  await writeUser(users, { name: 'platform', groups: ['$admins'] }, 'its secret', 16);
  await writeUser(users, { name: 'guest', groups: [] }, 'its secret', 16);
  const embedded = await openEmbeddedStore({ directory });
  const server = await serveEventStore({ store: embedded, port: 0, tls, users: readUsers(users) });
  return {
    as: (user) => openEventStoreDb({ connectionString: `esdb://${user}@localhost:${server.port}?tls=true&tlsCAFile=${encodeURIComponent(authority)}` }),
    async close() {
      await server.close();
      await embedded.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

eventStoreContract('EventStoreDB through its client, over TLS with a password', async () => {
  const database = await guarded();
  const store = database.as('platform:its%20secret');
  return {
    ...store,
    async close() {
      await store.close();
      await database.close();
    },
  };
});

test.each(['guest:its%20secret', 'platform:guess'])('%s is refused by a typed fault, at once, wherever it has no right', async (user) => {
  const database = await guarded();
  const store = database.as(user);
  const refused = { code: 'ACCESS_REFUSED' };
  await expect(store.append('$settings', 'any', [happened(0)])).rejects.toMatchObject(refused);
  await expect(store.head()).rejects.toMatchObject(refused);
  await expect(first(store.read('$settings'))).rejects.toMatchObject(refused);
  await expect(first(store.readAll('start'))).rejects.toMatchObject(refused);
  await expect(first(store.subscribe({ from: 'start', signal: new AbortController().signal }))).rejects.toMatchObject(refused);
  await store.close();
  await database.close();
});

async function first<T>(source: AsyncIterable<T>): Promise<T | null> {
  for await (const one of source) return one;
  return null;
}

test('a lost connection: appends are repeated, and a subscription goes on where it was', async () => {
  const embedded = memoryStore();
  let server = await serveEventStore({ store: embedded, port: 0 });
  const { port } = server;
  const store = openEventStoreDb({ connectionString: server.url });
  const stop = new AbortController();
  const seen: bigint[] = [];
  const following = (async () => {
    for await (const delivery of store.subscribe({ from: 'start', signal: stop.signal })) {
      if (delivery.kind === 'event') seen.push(delivery.event.position);
      if (seen.length === 20) stop.abort();
    }
  })();
  for (let n = 0; n < 20; n += 1) {
    if (n === 10) {
      await server.close();
      const restarted = sleep(100).then(() => serveEventStore({ store: embedded, port }));
      const appended = store.append('s-1', 'any', [happened(n)]);
      server = await restarted;
      await appended;
    } else await store.append('s-1', 'any', [happened(n)]);
  }
  await following;
  expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => BigInt(n)));
  await store.close();
  await server.close();
});

test('a lost connection: a read goes on behind what it has given, forwards, backwards and over all', async () => {
  const embedded = memoryStore();
  await embedded.append('s-1', 'any', Array.from({ length: 2000 }, (_, n) => happened(n)));
  let server = await serveEventStore({ store: embedded, port: 0 });
  const { port } = server;
  const store = openEventStoreDb({ connectionString: server.url });
  const upwards = Array.from({ length: 2000 }, (_, n) => BigInt(n));
  const reads = [
    [store.read('s-1'), upwards], [store.read('s-1', { limit: 1500 }), upwards.slice(0, 1500)], [store.read('s-1', { direction: 'backwards' }), [...upwards].reverse()],
    [store.readAll('start'), upwards], [store.readAll({ after: 99n }, { limit: 1500 }), upwards.slice(100, 1600)],
  ] as const;
  for (const [source, expected] of reads) {
    const seen: bigint[] = [];
    for await (const { revision } of source) {
      seen.push(revision);
      if (seen.length !== 3) continue;
      await server.close();
      server = await serveEventStore({ store: embedded, port });
    }
    expect(seen).toEqual(expected);
  }
  await store.close();
  await server.close();
});

test('a change of leader: what the follower turns away goes to the leader that it names', async () => {
  const embedded = memoryStore();
  const leader = await serveEventStore({ store: embedded, port: 0 });
  const follower = new Server();
  const trailers = new Metadata();
  trailers.set('exception', 'not-leader');
  trailers.set('leader-endpoint-host', '127.0.0.1');
  trailers.set('leader-endpoint-port', String(leader.port));
  const turnedAway = Object.assign(new Fault('NOT_LEADER', 'not the leader'), { code: status.NOT_FOUND, details: 'not the leader', metadata: trailers });
  const append: handleClientStreamingCall<unknown, unknown> = (_call, answer) => { answer(turnedAway); };
  const batchAppend: handleBidiStreamingCall<unknown, unknown> = (call) => { call.on('data', () => { call.emit('error', turnedAway); }); };
  follower.addService(streamsService, { Append: append, BatchAppend: batchAppend });
  const port = await new Promise<number>((resolve) => { follower.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, given) => { resolve(given); }); });
  const store = openEventStoreDb({ connectionString: `esdb://127.0.0.1:${port}?tls=false` });
  await expect(store.append('s-1', 'no-stream', [happened(0)])).resolves.toMatchObject({ revision: 0n });
  expect(await first(embedded.read('s-1'))).toMatchObject({ data: { n: 0 } });
  await store.close();
  follower.forceShutdown();
  await leader.close();
});

test('nobody there: the append fails by its name, in bounded time', async () => {
  const store = openEventStoreDb({ connectionString: 'esdb://127.0.0.1:9?tls=false', appendTimeoutMs: 200 });
  await expect(store.append('s-1', 'any', [happened(0)])).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  await store.close();
});

function happened(n: number): EventToAppend {
  const id = uuidV5(`client/${n}`);
  return { id, type: 'Happened', data: { n }, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 } };
}
