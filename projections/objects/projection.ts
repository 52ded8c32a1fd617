import { In, type EntityManager } from 'typeorm';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection } from '@oort/kernel-projection';
import type { SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';
import { BucketEntity, ObjectEntity, PieceEntity, SegmentEntity, UploadEntity, type PieceRow } from './entities';

const subscribes = [
  'BucketCreated', 'BucketDeleted', 'ObjectStored', 'ObjectDeleted', 'PieceAdded', 'PieceLost', 'ObjectArchived', 'ObjectRestored',
  'UploadStarted', 'PartStored', 'UploadCompleted', 'UploadAborted',
] as const satisfies readonly StorageEvent['type'][];

type Read = Extract<StorageEvent, { readonly type: (typeof subscribes)[number] }>;

export const objectsProjection: Projection = {
  name: 'objects',
  version: 1,
  subscribes,
  entities: [BucketEntity, ObjectEntity, SegmentEntity, PieceEntity, UploadEntity],
  apply: (event, manager) => apply(event, { type: event.type, data: event.data } as unknown as Read, manager),
};

async function apply({ metadata }: RecordedEvent, event: Read, manager: EntityManager): Promise<void> {
  const { occurredAt } = metadata;
  switch (event.type) {
    case 'BucketCreated':
      await manager.insert(BucketEntity, { bucket: event.data.bucket, accountId: event.data.accountId, createdAt: occurredAt });
      return;
    case 'BucketDeleted':
      await manager.delete(BucketEntity, { bucket: event.data.bucket });
      return;
    case 'ObjectStored': return stored(event.data, occurredAt, manager);
    case 'ObjectDeleted': return forget(event.data.versionId, manager);
    case 'PieceAdded': return addPieces([{ segmentId: event.data.segmentId, pieces: [event.data.piece] }], manager);
    case 'PieceLost': {
      const { segmentId, index, nodeId } = event.data;
      await manager.delete(PieceEntity, { segmentId, index, nodeId });
      return;
    }
    case 'ObjectArchived': {
      const { versionId, archiveId, backend, contentRoot, segments } = event.data;
      await manager.update(ObjectEntity, { versionId }, { archiveId, archiveBackend: backend, contentRoot, storageClass: 'ARCHIVE' });
      return place(versionId, segments, true, manager);
    }
    case 'ObjectRestored': {
      const { versionId, segments } = event.data;
      await manager.update(ObjectEntity, { versionId }, { storageClass: 'STANDARD' });
      return place(versionId, segments, false, manager);
    }
    case 'UploadStarted': {
      const { uploadId, bucket, key, accountId } = event.data;
      await manager.insert(UploadEntity, { uploadId, bucket, key, accountId, startedAt: occurredAt });
      return;
    }
    // Its pieces are catalogued under the upload's id until they are an object's, so that a sweep does not take them for orphans.
    case 'PartStored': return addSegments(event.data.uploadId, event.data.segments, false, manager);
    case 'UploadCompleted':
    case 'UploadAborted':
      await forgetSegments(event.data.uploadId, manager);
      await manager.delete(UploadEntity, { uploadId: event.data.uploadId });
      return;
  }
}

async function stored(data: Extract<Read, { readonly type: 'ObjectStored' }>['data'], storedAt: string, manager: EntityManager): Promise<void> {
  const { versionId, bucket, key, accountId, sizeBytes, etag, sha256, contentId, contentType, storageClass, segments } = data;
  const before = await manager.findOneBy(ObjectEntity, { bucket, key });
  if (before !== null) await forget(before.versionId, manager);
  await manager.insert(ObjectEntity, {
    versionId, bucket, key, accountId, sizeBytes: String(sizeBytes), etag, sha256, contentId, contentType, storageClass, storedAt,
    archiveId: null, archiveBackend: null, contentRoot: null,
  });
  await place(versionId, segments, false, manager);
}

async function forget(versionId: string, manager: EntityManager): Promise<void> {
  await forgetSegments(versionId, manager);
  await manager.delete(ObjectEntity, { versionId });
}

async function place(versionId: string, segments: readonly SegmentPlacement[], cold: boolean, manager: EntityManager): Promise<void> {
  await forgetSegments(versionId, manager);
  // A completed upload's parts are catalogued under the upload: they move to the object.
  const segmentIds = segments.map(({ segmentId }) => segmentId);
  await manager.delete(PieceEntity, { segmentId: In(segmentIds) });
  await manager.delete(SegmentEntity, { segmentId: In(segmentIds) });
  await addSegments(versionId, segments, cold, manager);
}

async function addSegments(owner: string, segments: readonly SegmentPlacement[], cold: boolean, manager: EntityManager): Promise<void> {
  const rows = segments.map(({ segmentId, sizeBytes, k, n, stripeUnitBytes }, ordinal) => (
    { segmentId, versionId: owner, ordinal, sizeBytes, k, n, stripeUnitBytes, cold }));
  if (rows.length > 0) await manager.insert(SegmentEntity, rows);
  await addPieces(segments, manager);
}

async function addPieces(segments: readonly Pick<SegmentPlacement, 'segmentId' | 'pieces'>[], manager: EntityManager): Promise<void> {
  const rows: PieceRow[] = segments.flatMap(({ segmentId, pieces }) => pieces.map(({ index, nodeId, pieceId, root, leaves }) => (
    { segmentId, index, nodeId, pieceId, root, leaves })));
  if (rows.length > 0) await manager.upsert(PieceEntity, rows, ['segmentId', 'index']);
}

async function forgetSegments(versionId: string, manager: EntityManager): Promise<void> {
  const segments = await manager.find(SegmentEntity, { where: { versionId }, select: { segmentId: true } });
  if (segments.length === 0) return;
  await manager.delete(PieceEntity, { segmentId: In(segments.map(({ segmentId }) => segmentId)) });
  await manager.delete(SegmentEntity, { versionId });
}
