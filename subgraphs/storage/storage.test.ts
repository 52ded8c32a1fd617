// The write side over real piece servers: acknowledged bytes survive dead, empty and rotten nodes.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql } from 'graphql';
import { checkCertificate, settlementStatement } from '@oort/algorithms-possession';
import { contentIdOf, ContentMissing } from '@oort/kernel-content';
import { fileKeyStore, memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey, verifySignature, type DeviceKey } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { answerableWithoutChain, startTestNodes, type TestNode } from '@oort/node-agents-agent/pieces/fixture-nodes';
import { objectsProjection } from '@oort/projections-objects';
import type { Actor } from '@oort/schema';
import { PieceRefused } from './data-path/faults';
import { createContentStore, createStorageSubgraph, DataPath, StorageUnavailable, type StorageSubgraph, type StoredVersion } from './index';
import { loadObject } from './load-object';

const now = (): Date => new Date();
const account = 'account_1';
let directory: string;
let postgres: TestDatabase;
let store: EventStore;
let readModels: OpenReadModels;
let nodes: TestNode[];
let dataPath: DataPath;
let storage: StorageSubgraph;
let platformKey: DeviceKey;
let stop: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'storage-'));
  postgres = await testPostgres();
  store = memoryStore();
  readModels = await openReadModels({ url: postgres.url, projections: [objectsProjection], store });
  stop = new AbortController();
  await readModels.start(stop.signal);
  platformKey = newDeviceKey();
  nodes = await startTestNodes(6, directory, platformKey.publicKey);
  dataPath = new DataPath({ nodes: () => Promise.resolve(nodes.map((node) => node.shown())), platformKey, now });
  storage = await createStorageSubgraph({
    store, readModels, dataPath, keys: fileKeyStore(join(directory, 'keys')), now, repair: { awayMs: 0, orphanMs: 0, sweepMs: 0 },
  });
  await storage.objects.createBucket(account, 'bucket');
});

afterEach(async () => {
  stop.abort();
  await readModels.close();
  await postgres.stop();
  await dataPath.close();
  await Promise.all(nodes.map((node) => node.kill()));
  await rm(directory, { recursive: true, force: true });
});

async function put(key: string, bytes: Buffer): Promise<StoredVersion> {
  const done = await storage.objects.put({
    accountId: account, bucket: 'bucket', key, body: chunksOf(bytes), contentType: 'application/octet-stream', userMetadata: {}, checksums: () => ({}), condition: {},
  });
  if (!done.ok) throw new RangeError(done.refusal.code);
  return done.value;
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += 100_000) yield bytes.subarray(offset, offset + 100_000);
}

async function read(key: string, start?: number, end?: number): Promise<Buffer> {
  const object = await storage.objects.find('bucket', key);
  if (object === null) throw new RangeError(`no ${key}`);
  const chunks: Buffer[] = [];
  for await (const chunk of storage.objects.read(object.version, start, end)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function piecesOf(key: string): Promise<readonly (readonly string[])[]> {
  const { state } = await loadObject(store, 'bucket', key);
  return state.status === 'absent' || state.status === 'marker' ? [] : state.version.segments.map(({ pieces }) => pieces.map(({ nodeId }) => nodeId));
}

async function turnsUntil(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200 && !(await holds()); turn += 1) {
    await storage.repair.runOnce();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function untilPieces(key: string, count: number): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    await storage.repair.runOnce();
    if ((await piecesOf(key)).every((holders) => new Set(holders).size === count)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect((await piecesOf(key)).map((holders) => new Set(holders).size)).toEqual([count]);
}

it.each([0, 1, 1024, 65_536, 65_537, 3_000_000, 9_000_000])('an object of %i bytes comes back, whole and in ranges', async (size) => {
  const bytes = randomBytes(size);
  const version = await put('a', bytes);
  expect(version.contentId).toBe(contentIdOf(bytes));
  expect((await read('a')).equals(bytes)).toBe(true);
  for (const [start, end] of [[0, 1], [65_530, 65_540], [8_388_600, 8_388_620], [size - 1, size]] as const) {
    if (start >= 0 && end <= size) expect((await read('a', start, end)).equals(bytes.subarray(start, end))).toBe(true);
  }
});

it('lies encrypted, three of six on six operators, and small objects as four replicas', async () => {
  const bytes = Buffer.alloc(200_000, 'secret text ');
  await put('large', bytes);
  await put('small', Buffer.alloc(5000, 'secret text '));
  await untilPieces('large', 6);
  const small = await loadObject(store, 'bucket', 'small');
  expect(small.state).toMatchObject({ version: { segments: [{ k: 1, n: 4 }] } });
  const large = await loadObject(store, 'bucket', 'large');
  expect(large.state).toMatchObject({ version: { segments: [{ k: 3, n: 6 }] } });
  expect((await dataPath.sealedBytes((large.state as unknown as { version: StoredVersion }).version.segments[0]!, account)).includes('secret')).toBe(false);
});

it('reads on with three nodes dead that nobody knows to be dead, and with nodes that rot', async () => {
  const bytes = randomBytes(700_000);
  await put('a', bytes);
  await untilPieces('a', 6);
  for (const node of nodes.slice(0, 2)) await node.kill();
  nodes[2]!.rotten = true;
  expect((await read('a')).equals(bytes)).toBe(true);
});

it('reports a rotten piece at the first read and rebuilds it', async () => {
  const bytes = randomBytes(300_000);
  await put('a', bytes);
  await untilPieces('a', 6);
  const rotten = nodes[1]!;
  const before = await rotten.pieceIds();
  rotten.rotten = true;
  for (let turn = 0; turn < 20 && (await piecesOf('a'))[0]?.length === 6; turn += 1) await read('a').then(() => storage.repair.runOnce());
  rotten.rotten = false;
  await untilPieces('a', 6);
  expect(await rotten.pieceIds()).not.toEqual(before);
  expect((await read('a')).equals(bytes)).toBe(true);
});

it('writes with one node of six dead, and places the sixth piece when it is back', async () => {
  const away = nodes[3]!;
  await away.kill();
  away.online = false;
  const bytes = randomBytes(400_000);
  await put('a', bytes);
  expect((await piecesOf('a'))[0]?.length).toBe(5);
  await away.start();
  await untilPieces('a', 6);
  expect((await piecesOf('a'))[0]).toContain(away.nodeId);
});

it('falls back to replicas while too few nodes are there for the code', async () => {
  for (const node of nodes.slice(0, 2)) { await node.kill(); node.online = false; }
  const bytes = randomBytes(400_000);
  expect((await put('a', bytes)).segments).toMatchObject([{ k: 1, n: 4 }]);
  expect((await read('a')).equals(bytes)).toBe(true);
});

it('gives a suspended node nothing new, and moves what it has', async () => {
  await put('a', randomBytes(1000));
  await untilPieces('a', 4);
  const [holder] = (await piecesOf('a'))[0] ?? [];
  const suspended = nodes.find(({ nodeId }) => nodeId === holder)!;
  suspended.status = 'suspended';
  await new Promise((resolve) => setTimeout(resolve, 600));
  for (let turn = 0; turn < 3; turn += 1) await storage.repair.runOnce();
  expect((await piecesOf('a'))[0]).not.toContain(holder);
  expect((await piecesOf('a'))[0]).toHaveLength(4);
  expect((await put('b', randomBytes(100_000))).segments[0]?.pieces.map(({ nodeId }) => nodeId)).not.toContain(holder);
});

it('copies what a draining node has to others, and leaves it empty while every object has all its pieces', async () => {
  nodes.push(...await startTestNodes(1, join(directory, 'more'), platformKey.publicKey, 7));
  for (let index = 0; index < 6; index += 1) await put(`small-${index}`, randomBytes(500));
  const large = randomBytes(1_000_000);
  await put('large', large);
  await untilPieces('large', 6);
  const leaver = nodes[1]!;
  leaver.status = 'draining';
  await turnsUntil(async () => (await leaver.pieceIds()).length === 0);
  expect(await leaver.pieceIds()).toEqual([]);
  await leaver.kill();
  expect((await piecesOf('large')).map((holders) => new Set(holders).size)).toEqual([6]);
  expect((await piecesOf('large')).flat()).not.toContain(leaver.nodeId);
  expect((await read('large')).equals(large)).toBe(true);
});

it('moves pieces onto a node that is new until it has its share', async () => {
  for (let index = 0; index < 24; index += 1) await put(`small-${index}`, randomBytes(500));
  nodes.push(...await startTestNodes(1, join(directory, 'more'), platformKey.publicKey, 7));
  await turnsUntil(async () => (await nodes.at(-2)!.pieceIds()).length >= 8);
  expect((await nodes.at(-2)!.pieceIds()).length).toBeGreaterThanOrEqual(8);
  expect((await piecesOf('small-3')).map((holders) => new Set(holders).size)).toEqual([4]);
});

describe('challenges by the chain', () => {
  interface Audited { readonly nodeId: string; readonly draws: number; readonly proven: number; readonly root: string; readonly failed: readonly { readonly reason: string; readonly index: number }[]; readonly dispute?: object }
  const audits = async (): Promise<readonly Audited[]> => {
    const found: Audited[] = [];
    for await (const { type, data } of store.readAll('start')) if (type === 'PossessionAudited') found.push(data as unknown as Audited);
    return found;
  };
  const beacon = async (blockNumber: number): Promise<void> => storage.possession.onBeacon({ blockHash: `0x${'ab'.repeat(31)}0${blockNumber}`, blockNumber, treeSize: Number(await store.head() ?? 0n) + 1 });

  it('nodes commit to what they have, and show what a later block draws; no block that came before is used', async () => {
    for (let index = 0; index < 6; index += 1) await put(`small-${index}`, randomBytes(9000));
    await storage.possession.onBeacon({ blockHash: '0x00', blockNumber: 1, treeSize: 3 });
    await storage.possession.onBeacon({ blockHash: '0x01', blockNumber: 2, treeSize: 3 });
    expect(await audits()).toEqual([]);
    await beacon(3);
    const shown = await audits();
    expect(shown.map(({ nodeId }) => nodeId).sort()).toEqual(nodes.filter(({ kind }) => kind === 'super').map(({ nodeId }) => nodeId));
    expect(shown.every(({ draws, proven, failed }) => draws === 33 && proven === 33 && failed.length === 0)).toBe(true);
  });

  it('a node that has forgotten its inventory whenever it is asked is taken at its word the third time', async () => {
    await put('small', randomBytes(9000));
    jest.spyOn(dataPath.client, 'answers').mockImplementation(({ nodeId }) => Promise.reject(new PieceRefused('missing', nodeId, '')));
    for (let block = 1; block <= 5; block += 1) await beacon(block);
    expect((await audits()).some(({ failed }) => failed[0]?.reason === 'missing')).toBe(true);
  });

  it('a node whose bytes rot after it committed is caught, and what it could not show is repaired', async () => {
    await nodes[2]!.kill();
    nodes[2]!.answerable = answerableWithoutChain(join(directory, 'signed'));
    await nodes[2]!.start();
    for (let index = 0; index < 6; index += 1) await put(`small-${index}`, randomBytes(9000));
    await beacon(1);
    nodes[2]!.rotten = true;
    await beacon(2);
    const caught = (await audits()).filter(({ failed }) => failed.length > 0);
    expect(caught.map(({ nodeId, failed }) => [nodeId, failed[0]?.reason])).toEqual([['node_2', 'corrupt']]);
    expect(caught[0]!.dispute).toMatchObject({ pool: `0x${'0a'.repeat(20)}`, root: `0x${caught[0]!.root}`, index: caught[0]!.failed[0]!.index });
    nodes[2]!.rotten = false;
    for (let index = 0; index < 6; index += 1) await untilPieces(`small-${index}`, 4);
  });
});

it('refuses to store what it could not promise to keep, and leaves nothing of it', async () => {
  for (const node of nodes.slice(0, 4)) { await node.kill(); node.online = false; }
  await expect(put('a', randomBytes(400_000))).rejects.toThrow(StorageUnavailable);
  expect(await storage.objects.find('bucket', 'a')).toBeNull();
  expect((await Promise.all(nodes.slice(4, 6).map((node) => node.pieceIds()))).flat()).toEqual([]);
});

it('rebuilds what a node lost while it was away, and replicas elsewhere while it is', async () => {
  const bytes = randomBytes(300_000);
  await put('large', bytes);
  await put('small', bytes.subarray(0, 1000));
  await untilPieces('large', 6);
  await untilPieces('small', 4);
  const lost = nodes.find(({ nodeId }) => nodeId === 'node_0')!;
  await lost.kill();
  lost.online = false;
  await new Promise((resolve) => setTimeout(resolve, 600));
  for (let turn = 0; turn < 3; turn += 1) await storage.repair.runOnce();
  expect((await piecesOf('small'))[0]).not.toContain('node_0');
  expect((await piecesOf('small'))[0]).toHaveLength(4);
  await lost.loseEverything();
  await new Promise((resolve) => setTimeout(resolve, 600));
  await untilPieces('large', 6);
  expect((await lost.pieceIds())).toHaveLength(1);
  expect((await read('large')).equals(bytes)).toBe(true);
});

it('sweeps the pieces of overwritten and deleted objects', async () => {
  await put('a', randomBytes(100_000));
  await put('a', randomBytes(90_000));
  await put('b', randomBytes(80_000));
  await storage.objects.delete({ accountId: account, bucket: 'bucket', key: 'b' });
  await untilPieces('a', 6);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await storage.repair.runOnce();
  const held = (await Promise.all(nodes.map((node) => node.pieceIds()))).flat();
  expect(held).toHaveLength(6);
});

it('archives and restores with the same content root; the hot nodes hold nothing meanwhile', async () => {
  const bytes = randomBytes(9_000_000);
  await put('a', bytes);
  const archived = await storage.objects.archive(account, 'bucket', 'a');
  expect(archived.ok).toBe(true);
  expect(await storage.objects.find('bucket', 'a')).toMatchObject({ status: 'archived' });
  await storage.repair.runOnce();
  expect((await Promise.all(nodes.slice(0, 6).map((node) => node.pieceIds()))).flat()).toEqual([]);
  expect(await storage.objects.restore(account, 'bucket', 'a')).toEqual(archived);
  expect((await read('a')).equals(bytes)).toBe(true);
  expect(await storage.objects.restore(account, 'bucket', 'a')).toMatchObject({ ok: false, refusal: { code: 'OBJECT_NOT_ARCHIVED' } });
});

describe('the content store', () => {
  it('keeps small blobs by the hundred, and a second store without a cache reads them', async () => {
    const keys = fileKeyStore(join(directory, 'keys'));
    const content = createContentStore({ store, dataPath, keys, now });
    const blobs = Array.from({ length: 300 }, () => randomBytes(1024));
    const startedAt = performance.now();
    const ids = await Promise.all(blobs.map((blob) => content.put(blob)));
    process.stdout.write(`content puts a second: ${Math.round(300_000 / (performance.now() - startedAt))}\n`);
    expect(ids).toEqual(blobs.map(contentIdOf));
    const cold = createContentStore({ store, dataPath, keys, now });
    await nodes[0]!.kill();
    for (const [index, id] of ids.entries()) if (index % 10 === 0) expect((await cold.get(id)).equals(blobs[index]!)).toBe(true);
    expect(await cold.has(ids[0]!)).toBe(true);
    await expect(cold.get(contentIdOf(Buffer.from('none')))).rejects.toThrow(ContentMissing);
  });

  it('says so when too few nodes are enrolled yet', async () => {
    nodes.splice(3, 3).forEach((node) => void node.kill());
    const content = createContentStore({ store, dataPath, keys: fileKeyStore(join(directory, 'keys')), now });
    await expect(content.put(randomBytes(10))).rejects.toThrow(StorageUnavailable);
  });
});

it('settles what nodes served by the orders they served it on, and nothing of what the platform moves for itself', async () => {
  const { segments } = await put('a', randomBytes(200_000));
  await read('a');
  await dataPath.client.list(nodes[0]!.shown());
  await storage.bandwidth.settle();
  const moved = { in: 0, out: 0 };
  for await (const { data } of store.readAll('start', { filter: { types: ['BandwidthSettled'] } })) {
    const settled = data as { accountId: string; nodeId: string; direction: 'in' | 'out'; bytes: number; orderRoot: string; nodeSignature: string };
    const { accountId, direction, bytes, nodeId, nodeSignature } = settled;
    expect(accountId).toBe(account);
    expect(verifySignature(nodes.find((node) => node.nodeId === nodeId)!.key.publicKey, settlementStatement(settled), nodeSignature)).toBe(true);
    moved[direction] += bytes;
  }
  const pieceBytes = Math.ceil((segments[0]?.sizeBytes ?? 0) / 3);
  expect(moved.in).toBeGreaterThanOrEqual(5 * pieceBytes - 6);
  expect(moved.out).toBeGreaterThanOrEqual(3 * pieceBytes - 6);
});

describe('the graph', () => {
  const shown = '... on StorageObject { key sizeBytes storageClass contentRoot segments { k n healthy pieces { online } } durability { annualLossProbability } } ... on Refusal { code }';
  const asked = 'query($key: String!) { storageObject(bucket: "bucket", key: $key) { key segments { k n healthy } } bucket(id: "bucket") { objects(first: 1) { edges { node { key } } pageInfo { hasNextPage } } } }';

  function execute(source: string, actor: Actor, variableValues: Readonly<Record<string, unknown>> = {}) {
    const schema = buildSubgraphSchema({ typeDefs: storage.typeDefs, resolvers: storage.resolvers as never });
    return graphql({ schema, source, variableValues, contextValue: { actor, requestId: 'r' } });
  }

  it('limits what a bucket holds by a quota that its owner sets and everything that it has counts towards', async () => {
    const owner: Actor = { kind: 'account', accountId: account, address: '0x' };
    const limit = (quotaBytes: string | null, actor = owner) => execute(
      `mutation($quotaBytes: String) { setBucketQuota(input: { bucket: "bucket", quotaBytes: $quotaBytes }) {
        ... on Bucket { quotaBytes usedBytes versions } ... on Refusal { code } } }`, actor, { quotaBytes });
    await put('a', randomBytes(10));
    expect((await limit('100000', { kind: 'account', accountId: 'account_2', address: '0x' })).data).toEqual({ setBucketQuota: { code: 'NOT_OWNER' } });
    expect((await limit('-1')).data).toEqual({ setBucketQuota: { code: 'BAD_QUOTA' } });
    expect((await limit('100000')).data).toEqual({ setBucketQuota: { quotaBytes: '100000', usedBytes: '10', versions: 1 } });
    // Nobody says how long it is, so the first pieces are on their way when it is too much.
    await expect(put('b', randomBytes(100_000))).rejects.toThrow('QUOTA_EXCEEDED');
    expect(await storage.objects.find('bucket', 'b')).toBeNull();
    expect((await limit(null)).data).toEqual({ setBucketQuota: { quotaBytes: null, usedBytes: '10', versions: 1 } });
    await put('b', randomBytes(100_000));
  });

  it('shows an object and where it lies to its owner, and to nobody else that there is one', async () => {
    await put('a', randomBytes(100_000));
    await put('b', randomBytes(10));
    await untilPieces('a', 6);
    const { data } = await execute(asked, { kind: 'account', accountId: account, address: '0x' }, { key: 'a' });
    expect(data).toEqual({
      storageObject: { key: 'a', segments: [{ k: 3, n: 6, healthy: 6 }] },
      bucket: { objects: { edges: [{ node: { key: 'a' } }], pageInfo: { hasNextPage: true } } },
    });
    for (const actor of [{ kind: 'anonymous' }, { kind: 'node', nodeId: 'node_1' }, { kind: 'account', accountId: 'account_2', address: '0x' }] as const) {
      expect((await execute(asked, actor, { key: 'a' })).data).toEqual({ storageObject: null, bucket: null });
    }
  });

  it('certifies an object to its owner; the certificate holds offline, and for nobody else\'s bytes', async () => {
    await put('certified', randomBytes(200_000));
    const asked = 'query { storageObject(bucket: "bucket", key: "certified") { certificate } }';
    const { data } = await execute(asked, { kind: 'account', accountId: account, address: '0x' });
    const { certificate } = (data as { readonly storageObject: { readonly certificate: object } }).storageObject;
    const check = checkCertificate(JSON.stringify(certificate), platformKey.publicKey);
    expect(check).toMatchObject({ ok: true, certificate: { bucket: 'bucket', key: 'certified', sizeBytes: 200_000 } });
    expect(check.ok ? check.losses : 0).toBeGreaterThanOrEqual(2);
    expect(checkCertificate(JSON.stringify(certificate).replace('certified"', 'forged"'), platformKey.publicKey)).toMatchObject({ refused: 'NOT_SIGNED' });
  });

  it('refuses by name', async () => {
    const change = `mutation($key: String!) { archiveObject(input: { bucket: "bucket", key: $key }) { ${shown} } }`;
    const owner: Actor = { kind: 'account', accountId: account, address: '0x' };
    await put('a', randomBytes(10));
    expect((await execute(change, { kind: 'anonymous' }, { key: 'a' })).data).toEqual({ archiveObject: { code: 'NOT_SIGNED_IN' } });
    expect((await execute(change, owner, { key: 'none' })).data).toEqual({ archiveObject: { code: 'NO_SUCH_OBJECT' } });
    expect((await execute('mutation { createBucket(input: { bucket: "bucket" }) { ... on Refusal { code } } }', owner)).data).toEqual({ createBucket: { code: 'BUCKET_EXISTS' } });
    expect((await execute(change, owner, { key: 'a' })).data).toMatchObject({ archiveObject: { storageClass: 'ARCHIVE' } });
    expect((await execute(change, owner, { key: 'a' })).data).toEqual({ archiveObject: { code: 'OBJECT_ARCHIVED' } });
    const archive = nodes.find(({ kind }) => kind === 'archive')!;
    await archive.kill();
    const restore = change.replace('archiveObject', 'restoreObject');
    expect((await execute(restore, owner, { key: 'a' })).data).toEqual({ restoreObject: { code: 'ARCHIVE_UNREACHABLE' } });
  });
});
