import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';
import { BucketEntity, ObjectEntity, PackEntity, PieceEntity, SegmentEntity, UploadEntity, type ChecksumType, type ObjectRow, type PieceRow } from './entities';

const subscribes = [
  'BucketCreated', 'BucketDeleted', 'BucketSettingSet', 'ObjectStored', 'DeleteMarkerPlaced', 'ObjectDeleted', 'PieceAdded', 'PieceLost',
  'SegmentPacked', 'PackSealed', 'ObjectArchived', 'ObjectRestored', 'UploadStarted', 'PartStored', 'UploadCompleted', 'UploadAborted',
] as const satisfies readonly StorageEvent['type'][];

type Read = Extract<StorageEvent, { readonly type: (typeof subscribes)[number] }>;

export const objectsProjection: Projection = {
  name: 'objects',
  version: 7,
  subscribes,
  entities: [BucketEntity, ObjectEntity, SegmentEntity, PackEntity, PieceEntity, UploadEntity],
  apply: (event, rows) => apply(event, { type: event.type, data: event.data } as unknown as Read, rows),
};

async function apply({ metadata, position }: RecordedEvent, event: Read, rows: Rows): Promise<void> {
  const { occurredAt } = metadata;
  switch (event.type) {
    case 'BucketCreated':
      await rows.insert(BucketEntity, { bucket: event.data.bucket, accountId: event.data.accountId, createdAt: occurredAt, lifecycle: event.data.settings?.lifecycle ?? null });
      return;
    case 'BucketDeleted':
      await rows.delete(BucketEntity, { bucket: event.data.bucket });
      return;
    case 'BucketSettingSet':
      if (event.data.setting === 'lifecycle') await rows.update(BucketEntity, { bucket: event.data.bucket }, { lifecycle: event.data.document });
      return;
    case 'ObjectStored': {
      const { versionId, bucket, key, accountId, sizeBytes, etag, sha256, contentId, contentType, storageClass, segments, named = false, acl, checksums } = event.data;
      await makeLatest({
        versionId, bucket, key, accountId, ownerId: acl === undefined || acl.owner === accountId ? null : acl.owner, sizeBytes: String(sizeBytes), etag, ...checksumOf(checksums), sha256, contentId, contentType, storageClass, storedAt: occurredAt,
        archiveId: null, archiveBackend: null, contentRoot: null, restoredUntil: null, named, marker: false, latest: true, position: String(position),
      }, rows);
      return place(versionId, segments, false, rows);
    }
    case 'DeleteMarkerPlaced': return makeLatest({
      ...event.data, ownerId: null, sizeBytes: '0', etag: '', ...checksumOf({}), sha256: '', contentId: '', contentType: '', storageClass: 'STANDARD', storedAt: occurredAt,
      archiveId: null, archiveBackend: null, contentRoot: null, restoredUntil: null, marker: true, latest: true, position: String(position),
    }, rows);
    case 'ObjectDeleted': return remove(event.data, rows);
    case 'PieceAdded': return addPiece(event.data, rows);
    case 'SegmentPacked':
      await rows.update(SegmentEntity, { segmentId: event.data.segmentId }, { nextPackId: event.data.packId });
      return;
    case 'PackSealed': return sealPack(event.data, occurredAt, rows);
    case 'PieceLost': {
      const { segmentId, index, nodeId } = event.data;
      await rows.delete(PieceEntity, { segmentId, index, nodeId });
      return;
    }
    case 'ObjectArchived': {
      const { versionId, archiveId, backend, contentRoot, segments } = event.data;
      await rows.update(ObjectEntity, { versionId }, { archiveId, archiveBackend: backend, contentRoot, storageClass: 'ARCHIVE', restoredUntil: null });
      return place(versionId, segments, true, rows);
    }
    case 'ObjectRestored': {
      const { versionId, segments, until = null } = event.data;
      await rows.update(ObjectEntity, { versionId }, { storageClass: 'STANDARD', restoredUntil: until });
      return place(versionId, segments, false, rows);
    }
    case 'UploadStarted': {
      const { uploadId, bucket, key, accountId, acl, initiator = accountId, checksumAlgorithm, checksumType = null } = event.data;
      await rows.insert(UploadEntity, { uploadId, bucket, key, accountId, ownerId: acl?.owner ?? accountId, initiatorId: initiator, startedAt: occurredAt, checksumAlgorithm, checksumType });
      return;
    }
    // Its pieces are catalogued under the upload's id until they are an object's, so that a sweep does not take them for orphans.
    case 'PartStored': return addSegments(event.data.uploadId, event.data.segments, false, rows);
    case 'UploadCompleted':
    case 'UploadAborted':
      await forgetSegments(event.data.uploadId, rows);
      await rows.delete(UploadEntity, { uploadId: event.data.uploadId });
      return;
  }
}

/** An object has one checksum; a composite one ends in the count of its parts. */
function checksumOf(checksums: Readonly<Record<string, string>>): { readonly checksumAlgorithm: string | null; readonly checksumType: ChecksumType | null } {
  const [first] = Object.entries(checksums);
  if (first === undefined) return { checksumAlgorithm: null, checksumType: null };
  return { checksumAlgorithm: first[0], checksumType: /-\d+$/.test(first[1]) ? 'COMPOSITE' : 'FULL_OBJECT' };
}

/** A named version comes on top of those before it; an unnamed one takes the place of the unnamed one. */
async function makeLatest(row: ObjectRow, rows: Rows): Promise<void> {
  const { bucket, key } = row;
  if (!row.named) {
    const replaced = await rows.findOne(ObjectEntity, { bucket, key, named: false });
    if (replaced !== null) await forget(replaced.versionId, rows);
  }
  await rows.update(ObjectEntity, { bucket, key, latest: true }, { latest: false });
  await rows.insert(ObjectEntity, row);
}

async function remove({ bucket, key, versionId }: { readonly bucket: string; readonly key: string; readonly versionId: string }, rows: Rows): Promise<void> {
  await forget(versionId, rows);
  let newest: ObjectRow | null = null;
  for (const row of await rows.find(ObjectEntity, { bucket, key })) {
    if (newest === null || BigInt(row.position) > BigInt(newest.position)) newest = row;
  }
  if (newest !== null && !newest.latest) await rows.update(ObjectEntity, { versionId: newest.versionId }, { latest: true });
}

async function forget(versionId: string, rows: Rows): Promise<void> {
  await forgetSegments(versionId, rows);
  await rows.delete(PackEntity, { packId: versionId });
  await rows.delete(ObjectEntity, { versionId });
}

async function place(versionId: string, segments: readonly SegmentPlacement[], cold: boolean, rows: Rows): Promise<void> {
  await forgetSegments(versionId, rows);
  // A completed upload's parts are catalogued under the upload: they move to the object.
  const segmentIds = segments.map(({ segmentId }) => segmentId);
  await rows.delete(PieceEntity, { segmentId: segmentIds });
  await rows.delete(SegmentEntity, { segmentId: segmentIds });
  await addSegments(versionId, segments, cold, rows);
}

async function addSegments(owner: string, segments: readonly SegmentPlacement[], cold: boolean, rows: Rows): Promise<void> {
  await rows.insert(SegmentEntity, segments.map(({ segmentId, sizeBytes, k, n, stripeUnitBytes }, ordinal) => (
    { segmentId, versionId: owner, ordinal, sizeBytes, k, n, stripeUnitBytes, cold, packId: null, nextPackId: null })));
  await addPieces(segments, rows);
}

/** A replica that comes when its segment lies in a pack belongs to nothing, and is swept. */
async function addPiece({ segmentId, piece }: Extract<Read, { readonly type: 'PieceAdded' }>['data'], rows: Rows): Promise<void> {
  const segment = await rows.findOne(SegmentEntity, { segmentId });
  if (segment?.packId != null) return;
  await addPieces([{ segmentId, pieces: [piece] }], rows);
}

/** What refers to the pack lies in it alone from here on; its replicas are nobody's. */
async function sealPack({ versionId: packId, sizeBytes }: Extract<Read, { readonly type: 'PackSealed' }>['data'], sealedAt: string, rows: Rows): Promise<void> {
  const own = await rows.findOne(SegmentEntity, { versionId: packId });
  if (own === null) return;
  await rows.put(PackEntity, [{ packId, segmentId: own.segmentId, sizeBytes, sealedAt }]);
  const packed = await rows.find(SegmentEntity, { nextPackId: packId });
  if (packed.length === 0) return;
  await rows.delete(PieceEntity, { segmentId: packed.map(({ segmentId }) => segmentId) });
  await rows.update(SegmentEntity, { nextPackId: packId }, { packId, nextPackId: null });
}

async function addPieces(segments: readonly Pick<SegmentPlacement, 'segmentId' | 'pieces'>[], rows: Rows): Promise<void> {
  await rows.put(PieceEntity, segments.flatMap(({ segmentId, pieces }) => pieces.map(({ index, nodeId, pieceId, root, leaves }): PieceRow => (
    { segmentId, index, nodeId, pieceId, root, leaves }))));
}

async function forgetSegments(versionId: string, rows: Rows): Promise<void> {
  const segments = await rows.find(SegmentEntity, { versionId });
  if (segments.length === 0) return;
  await rows.delete(PieceEntity, { segmentId: segments.map(({ segmentId }) => segmentId) });
  await rows.delete(SegmentEntity, { versionId });
}
