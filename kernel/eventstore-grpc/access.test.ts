// TLS, credentials and access control lists, seen by the stock client.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  AccessDeniedError, binaryEvent, EventStoreDBClient, jsonEvent, persistentSubscriptionToStreamSettingsFromDefaults, streamNameFilter,
} from '@eventstore/db-client';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { readUsers, serveEventStore, writeUser, type ServedEventStore } from './index';
import { streamsService } from './protocol';
import { selfSigned } from '@oort/kernel-identity/self-signed';

const tls = selfSigned();
const cheap = 16;
let directory: string;
let store: EventStore;
let server: ServedEventStore;
const clients: EventStoreDBClient[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oort-access-'));
  await writeFile(join(directory, 'ca.pem'), tls.certificate);
  const file = join(directory, 'users.json');
  await writeUser(file, { name: 'root', groups: ['$admins'] }, 'secret of root', cheap);
  await writeUser(file, { name: 'op', groups: ['$ops'] }, 'secret of op', cheap);
  await writeUser(file, { name: 'ann', groups: ['writers'] }, 'secret: of ann', cheap);
  await writeUser(file, { name: 'bob', groups: [] }, 'secret of bob', cheap);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

beforeEach(async () => {
  store = memoryStore();
  server = await serveEventStore({ store, port: 0, tls, users: readUsers(join(directory, 'users.json')) });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  await server.close();
  await store.close();
});

type Name = 'root' | 'op' | 'ann' | 'bob';
const passwords: Readonly<Record<Name, string>> = { root: 'secret of root', op: 'secret of op', ann: 'secret: of ann', bob: 'secret of bob' };

function connected(user: string, host = 'localhost', ca = 'ca.pem'): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(`esdb://${user}${host}:${server.port}?tls=true&tlsCAFile=${encodeURIComponent(join(directory, ca))}`);
  clients.push(client);
  return client;
}

const as = (name: Name): EventStoreDBClient => connected(`${name}:${encodeURIComponent(passwords[name])}@`);
const made = (n: number) => jsonEvent({ type: 'Made', data: { n } });
const nobody: readonly string[] = [];

async function typesOf(source: AsyncIterable<{ readonly event?: { readonly type: string } | undefined }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { event } of source) found.push(event?.type ?? '');
  return found;
}

const denied = (work: Promise<unknown>): Promise<void> => expect(work).rejects.toBeInstanceOf(AccessDeniedError);

describe('TLS', () => {
  test('the stock client connects by name and by address, with the certificate as its authority', async () => {
    expect(await as('ann').appendToStream('order-1', made(0))).toMatchObject({ success: true });
    expect(await typesOf(connected(`bob:${encodeURIComponent(passwords.bob)}@`, '127.0.0.1').readStream('order-1'))).toEqual(['Made']);
  });

  test('a client that discovers the cluster finds this node before it has signed in', async () => {
    const client = EventStoreDBClient.connectionString(
      `esdb+discover://bob:${encodeURIComponent(passwords.bob)}@localhost:${server.port}?tls=true&tlsCAFile=${encodeURIComponent(join(directory, 'ca.pem'))}`,
    );
    clients.push(client);
    expect(await client.appendToStream('order-1', made(0))).toMatchObject({ success: true });
  });

  test('a client that does not trust the certificate, and one in plain text, are not served', async () => {
    await writeFile(join(directory, 'other.pem'), selfSigned().certificate);
    await expect(connected('', 'localhost', 'other.pem').appendToStream('order-1', made(0))).rejects.toMatchObject({ code: status.UNAVAILABLE });
    const plain = EventStoreDBClient.connectionString(`esdb://localhost:${server.port}?tls=false`);
    clients.push(plain);
    await expect(plain.appendToStream('order-1', made(0))).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test('users without TLS, and a key of another certificate, are refused at the start', async () => {
    await expect(serveEventStore({ store, port: 0, users: new Map() })).rejects.toMatchObject({ code: 'TLS_REFUSED' });
    const wrong = { certificate: tls.certificate, privateKey: selfSigned().privateKey };
    await expect(serveEventStore({ store, port: 0, tls: wrong })).rejects.toMatchObject({ code: 'TLS_REFUSED' });
  });
});

describe('credentials', () => {
  test.each([['ann', 'wrong'], ['nobody', 'secret of bob'], ['root', '']])('%s with the password "%s" is not let in', async (name, password) => {
    const call = { credentials: { username: name, password } };
    const client = as('bob');
    await denied(client.appendToStream('order-1', made(0), call));
    await denied(typesOf(client.readStream('order-1', call)));
    await denied(client.deleteStream('order-1', call));
  });

  test('on the wire a wrong password is UNAUTHENTICATED, no credentials are PERMISSION_DENIED', async () => {
    const raw = new Client(`localhost:${server.port}`, credentials.createSsl(Buffer.from(tls.certificate)));
    const { Append } = streamsService;
    const refusal = (headers: Readonly<Record<string, string>>): Promise<unknown> => new Promise((resolve) => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      const call = raw.makeClientStreamRequest(Append.path, Append.requestSerialize, Append.responseDeserialize, metadata, (error) => { resolve(error); });
      call.write({ options: { streamIdentifier: { streamName: Buffer.from('order-1') }, any: {} } });
      call.end();
    });
    expect(await refusal({ authorization: `Basic ${Buffer.from('ann:guess').toString('base64')}` })).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await refusal({ authorization: 'Bearer token' })).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await refusal({ authorization: 'Basic' })).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await refusal({})).toMatchObject({ code: status.PERMISSION_DENIED });
    raw.close();
  });

  test('a wrong password in batches, many at once: every append fails, and the next client is served', async () => {
    const guessing = connected('ann:guess@');
    await Promise.all([0, 1, 2].map((n) => denied(guessing.appendToStream(`order-${n}`, made(n)))));
    expect(await as('ann').appendToStream('order-1', made(0))).toMatchObject({ success: true });
  });

  test('nobody is let in without a name', async () => {
    const client = connected('');
    await denied(client.appendToStream('order-1', made(0)));
    await denied(typesOf(client.readStream('order-1')));
    await denied(typesOf(client.readAll()));
  });
});

describe('access control lists', () => {
  test('user streams are everybody\'s by default, system streams and $all are for admins', async () => {
    await as('ann').appendToStream('order-1', made(0));
    expect(await typesOf(as('bob').readStream('order-1'))).toEqual(['Made']);
    for (const stream of ['$settings', '$ce-order', '$et-Made', '$mine']) await denied(typesOf(as('ann').readStream(stream)));
    await denied(as('ann').appendToStream('$settings', made(0)));
    await denied(typesOf(as('ann').readAll()));
    await denied(typesOf(as('op').readAll()));
    expect(await typesOf(as('root').readAll())).toEqual(['Made']);
    expect(await as('root').appendToStream('$mine', made(1))).toMatchObject({ success: true });
    expect(await typesOf(as('root').readStream('$ce-order', { resolveLinkTos: true }))).toEqual(['Made']);
  });

  test('each right is given to users and groups on its own', async () => {
    await as('root').setStreamMetadata('order-1', {
      acl: { readRoles: ['bob'], writeRoles: ['writers'], deleteRoles: [], metaReadRoles: ['bob'], metaWriteRoles: ['$admins'] },
    });
    await as('ann').appendToStream('order-1', made(0));
    await denied(typesOf(as('ann').readStream('order-1')));
    expect(await typesOf(as('bob').readStream('order-1'))).toEqual(['Made']);
    await denied(as('bob').appendToStream('order-1', made(1)));
    await denied(as('bob').appendToStream('order-1', made(1), { credentials: { username: 'bob', password: passwords.bob } }));
    await denied(as('bob').deleteStream('order-1'));
    await denied(as('ann').tombstoneStream('order-1'));
    expect((await as('bob').getStreamMetadata('order-1')).metadata?.acl?.readRoles).toEqual(['bob']);
    await denied(as('ann').getStreamMetadata('order-1'));
    await denied(as('bob').setStreamMetadata('order-1', {}));
    await denied(as('root').deleteStream('$$order-1'));
    expect(await as('root').deleteStream('order-1')).toBeDefined();
  });

  test('a list holds from the next call on, and survives a soft delete', async () => {
    const [ann, bob] = [as('ann'), as('bob')];
    await ann.appendToStream('order-1', made(0));
    await bob.appendToStream('order-1', made(1));
    await ann.setStreamMetadata('order-1', { acl: { readRoles: ['ann'], writeRoles: ['ann'], deleteRoles: ['ann'], metaReadRoles: ['ann'], metaWriteRoles: ['ann'] } });
    await denied(bob.appendToStream('order-1', made(2)));
    await ann.deleteStream('order-1');
    await denied(bob.appendToStream('order-1', made(2), { expectedRevision: 'no_stream' }));
    await denied(bob.setStreamMetadata('order-1', {}));
    expect(await ann.appendToStream('order-1', made(3), { expectedRevision: 'no_stream' })).toMatchObject({ success: true });
  });

  test('the stream $settings changes what holds by default, right by right', async () => {
    await as('root').appendToStream('$settings', jsonEvent({
      type: 'settings', data: { $userStreamAcl: { $w: ['writers'], $d: '$admins' }, $systemStreamAcl: { $r: ['bob'] } },
    }));
    await denied(as('bob').appendToStream('order-1', made(0)));
    await as('ann').appendToStream('order-1', made(0));
    await denied(as('ann').deleteStream('order-1'));
    expect(await typesOf(as('bob').readStream('order-1'))).toEqual(['Made']);
    expect(await typesOf(as('bob').readAll())).toEqual(['settings', 'Made']);
    await as('root').setStreamMetadata('order-1', { acl: { writeRoles: ['bob'] } as never });
    expect(await as('bob').appendToStream('order-1', made(1))).toMatchObject({ success: true });
    await denied(as('ann').appendToStream('order-1', made(2)));
  });

  test('a list that nobody can read opens nothing, and one sent as bytes holds', async () => {
    await as('ann').appendToStream('order-1', made(0));
    await as('root').appendToStream('$$order-1', jsonEvent({ type: '$metadata', data: { $acl: 'bob' } }));
    await denied(typesOf(as('bob').readStream('order-1')));
    const bytes = Buffer.from(JSON.stringify({ $acl: { $r: 'bob' } }));
    await as('root').appendToStream('$$order-1', binaryEvent({ type: '$metadata', data: bytes }));
    await denied(typesOf(as('ann').readStream('order-1')));
    expect(await typesOf(as('bob').readStream('order-1'))).toEqual(['Made']);
  });

  test('a link leads only where its reader may read', async () => {
    await as('ann').appendToStream('order-1', jsonEvent({ type: 'Made', data: { n: 0 }, metadata: { trace: 'secret' } }));
    await as('root').setStreamMetadata('order-1', { acl: { readRoles: ['ann'] } as never });
    await as('bob').appendToStream('mine', binaryEvent({ type: '$>', data: Buffer.from('0@order-1') }));
    expect(await typesOf(as('bob').readStream('mine', { resolveLinkTos: true }))).toEqual(['$>']);
    expect(await typesOf(as('ann').readStream('mine', { resolveLinkTos: true }))).toEqual(['Made']);
    await as('root').setStreamMetadata('$ce-order', { acl: { readRoles: ['$all'] } as never });
    expect(await typesOf(as('bob').readStream('$ce-order', { resolveLinkTos: true }))).toEqual(['$>']);
    for await (const { event } of as('bob').readStream('$ce-order')) expect(event?.metadata).not.toHaveProperty('trace');
    expect(await typesOf(as('ann').readStream('$ce-order', { resolveLinkTos: true }))).toEqual(['Made']);
  });

  test('appends of one client that are checked keep their order', async () => {
    const ann = as('ann');
    // Until its connection stands the client itself does not keep them in order.
    await ann.appendToStream('order-0', made(0));
    await Promise.all(Array.from({ length: 200 }, (_, n) => ann.appendToStream(n % 7 === 3 ? '$forbidden' : 'order-1', made(n)).catch(() => null)));
    const found: unknown[] = [];
    for await (const { event } of ann.readStream('order-1')) found.push((event?.data as { n: number } | undefined)?.n);
    expect(found).toEqual(Array.from({ length: 200 }, (_, n) => n).filter((n) => n % 7 !== 3));
  });
});

describe('subscriptions', () => {
  const failureOf = (subscription: { on(name: 'error', listener: (error: unknown) => void): unknown }): Promise<unknown> =>
    new Promise((resolve) => { subscription.on('error', resolve); });

  test('need the right to read, of a stream and of $all', async () => {
    await as('root').setStreamMetadata('order-1', { acl: { readRoles: ['ann'] } as never });
    expect(await failureOf(as('bob').subscribeToStream('order-1'))).toBeInstanceOf(AccessDeniedError);
    expect(await failureOf(as('bob').subscribeToAll({ filter: streamNameFilter({ prefixes: ['order-'] }) }))).toBeInstanceOf(AccessDeniedError);
    await as('ann').appendToStream('order-1', made(0)).catch(() => null);
    await as('root').setStreamMetadata('$all', { acl: { readRoles: ['bob'] } as never });
    const all = as('bob').subscribeToAll({ filter: streamNameFilter({ prefixes: ['order-'] }) });
    for await (const { event } of all) {
      expect(event?.streamId).toBe('order-1');
      break;
    }
    await all.unsubscribe();
  });

  test('persistent: groups are for $ops and $admins, consuming for who may read the stream', async () => {
    const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: 'start' });
    await as('root').setStreamMetadata('order-1', { acl: { readRoles: ['ann'], writeRoles: ['ann'] } as never });
    await as('ann').appendToStream('order-1', made(0));
    await denied(as('ann').createPersistentSubscriptionToStream('order-1', 'workers', settings));
    await as('op').createPersistentSubscriptionToStream('order-1', 'workers', settings);
    await denied(as('ann').updatePersistentSubscriptionToStream('order-1', 'workers', settings));
    await denied(as('ann').replayParkedMessagesToStream('order-1', 'workers'));
    await denied(as('ann').deletePersistentSubscriptionToStream('order-1', 'workers'));
    expect(await failureOf(as('op').subscribeToPersistentSubscriptionToStream('order-1', 'workers'))).toBeInstanceOf(AccessDeniedError);
    const consumer = as('ann').subscribeToPersistentSubscriptionToStream('order-1', 'workers');
    for await (const resolved of consumer) {
      expect(resolved.event?.data).toEqual({ n: 0 });
      const info = await as('bob').getPersistentSubscriptionToStreamInfo('order-1', 'workers');
      expect(info.connections.map(({ username }) => username)).toEqual(['ann']);
      await consumer.ack(resolved);
      break;
    }
    await consumer.unsubscribe();
    await denied(connected('').getPersistentSubscriptionToStreamInfo('order-1', 'workers'));
    await as('op').deletePersistentSubscriptionToStream('order-1', 'workers');
  });
});

describe('the file of users', () => {
  test('only its owner reads it, it holds no password, and a user can be changed', async () => {
    const file = join(directory, 'own.json');
    await writeUser(file, { name: 'eve', groups: ['a'] }, 'first password', cheap);
    await writeUser(file, { name: 'eve', groups: ['b'] }, 'second password', cheap);
    await writeUser(file, { name: '__proto__', groups: nobody }, 'third password', cheap);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toMatch(/password/);
    expect([...readUsers(file)].map(([name, { groups }]) => [name, groups])).toEqual([['eve', ['b']], ['__proto__', []]]);
  });

  test.each(['', '$admins', 'a:b', 'a\nb'])('no user is called %j', async (name) => {
    await expect(writeUser(join(directory, 'none.json'), { name, groups: [] }, 'password', cheap)).rejects.toMatchObject({ code: 'USERS_REFUSED' });
  });

  test.each(['{', '[]', '{"a": {}}', '{"a": {"groups": [], "scrypt": {"cost": 3, "salt": "", "hash": "AA=="}}}'])('%s is refused by its name', async (text) => {
    const file = join(directory, 'broken.json');
    await writeFile(file, text);
    expect(() => readUsers(file)).toThrow(expect.objectContaining({ code: 'USERS_REFUSED' }));
    await expect(writeUser(file, { name: 'eve', groups: [] }, 'password', cheap)).rejects.toMatchObject({ code: 'USERS_REFUSED' });
    expect(await readFile(file, 'utf8')).toBe(text);
  });
});
