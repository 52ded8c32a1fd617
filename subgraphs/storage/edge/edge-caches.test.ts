// Reads of the door through a cache near it, over real piece servers: nodes that keep, and a cache that helps, lies or is gone.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiptStatement } from '@oort/algorithms-possession';
import { fileKeyStore, memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey, verifySignature } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { openCacheStore, type CacheStore } from '@oort/node-agents-agent/pieces/cache-store';
import { startTestNodes, type TestNode } from '@oort/node-agents-agent/pieces/fixture-nodes';
import type { PieceStore } from '@oort/node-agents-agent/pieces/port';
import { startPieceServer, type PieceServer } from '@oort/node-agents-agent/pieces/server';
import { objectsProjection } from '@oort/projections-objects';
import type { StorageEvent } from '@oort/schema/events/storage';
import { DataPath } from '../data-path/data-path';
import type { StorageNode } from '../data-path/port';
import { createStorageSubgraph, type StorageSubgraph } from '../subgraph';
import type { Refuted } from './edge-caches';
import { edgeMetrics } from './metrics';
import { BadEdgeSetting, edgeFrom } from './settings';

const [account, bucket] = ['account_1', 'bucket'];
const edgeKey = newDeviceKey();
let directory: string;
let postgres: TestDatabase;
let store: EventStore;
let readModels: OpenReadModels;
let nodes: TestNode[];
let cache: CacheStore;
let server: PieceServer;
let shown: StorageNode;
let dataPath: DataPath;
let storage: StorageSubgraph;
let stop: AbortController;
/** What the cache gives in place of what it has. */
let spoil: (bytes: Buffer) => Promise<Buffer | null>;
/** Called in place of the next deletion, which the cache does not hear. */
let deaf: (() => void) | null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'edge-'));
  postgres = await testPostgres();
  store = memoryStore();
  readModels = await openReadModels({ url: postgres.url, projections: [objectsProjection], store });
  stop = new AbortController();
  await readModels.start(stop.signal);
  const platformKey = newDeviceKey();
  nodes = await startTestNodes(4, directory, platformKey.publicKey);
  cache = await openCacheStore(join(directory, 'edge'), 3 * 1024 * 1024);
  spoil = (bytes) => Promise.resolve(bytes);
  deaf = null;
  const lying: PieceStore = { ...cache, delete: async (pieceId) => { if (deaf === null) return cache.delete(pieceId); deaf(); }, get: async (pieceId) => { const bytes = await cache.get(pieceId); return bytes === null ? null : spoil(bytes); } };
  server = await startPieceServer({ store: lying, nodeId: 'edge_1', key: edgeKey, platformPublicKey: platformKey.publicKey, now: () => new Date() });
  shown = { nodeId: 'edge_1', kind: 'edge', operator: '0x1', region: 'lisbon', network: 'n', endpoint: server.endpoint, publicKey: edgeKey.publicKey, online: true, trust: 0.9 };
  dataPath = new DataPath({ nodes: () => Promise.resolve([shown, ...nodes.map((node) => node.shown())]), platformKey, now: () => new Date(), edge: { region: 'lisbon', answerMs: 30_000 } });
  storage = await createStorageSubgraph({ store, readModels, dataPath, keys: fileKeyStore(join(directory, 'keys')), now: () => new Date() });
  await storage.objects.createBucket(account, bucket);
});

afterEach(async () => {
  stop.abort();
  await readModels.close();
  await postgres.stop();
  await dataPath.close();
  await server.close();
  await Promise.all(nodes.map((node) => node.kill()));
  await rm(directory, { recursive: true, force: true });
});

async function put(key: string, bytes: Buffer): Promise<void> {
  async function* body(): AsyncGenerator<Buffer> { yield await Promise.resolve(bytes); }
  const done = await storage.objects.put({ accountId: account, bucket, key, body: body(), contentType: 'a/b', userMetadata: {}, checksums: () => ({}), condition: {} });
  expect(done.ok).toBe(true);
}

async function read(key: string, start?: number, end?: number): Promise<Buffer> {
  const object = await storage.objects.find(bucket, key);
  const chunks: Buffer[] = [];
  for await (const chunk of object === null ? [] : storage.objects.read(object.version, start, end)) chunks.push(chunk);
  await dataPath.edge?.settled();
  return Buffer.concat(chunks);
}

/** Twice, so that it is hot, and in the cache. */
async function hot(key: string, size: number): Promise<Buffer> {
  const bytes = randomBytes(size);
  const { pieces } = cache.stats();
  await put(key, bytes);
  expect((await read(key)).equals(bytes)).toBe(true);
  expect(cache.stats().pieces).toBe(pieces);
  expect((await read(key)).equals(bytes)).toBe(true);
  return bytes;
}

async function recorded(type: StorageEvent['type']): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const event of store.readAll('start')) if (event.type === type) found.push(event.data);
  return found;
}

interface Settled { readonly nodeId: string; readonly nodeSignature?: string }

async function settledWithCache(): Promise<readonly Settled[]> {
  await storage.bandwidth.settle();
  return (await recorded('BandwidthSettled') as readonly Settled[]).filter(({ nodeId }) => nodeId === 'edge_1');
}

it('what is read a second time comes from the cache the third time, whole and in ranges, when all other nodes are gone', async () => {
  const bytes = await hot('film', 700_000);
  expect(cache.stats()).toMatchObject({ pieces: 3, hits: 0 });
  await Promise.all(nodes.map((node) => node.kill()));
  expect((await read('film')).equals(bytes)).toBe(true);
  for (const [start, end] of [[0, 1], [262_143, 262_145], [65_535, 65_537], [600_000, 700_000], [699_999, 700_000], [262_144, 524_288]] as const) {
    expect((await read('film', start, end)).equals(bytes.subarray(start, end))).toBe(true);
  }
  expect(dataPath.edge?.counts()).toMatchObject({ hits: 10, refuted: 0, fills: 3 });
  expect(edgeMetrics(dataPath.edge)).toContain('oort_edge_hits_total 10\n');
  // What the reader is billed for is what the cache signed; what the platform put there is nobody's traffic.
  const settled = await settledWithCache();
  expect(settled).toMatchObject([{ accountId: account, direction: 'out', bytes: dataPath.edge?.counts().bytes }]);
  expect(settled[0]?.nodeSignature).toMatch(/^[0-9a-f]{128}$/);
});

it('keeps only the parts that are read again, and an empty object too', async () => {
  const bytes = randomBytes(1_000_000);
  await put('film', bytes);
  for (let time = 0; time < 3; time += 1) expect((await read('film', 300_000, 300_100)).equals(bytes.subarray(300_000, 300_100))).toBe(true);
  expect(cache.stats()).toMatchObject({ pieces: 1, hits: 1 });
  await hot('small', 5);
  await put('empty', Buffer.alloc(0));
  expect(await read('empty')).toHaveLength(0);
});

it('is purged when an object is overwritten or deleted, and what was missed is never given for what is there now', async () => {
  await hot('film', 300_000);
  const after = randomBytes(300_000);
  const purged = untilEmpty();
  await put('film', after);
  await purged;
  expect((await read('film')).equals(after)).toBe(true);
  expect((await read('film')).equals(after)).toBe(true);
  // The cache does not hear of the next one.
  const missed = new Promise<void>((resolve) => { deaf = resolve; });
  const last = randomBytes(300_000);
  await put('film', last);
  await missed;
  deaf = null;
  expect(cache.stats().pieces).toBe(2);
  for (let time = 0; time < 3; time += 1) expect((await read('film')).equals(last)).toBe(true);
  const gone = untilEmpty(2);
  await storage.objects.delete({ accountId: account, bucket, key: 'film' });
  await gone;
});

/** Until only so many pieces are left: whoever deletes does not wait for caches. */
async function untilEmpty(left = 0): Promise<void> {
  while (cache.stats().pieces > left) await new Promise((resolve) => { setTimeout(resolve, 10); });
}

it('what it gives wrong reaches no reader: it is named with both of its signatures, and asked no more', async () => {
  const bytes = await hot('film', 600_000);
  spoil = (given) => { const other = Buffer.from(given); other.writeUInt8(other.readUInt8(100) ^ 1, 100); return Promise.resolve(other); };
  expect((await read('film')).equals(bytes)).toBe(true);
  const [refuted, ...more] = await recorded('EdgeAnswerRefuted') as readonly Refuted[];
  expect(more).toEqual([]);
  expect(refuted).toMatchObject({ nodeId: 'edge_1' });
  const { taken, given, nodeId, pieceId } = refuted!;
  for (const said of [taken!, given!]) expect(verifySignature(edgeKey.publicKey, receiptStatement({ nodeId, pieceId, ...said }), said.signature)).toBe(true);
  expect(taken?.root).not.toBe(given?.root);
  const { hits, misses } = cache.stats();
  expect(dataPath.edge?.counts()).toMatchObject({ hits: 0, refuted: 3, fills: 3 });
  expect((await read('film')).equals(bytes)).toBe(true);
  expect(cache.stats()).toMatchObject({ hits, misses });
  // Nobody pays for it.
  expect(await settledWithCache()).toEqual([]);
});

it.each<[string, () => Promise<void> | void]>([
  ['is gone', () => server.close()],
  ['gives too little', () => { spoil = (given) => Promise.resolve(given.subarray(0, -1)); }],
  ['gives nothing', () => { spoil = () => Promise.resolve(Buffer.alloc(0)); }],
  ['has forgotten everything', () => { spoil = () => Promise.resolve(null); }],
  ['is in another region', () => { shown = { ...shown, region: 'porto' }; }],
  ['is suspended', () => { shown = { ...shown, status: 'suspended' }; }],
])('a reader notices nothing when the cache %s', async (_, happen) => {
  const bytes = await hot('film', 300_000);
  await happen();
  expect((await read('film')).equals(bytes)).toBe(true);
});

it('a bounded cache keeps what is read again and again beside what is read through once', async () => {
  const hotOne = await hot('hot', 250_000);
  for (let time = 0; time < 3; time += 1) await read('hot');
  await hot('large', 4_000_000);
  expect(cache.stats().bytes).toBeLessThanOrEqual(3 * 1024 * 1024);
  expect(cache.stats().evictions).toBeGreaterThan(0);
  const { hits } = cache.stats();
  expect((await read('hot')).equals(hotOne)).toBe(true);
  expect(cache.stats().hits).toBe(hits + 1);
});

it('its region is a setting', () => {
  expect(edgeFrom({})).toEqual({});
  expect(edgeFrom({ OORT_EDGE_REGION: 'eu-west' })).toEqual({ edge: { region: 'eu-west' } });
  expect(() => edgeFrom({ OORT_EDGE_REGION: 'no such region' })).toThrow(BadEdgeSetting);
  expect(edgeMetrics(null)).toBe('');
});
