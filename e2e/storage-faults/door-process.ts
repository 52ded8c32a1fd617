// The storage domain and its S3 door in one process that can be killed: durable events, the catalogue in PostgreSQL, the repair loop.
import { join } from 'node:path';
import { openS3Door, readS3Accounts } from '@oort/gateway-s3';
import { fileKeyStore, openEmbeddedStore, type EventStore } from '@oort/kernel-eventstore';
import type { DeviceKey } from '@oort/kernel-identity';
import { openReadModels, type OpenReadModels } from '@oort/kernel-projection';
import { objectsProjection, ownedPieceIds, packingReport, weakSegments, type PackingReport } from '@oort/projections-objects';
import { createStorageSubgraph, DataPath, lifecycleFrom, looseBytes, packingFrom, type StorageNode } from '@oort/subgraphs-storage';

export interface DoorTask {
  readonly directory: string; readonly postgres: string; readonly platformKey: DeviceKey; readonly port: number; readonly nodes: readonly StorageNode[];
  readonly orphanMs: number;
}

export const credentials = { accountId: 'account_faults', accessKeyId: 'AKIAFAULTS', secretAccessKey: 'faults' } as const;

/** What the story asks for while it waits for repair. */
export interface Status {
  /** Segments with fewer pieces on nodes that are well than their code has. */
  readonly weak: number;
  /** Pieces on nodes that no object owns, and pieces that an object owns and its node has not. */
  readonly orphans: number;
  readonly missing: number;
  /** Pieces that were recorded as lost, by the node that lost them and the reason. */
  readonly lost: Readonly<Record<string, number>>;
  readonly packing: PackingReport;
}

export type ToDoor = { readonly nodes: readonly StorageNode[] } | { readonly ask: 'status' };

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '{}') as DoorTask;
  const now = (): Date => new Date();
  const stop = new AbortController();
  let nodes = task.nodes;
  const store = await openEmbeddedStore({ directory: join(task.directory, 'events') });
  const readModels = await openReadModels({ url: task.postgres, projections: [objectsProjection], store });
  await readModels.start(stop.signal);
  const dataPath = new DataPath({ nodes: () => Promise.resolve(nodes), platformKey: task.platformKey, now });
  const storage = await createStorageSubgraph({
    store, readModels, dataPath, keys: fileKeyStore(join(task.directory, 'keys')), now,
    repair: { intervalMs: 200, awayMs: 1_500, orphanMs: task.orphanMs, sweepMs: 1_000 }, ...lifecycleFrom(process.env), ...packingFrom(process.env),
  });
  await storage.start?.(stop.signal);
  const accounts = readS3Accounts(process.env['OORT_S3_ACCOUNTS'] ?? null);
  const door = await openS3Door({ objects: storage.objects, ...accounts((id) => (id === credentials.accessKeyId ? credentials : null)), port: task.port, now });
  process.on('message', (told) => {
    const message = told as ToDoor;
    if ('nodes' in message) nodes = message.nodes;
    else void statusOf(store, readModels, dataPath, nodes).then((status) => process.send?.(status), (error: unknown) => process.send?.({ error: String(error) }));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(door.url);
}

async function statusOf(store: EventStore, readModels: OpenReadModels, dataPath: DataPath, nodes: readonly StorageNode[]): Promise<Status> {
  const head = await store.head();
  if (head !== null) await readModels.waitFor('objects', head);
  const well = nodes.filter((node) => dataPath.watch.isWell(node));
  const weak = (await weakSegments(readModels, well.map(({ nodeId }) => nodeId), 1000)).length;
  let [orphans, missing] = [0, 0];
  for (const node of well) {
    const owned = await ownedPieceIds(readModels, node.nodeId);
    const held = new Set(await dataPath.client.list(node).catch(() => []));
    orphans += [...held].filter((pieceId) => !owned.has(pieceId)).length;
    missing += [...owned].filter((pieceId) => !held.has(pieceId)).length;
  }
  const lost: Record<string, number> = {};
  for await (const { type, data } of store.readAll('start')) {
    if (type !== 'PieceLost' || typeof data !== 'object' || data === null || Array.isArray(data)) continue;
    const { nodeId, reason } = data as { readonly nodeId: string; readonly reason: string };
    lost[`${nodeId}/${reason}`] = (lost[`${nodeId}/${reason}`] ?? 0) + 1;
  }
  return { weak, orphans, missing, lost, packing: await packingReport(readModels, looseBytes) };
}

if (require.main === module) void main();
