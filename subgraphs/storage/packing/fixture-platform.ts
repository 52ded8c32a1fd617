// For tests: storage over real piece servers in this process, with a packer that waits for nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileKeyStore, memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type ReadModels, type TestDatabase } from '@oort/kernel-projection';
import { startTestNodes, type TestNode } from '@oort/node-agents-agent/pieces/fixture-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { DataPath } from '../data-path/data-path';
import type { HandleObject } from '../object-writer';
import { createStorageSubgraph, type StorageSubgraph } from '../subgraph';
import { Packer } from './packer';
import type { PackingRule } from './rule';

export const account = 'account_1';
export const eager: PackingRule = { ageMs: 0, packBytes: 256 * 1024, lingerMs: 0, leastBytes: 96 * 1024, mostSegments: 100, liveShare: 0.5, abandonedMs: 0 };

export class PackingPlatform {
  private constructor(
    readonly store: EventStore, readonly readModels: OpenReadModels, readonly dataPath: DataPath, readonly storage: StorageSubgraph, readonly nodes: readonly TestNode[],
    private readonly directory: string, private readonly postgres: TestDatabase, private readonly stop: AbortController,
  ) {}

  static async open(): Promise<PackingPlatform> {
    const directory = await mkdtemp(join(tmpdir(), 'packing-'));
    const postgres = await testPostgres();
    const store = memoryStore();
    const readModels = await openReadModels({ url: postgres.url, projections: [objectsProjection], store });
    const stop = new AbortController();
    await readModels.start(stop.signal);
    const platformKey = newDeviceKey();
    const nodes = await startTestNodes(6, directory, platformKey.publicKey);
    const now = (): Date => new Date();
    const dataPath = new DataPath({ nodes: () => Promise.resolve(nodes.map((node) => node.shown())), platformKey, now });
    const storage = await createStorageSubgraph({
      store, readModels, dataPath, keys: fileKeyStore(join(directory, 'keys')), now, repair: { awayMs: 0, orphanMs: 0, sweepMs: 0 },
    });
    await storage.objects.createBucket(account, 'bucket');
    return new PackingPlatform(store, readModels, dataPath, storage, nodes, directory, postgres, stop);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.readModels.close();
    await this.postgres.stop();
    await this.dataPath.close();
    await Promise.all(this.nodes.map((node) => node.kill()));
    await rm(this.directory, { recursive: true, force: true });
  }

  packer(change: { readonly rule?: Partial<PackingRule>; readonly handleObject?: HandleObject; readonly readModels?: ReadModels } = {}): Packer {
    const { store, readModels, dataPath, storage } = this;
    return new Packer({
      store, readModels: change.readModels ?? readModels, dataPath, handleObject: change.handleObject ?? storage.objects.handleObject, now: () => new Date(), rule: { ...eager, ...change.rule } });
  }

  async put(key: string, bytes: Buffer): Promise<void> {
    const done = await this.storage.objects.put({
      accountId: account, bucket: 'bucket', key, body: oneChunk(bytes), contentType: 'application/octet-stream', userMetadata: {}, checksums: () => ({}), condition: {} });
    if (!done.ok) throw new RangeError(done.refusal.code);
  }

  async read(key: string, start?: number, end?: number): Promise<Buffer> {
    const object = await this.storage.objects.find('bucket', key);
    if (object === null) throw new RangeError(`no ${key}`);
    const chunks: Buffer[] = [];
    for await (const chunk of this.storage.objects.read(object.version, start, end)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async remove(key: string): Promise<void> { await this.storage.objects.delete({ accountId: account, bucket: 'bucket', key }); }

  /** What lies on nodes and what the catalogue says that lies there, after everybody had time to say so. */
  async onNodes(): Promise<{ readonly held: readonly string[]; readonly owned: readonly string[] }> {
    const head = await this.store.head();
    if (head !== null) await this.readModels.waitFor('objects', head);
    const owned: { readonly pieceId: string }[] = await this.readModels.database.query('SELECT "pieceId" FROM objects.piece');
    return { held: (await Promise.all(this.nodes.map((node) => node.pieceIds()))).flat().sort(), owned: owned.map(({ pieceId }) => pieceId).sort() };
  }
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> { yield bytes; }
