// An object in the archive with three backends at once, and back from whichever still has it.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql } from 'graphql';
import { fileKeyStore, memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { startTestNodes, type TestNode } from '@oort/node-agents-agent/pieces/fixture-nodes';
import { objectsProjection } from '@oort/projections-objects';
import type { StorageEvent } from '@oort/schema/events/storage';
import { aggregateShownBy } from '../archive-formats/aggregate';
import { openPieceCidV2 } from '../archive-formats/piece-commitment';
import { DataPath } from '../data-path/data-path';
import type { ObjectStore } from '../object-store';
import { objectStreamId } from '../object-id';
import { createStorageSubgraph, type StoragePorts, type StorageSubgraph } from '../subgraph';
import { ArweaveArchive } from './arweave';
import { FilecoinArchive } from './filecoin';
import { FixtureBundler, FixtureProvider } from './fixture-services';

const [account, bucket, key] = ['account_1', 'bucket', 'film'];
const privateKey = `0x${'11'.repeat(32)}`;
const contract = '0x02925630df557F957f70E112bA06e50965417CA0';
let directory: string;
let postgres: TestDatabase;
let store: EventStore;
let readModels: OpenReadModels;
let nodes: TestNode[];
let dataPath: DataPath;
let provider: FixtureProvider;
let bundler: FixtureBundler;
let options: StoragePorts;
let storage: StorageSubgraph;
let objects: ObjectStore;
let stop: AbortController;
const parts = [randomBytes(5 * 1024 * 1024), Buffer.alloc(70_000, 'plain as day ')];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'object-archive-'));
  postgres = await testPostgres();
  store = memoryStore();
  readModels = await openReadModels({ url: postgres.url, projections: [objectsProjection], store });
  stop = new AbortController();
  await readModels.start(stop.signal);
  const platformKey = newDeviceKey();
  nodes = await startTestNodes(6, directory, platformKey.publicKey);
  dataPath = new DataPath({ nodes: () => Promise.resolve(nodes.map((node) => node.shown())), platformKey, now: () => new Date() });
  provider = await new FixtureProvider({ chainId: 314159, verifyingContract: contract }).start();
  bundler = await new FixtureBundler().start();
  const quick = { pauseMs: 1, pollMs: 1, looks: 10 };
  const memory = { load: () => Promise.resolve({ id: '12', clientId: 7n }), save: () => Promise.resolve() };
  options = {
    store, readModels, dataPath, keys: fileKeyStore(join(directory, 'keys')), now: () => new Date(),
    archive: {
      backends: [
        new FilecoinArchive({ serviceUrl: provider.url, signer: { privateKey, chainId: 314159, contract }, payee: null, memory, ...quick }),
        new ArweaveArchive({ bundlerUrl: bundler.url, gatewayUrl: bundler.url, privateKey, ...quick }),
      ],
      chosen: ['archive-nodes', 'filecoin', 'arweave'],
    },
  };
  [provider.payer, provider.clientId] = ['0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', 7n];
  storage = await createStorageSubgraph(options);
  ({ objects } = storage);
  await objects.createBucket(account, bucket);
  await putParts();
});

afterEach(async () => {
  stop.abort();
  await readModels.close();
  await postgres.stop();
  await dataPath.close();
  await Promise.all([...nodes.map((node) => node.kill()), provider.stop(), bundler.stop()]);
  await rm(directory, { recursive: true, force: true });
});

/** Each part of an upload is a segment of its own. */
async function putParts(): Promise<void> {
  const uploadId = await objects.uploads.start({ accountId: account, bucket, key, contentType: 'video/x', userMetadata: {}, checksumAlgorithm: null });
  const stored = [];
  for (const [index, bytes] of parts.entries()) {
    async function* body(): AsyncGenerator<Buffer> { yield await Promise.resolve(bytes); }
    const done = await objects.uploads.storePart(uploadId, index + 1, body(), () => ({}));
    if (!done.ok) throw new RangeError(done.refusal.code);
    stored.push({ partNumber: index + 1, etag: done.value.etag });
  }
  expect(await objects.uploads.complete(uploadId, stored, {})).toMatchObject({ ok: true });
}

async function read(): Promise<Buffer> {
  const object = await objects.find(bucket, key);
  const chunks: Buffer[] = [];
  for await (const chunk of object === null ? [] : objects.read(object.version)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function events(): Promise<readonly { readonly type: string; readonly data: unknown }[]> {
  const found = [];
  for await (const event of store.read(`storage_object-${objectStreamId(bucket, key)}`)) found.push(event);
  return found;
}

it('lies in three places under commitments that anybody can check, and comes back from the last one that has it', async () => {
  const archived = await objects.archive(account, bucket, key);
  expect(archived.ok).toBe(true);
  const recorded = (await events()).flatMap(({ type, data }) => (type === 'ObjectArchived' ? [data as Extract<StorageEvent, { readonly type: 'ObjectArchived' }>['data']] : []))[0];
  expect(recorded).toMatchObject({ backend: 'archive-nodes,filecoin,arweave', cars: [{ deposits: [{ backend: 'filecoin', dataSet: '12', piece: '0' }, { backend: 'arweave' }] }, { deposits: [{ piece: '1' }, {}] }] });
  for (const { segmentId, ...proof } of recorded?.aggregate?.proofs ?? []) {
    const car = recorded?.cars?.find((one) => one.segmentId === segmentId);
    expect(aggregateShownBy(proof, openPieceCidV2(car?.pieceCid ?? '')!)).toBe(recorded?.aggregate?.pieceCid);
  }
  expect(recorded?.aggregate?.proofs).toHaveLength(2);
  const schema = buildSubgraphSchema({ typeDefs: storage.typeDefs, resolvers: storage.resolvers as never });
  const asked = await graphql({ schema, source: '{ storageObject(bucket: "bucket", key: "film") { archive } }', contextValue: { actor: { kind: 'account', accountId: account } } });
  expect(asked).toMatchObject({ data: { storageObject: { archive: { backends: ['archive-nodes', 'filecoin', 'arweave'], cars: recorded?.cars, aggregate: recorded?.aggregate } } } });
  for (const bytes of [...provider.pieces.values(), ...bundler.data.values()]) expect(bytes.includes('plain as day')).toBe(false);

  // The archive node is empty, the provider gives other bytes.
  await nodes.find(({ kind }) => kind === 'archive')!.loseEverything();
  for (const [cid, bytes] of provider.pieces) provider.pieces.set(cid, Buffer.concat([bytes.subarray(1), Buffer.of(0)]));
  const kept = new Map(bundler.data);
  bundler.data.clear();
  await expect(objects.restore(account, bucket, key)).rejects.toMatchObject({ code: 'ARCHIVE_UNREACHABLE' });
  expect(await objects.find(bucket, key)).toMatchObject({ status: 'archived' });
  for (const [id, bytes] of kept) bundler.data.set(id, bytes);
  expect(await objects.restore(account, bucket, key)).toEqual(archived);
  expect((await read()).equals(Buffer.concat(parts))).toBe(true);
  expect(provider.dataSet).toEqual([]);
});

it('stays readable when a service fails half way, and asking again keeps each piece once', async () => {
  provider.failures = Array.from({ length: 100 }, () => ({ on: 'POST /pdp/data-sets', how: { status: 503 } }));
  await expect(objects.archive(account, bucket, key, null, ['filecoin'])).rejects.toMatchObject({ code: 'ARCHIVE_SERVICE_FAILED' });
  expect((await read()).equals(Buffer.concat(parts))).toBe(true);
  provider.failures = [];
  // A process that was not there the first time.
  ({ objects } = await createStorageSubgraph(options));
  expect(await objects.archive(account, bucket, key, null, ['tape'])).toMatchObject({ ok: false, refusal: { code: 'NO_SUCH_BACKEND' } });
  expect(await objects.archive(account, bucket, key, null, ['filecoin'])).toMatchObject({ ok: true });
  expect([provider.count('PUT'), provider.dataSet.length, bundler.data.size]).toEqual([2, 2, 0]);
  expect(await objects.restore(account, bucket, key)).toMatchObject({ ok: true });
  expect((await read()).equals(Buffer.concat(parts))).toBe(true);
});
