import type { AvailabilityCertificate } from '@oort/algorithms-possession';
import { bucketsOf, findBucket, findObject, findObjectVersion, listObjects, segmentsOf, type BucketRow, type ObjectRow } from '@oort/projections-objects';
import type { EventStore } from '@oort/kernel-eventstore';
import type { ReadModels } from '@oort/kernel-projection';
import { Fault } from '@oort/kernel-wire';
import type { Actor, RequestContext } from '@oort/schema';
import { ArchiveServiceFailed, ArchiveUnpaid, ArchiveUnreachable } from './archive/faults';
import type { DataPath } from './data-path/data-path';
import { StorageUnavailable, PiecesUnreachable } from './data-path/faults';
import { annualLossProbability } from './durability';
import { encryptionKeyMutations, encryptionKeyQueries } from './encryption-keys/resolvers';
import { loadObject } from './load-object';
import { followBucketEvents, readBucketEvents, type Asked, type BucketEvent } from './notifications/feed';
import type { Done, ObjectStore } from './object-store';
import { bucketQuota, type Quota } from './quota';

export interface StorageRoom { readonly store: EventStore; readonly readModels: ReadModels; readonly objects: ObjectStore; readonly dataPath: DataPath; now(): Date; readonly certificate: (bucket: string, key: string, versionId: string) => Promise<AvailabilityCertificate | null> }

interface Page { readonly first: number; readonly after?: string | null }
interface Input<T> { readonly input: T }
interface Durability { readonly k: number; readonly n: number; readonly failuresPerYear: number; readonly repairHours: number }

/** The failure rate and repair time that the platform plans with: disks and operators lose a piece in twenty a year. */
const planned = { failuresPerYear: 0.05, repairHours: 24 };

export function storageResolvers(room: StorageRoom): Readonly<Record<string, unknown>> {
  const typeOf = { __resolveType: (value: { readonly __typename: string }) => value.__typename };
  return {
    Query: { ...queries(room), ...encryptionKeyQueries(room) }, Mutation: { ...mutations(room), ...encryptionKeyMutations(room) }, StorageObject: objectFields(room),
    Subscription: {
      bucketEvent: {
        subscribe: (_: unknown, asked: Asked, { actor }: RequestContext) => followBucketEvents(room.store, actor, asked), resolve: (event: BucketEvent) => event,
      },
    },
    Bucket: {
      __resolveReference: ({ id }: { readonly id: string }, { actor }: RequestContext) => ownBucket(room, id, actor),
      quotaBytes: async ({ id }: { readonly id: string }) => (await quotaOf(room, id))?.bytes?.toString() ?? null,
      quotaObjects: async ({ id }: { readonly id: string }) => (await quotaOf(room, id))?.objects?.toString() ?? null,
      usedBytes: async ({ id }: { readonly id: string }) => String((await room.objects.usage(id)).bytes),
      versions: async ({ id }: { readonly id: string }) => (await room.objects.usage(id)).versions,
      objects: (bucket: { readonly id: string }, page: Page & { readonly prefix: string }) => objectPage(room, bucket.id, page),
    },
    BucketResult: typeOf, StorageObjectResult: typeOf, EncryptionKeyResult: typeOf,
  };
}

function queries(room: StorageRoom): object {
  return {
    buckets: async (_: unknown, { first, after }: Page, { actor }: RequestContext) => {
      const limit = within(first);
      const rows = actor.kind === 'account' ? await bucketsOf(room.readModels, actor.accountId, after ?? '', limit + 1) : [];
      return connection(rows.slice(0, limit).map((row) => ({ cursor: row.bucket, node: presentBucket(row) })), rows.length > limit, after);
    },
    bucket: (_: unknown, { id }: { readonly id: string }, { actor }: RequestContext) => ownBucket(room, id, actor),
    storageObject: (_: unknown, { bucket, key }: { readonly bucket: string; readonly key: string }, { actor }: RequestContext) => ownObject(room, bucket, key, actor),
    durability: (_: unknown, asked: Durability) => presentDurability(asked),
    storageUsage: (_: unknown, __: unknown, { actor }: RequestContext) => ownUsage(room, actor),
    bucketEvents: async (_: unknown, { first, ...asked }: Asked & Page, { actor }: RequestContext) => {
      const { events, end, more } = await readBucketEvents(room.store, actor, asked, Math.min(Math.max(first, 1), 1000));
      const { pageInfo, ...page } = connection(events.map((node) => ({ cursor: node.cursor, node })), more, asked.after);
      return { ...page, pageInfo: { ...pageInfo, endCursor: end } };
    },
  };
}

function mutations(room: StorageRoom): object {
  const onObject = <More>(change: (accountId: string, bucket: string, key: string, more: More) => Promise<Done<unknown>>) =>
    async (_: unknown, { input: { bucket, key }, ...more }: Input<{ readonly bucket: string; readonly key: string }> & More, { actor }: RequestContext): Promise<object> => {
      if (actor.kind !== 'account') return notSignedIn;
      const before = await ownObject(room, bucket, key, actor);
      if (before === null) return refusal('NO_SUCH_OBJECT', 'There is no such object.');
      const done = await unlessUnavailable(() => change(actor.accountId, bucket, key, more as unknown as More));
      if (!done.ok) return refusal(done.refusal.code, done.refusal.message);
      return await ownObject(room, bucket, key, actor) ?? before;
    };
  return {
    createBucket: async (_: unknown, { input: { bucket } }: Input<{ readonly bucket: string }>, { actor }: RequestContext): Promise<object> => {
      if (actor.kind !== 'account') return notSignedIn;
      const done = await room.objects.createBucket(actor.accountId, bucket);
      if (!done.ok) return refusal(done.refusal.code, done.refusal.message);
      return await ownBucket(room, bucket, actor) ?? refusal('NO_SUCH_BUCKET', 'The bucket was deleted meanwhile.');
    },
    setBucketQuota: async (_: unknown, { input: { bucket, quotaBytes, quotaObjects } }: Input<QuotaInput>, { actor }: RequestContext): Promise<object> => {
      if (actor.kind !== 'account') return notSignedIn;
      const quota = [['bytes', quotaBytes], ['objects', quotaObjects]].flatMap(([name, amount]) => (amount == null ? [] : [[name, Number(amount)] as const]));
      const isBad = [quotaBytes, quotaObjects].some((amount) => amount != null && !/^\d{1,16}$/.test(amount)) || quota.some(([, amount]) => !Number.isSafeInteger(amount));
      if (isBad) return refusal('BAD_QUOTA', 'quotaBytes and quotaObjects are whole numbers below 2^53.');
      const done = await room.objects.setBucketSetting(actor.accountId, bucket, 'quota', quota.length === 0 ? null : JSON.stringify(Object.fromEntries(quota)));
      if (!done.ok) return refusal(done.refusal.code, done.refusal.message);
      return await ownBucket(room, bucket, actor) ?? refusal('NO_SUCH_BUCKET', 'The bucket was deleted meanwhile.');
    },
    archiveObject: onObject<{ readonly backends?: readonly string[] | null }>((accountId, bucket, key, { backends }) => room.objects.archive(accountId, bucket, key, null, backends ?? undefined)),
    restoreObject: onObject((accountId, bucket, key) => room.objects.restore(accountId, bucket, key)),
    deleteObject: onObject((accountId, bucket, key) => room.objects.delete({ accountId, bucket, key })),
  };
}

function objectFields(room: StorageRoom): object {
  return {
    __resolveReference: async ({ id }: { readonly id: string }, { actor }: RequestContext) => {
      const row = await findObjectVersion(room.readModels, id);
      return row !== null && owns(actor, row.accountId) ? presentObject(row) : null;
    },
    segments: async ({ id }: { readonly id: string }) => {
      const online = new Set((await room.dataPath.watch.all()).filter((node) => node.online).map(({ nodeId }) => nodeId));
      return (await segmentsOf(room.readModels, id)).map(({ segmentId, pieces, ...segment }) => ({
        ...segment, id: segmentId, healthy: pieces.filter(({ nodeId }) => online.has(nodeId)).length,
        pieces: pieces.map(({ pieceId, nodeId, ...piece }) => ({ ...piece, id: pieceId, node: { __typename: 'Node', id: nodeId }, online: online.has(nodeId) })),
      }));
    },
    archive: async ({ id, bucket, key }: { readonly id: string; readonly bucket: string; readonly key: string }) => {
      const { state } = await loadObject(room.store, bucket, key, { versionId: id });
      if (state.status !== 'archived') return null;
      const { archiveId, backend, contentRoot, cars, aggregate } = state;
      return { archiveId, backends: backend.split(','), contentRoot, cars, aggregate };
    },
    certificate: ({ id, bucket, key }: { readonly id: string; readonly bucket: string; readonly key: string }) => room.certificate(bucket, key, id),
    durability: async ({ id }: { readonly id: string }) => {
      const segments = await segmentsOf(room.readModels, id);
      const weakest = segments.map(({ k, n }) => ({ k, n, ...planned })).sort((a, b) => annualLossProbability(b) - annualLossProbability(a))[0];
      return presentDurability(weakest ?? { k: 1, n: 1, ...planned });
    },
  };
}

async function objectPage(room: StorageRoom, bucket: string, { first, after, prefix }: Page & { readonly prefix: string }): Promise<object> {
  const listing = await listObjects(room.readModels, { bucket, prefix, delimiter: '', after: after ?? '', limit: within(first) });
  const rows = listing.entries.flatMap((entry) => ('object' in entry ? [entry.object] : []));
  return connection(rows.map((row) => ({ cursor: row.key, node: presentObject(row) })), listing.truncated, after);
}

interface QuotaInput { readonly bucket: string; readonly quotaBytes?: string | null; readonly quotaObjects?: string | null }

async function quotaOf(room: StorageRoom, bucket: string): Promise<Quota | null> {
  const present = await room.objects.bucket(bucket);
  return present === null ? null : bucketQuota(present);
}

async function ownUsage({ objects }: StorageRoom, actor: Actor): Promise<object | null> {
  if (actor.kind !== 'account') return null;
  const [{ bytes, versions }, quota] = [await objects.usageOfAccount(actor.accountId), objects.accountQuota(actor.accountId)];
  return { usedBytes: String(bytes), versions, quotaBytes: quota?.bytes?.toString() ?? null, quotaObjects: quota?.objects?.toString() ?? null };
}

/** Another's bucket looks like none. */
async function ownBucket(room: StorageRoom, bucket: string, actor: Actor): Promise<object | null> {
  const row = await findBucket(room.readModels, bucket);
  return row !== null && owns(actor, row.accountId) ? presentBucket(row) : null;
}

async function ownObject(room: StorageRoom, bucket: string, key: string, actor: Actor): Promise<object | null> {
  const row = await findObject(room.readModels, bucket, key);
  return row !== null && owns(actor, row.accountId) ? presentObject(row) : null;
}

function owns(actor: Actor, accountId: string): boolean {
  return actor.kind === 'platform' || (actor.kind === 'account' && actor.accountId === accountId);
}

const archiveFaults = [StorageUnavailable, PiecesUnreachable, ArchiveUnreachable, ArchiveServiceFailed, ArchiveUnpaid];

/** That nodes are missing, or a service of the archive, is for the caller to know, not a bug to mask. */
async function unlessUnavailable(change: () => Promise<Done<unknown>>): Promise<Done<unknown> | { readonly ok: false; readonly refusal: { readonly code: string; readonly message: string } }> {
  try {
    return await change();
  } catch (error) {
    if (archiveFaults.some((kind) => error instanceof kind) && error instanceof Fault) return { ok: false, refusal: error };
    throw error;
  }
}

function presentBucket({ bucket, createdAt }: BucketRow): object {
  return { __typename: 'Bucket', id: bucket, createdAt };
}

function presentObject({ versionId, contentId, ...row }: ObjectRow): object {
  return { __typename: 'StorageObject', ...row, id: versionId, contentId: contentId === '' ? null : contentId };
}

function presentDurability(asked: Durability): object {
  return { ...asked, annualLossProbability: annualLossProbability(asked) };
}

function refusal(code: string, message: string): object {
  return { __typename: 'Refusal', code, message, detail: null };
}

const notSignedIn = refusal('NOT_SIGNED_IN', 'Sign in first.');

function within(first: number): number { return Math.min(Math.max(first, 0), 100); }

function connection(edges: readonly { readonly cursor: string; readonly node: object }[], hasNextPage: boolean, after?: string | null): { readonly edges: object; readonly pageInfo: object } {
  return { edges, pageInfo: { hasNextPage, hasPreviousPage: after != null, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null } };
}
