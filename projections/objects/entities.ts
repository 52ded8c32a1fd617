import { EntitySchema } from 'typeorm';

export const objectsSchema = 'objects';

export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

export interface BucketRow {
  bucket: string; accountId: string; createdAt: string;
  /** The rules' document, where it has any. */
  lifecycle: string | null;
}

export interface ObjectRow {
  versionId: string;
  bucket: string;
  /** Ordered by its UTF-8 bytes, as S3 lists. */
  key: string;
  accountId: string;
  /** The writer's, where that is not the account whose bucket it is. */
  ownerId: string | null;
  /** A decimal string, as the driver gives 64-bit integers. */
  sizeBytes: string;
  etag: string;
  /** Of the checksum that the object was stored with, as S3 names it; null without one, for packs and for delete markers. */
  checksumAlgorithm: string | null;
  checksumType: ChecksumType | null;
  sha256: string;
  contentId: string;
  contentType: string;
  storageClass: 'STANDARD' | 'EDGE' | 'ARCHIVE';
  storedAt: string;
  archiveId: string | null;
  archiveBackend: string | null;
  /** Of the plain bytes, set by the archive. */
  contentRoot: string | null;
  /** Back from the archive until then. */
  restoredUntil: string | null;
  /** S3 calls it by its id; else `null`. */
  named: boolean;
  /** A delete marker: no bytes, and while it is the latest the key shows no object. */
  marker: boolean;
  /** The newest of its key. */
  latest: boolean;
  /** Of the event in the log, a decimal string: versions are listed newest first. */
  position: string;
}

export interface SegmentRow {
  segmentId: string; versionId: string; ordinal: number; sizeBytes: number; k: number; n: number; stripeUnitBytes: number; cold: boolean;
  /** The pack that it lies in, alone. */
  packId: string | null;
  /** The pack that it is also in, and will lie in alone once that is sealed. */
  nextPackId: string | null;
}

/** A sealed pack; `segmentId` is that of its one segment, `sizeBytes` its length with the index. */
export interface PackRow { packId: string; segmentId: string; sizeBytes: number; sealedAt: string }

export interface PieceRow { segmentId: string; index: number; nodeId: string; pieceId: string; root: string; leaves: number }

export interface UploadRow {
  uploadId: string; bucket: string; key: string; accountId: string; ownerId: string; initiatorId: string; startedAt: string;
  /** What was asked for at its start. */
  checksumAlgorithm: string | null; checksumType: ChecksumType | null;
}

export const BucketEntity = new EntitySchema<BucketRow>({
  name: 'StorageBucket', tableName: 'bucket', schema: objectsSchema,
  columns: {
    bucket: { type: 'text', primary: true, collation: 'C' },
    accountId: { type: 'text' },
    createdAt: { type: 'text' },
    lifecycle: { type: 'text', nullable: true },
  },
  indices: [{ name: 'bucket_account', columns: ['accountId', 'bucket'] }],
});

export const ObjectEntity = new EntitySchema<ObjectRow>({
  name: 'StorageObject', tableName: 'object', schema: objectsSchema,
  columns: {
    versionId: { type: 'text', primary: true },
    bucket: { type: 'text', collation: 'C' },
    key: { type: 'text', collation: 'C' },
    accountId: { type: 'text' },
    ownerId: { type: 'text', nullable: true },
    sizeBytes: { type: 'bigint' },
    etag: { type: 'text' },
    checksumAlgorithm: { type: 'text', nullable: true },
    checksumType: { type: 'text', nullable: true },
    sha256: { type: 'text' },
    contentId: { type: 'text' },
    contentType: { type: 'text' },
    storageClass: { type: 'text' },
    storedAt: { type: 'text' },
    archiveId: { type: 'text', nullable: true },
    archiveBackend: { type: 'text', nullable: true },
    contentRoot: { type: 'text', nullable: true },
    restoredUntil: { type: 'text', nullable: true },
    named: { type: 'boolean' },
    marker: { type: 'boolean' },
    latest: { type: 'boolean' },
    position: { type: 'bigint' },
  },
  indices: [
    { name: 'object_key', columns: ['bucket', 'key', 'position'], unique: true },
    { name: 'object_restored', columns: ['restoredUntil'], where: '"restoredUntil" IS NOT NULL' },
  ],
});

export const SegmentEntity = new EntitySchema<SegmentRow>({
  name: 'StorageSegment', tableName: 'segment', schema: objectsSchema,
  columns: {
    segmentId: { type: 'text', primary: true },
    versionId: { type: 'text' },
    ordinal: { type: 'int' },
    sizeBytes: { type: 'int' },
    k: { type: 'int' },
    n: { type: 'int' },
    stripeUnitBytes: { type: 'int' },
    cold: { type: 'boolean' },
    packId: { type: 'text', nullable: true },
    nextPackId: { type: 'text', nullable: true },
  },
  indices: [
    { name: 'segment_version', columns: ['versionId'] },
    { name: 'segment_loose', columns: ['segmentId'], where: '"packId" IS NULL AND k = 1 AND NOT cold' },
    { name: 'segment_pack', columns: ['packId'], where: '"packId" IS NOT NULL' },
    { name: 'segment_next_pack', columns: ['nextPackId'], where: '"nextPackId" IS NOT NULL' },
  ],
});

export const PackEntity = new EntitySchema<PackRow>({
  name: 'StoragePack', tableName: 'pack', schema: objectsSchema,
  columns: {
    packId: { type: 'text', primary: true },
    segmentId: { type: 'text' },
    sizeBytes: { type: 'int' },
    sealedAt: { type: 'text' },
  },
});

export const PieceEntity = new EntitySchema<PieceRow>({
  name: 'StoragePiece', tableName: 'piece', schema: objectsSchema,
  columns: {
    segmentId: { type: 'text', primary: true },
    index: { type: 'int', primary: true },
    nodeId: { type: 'text' },
    pieceId: { type: 'text' },
    root: { type: 'text' },
    leaves: { type: 'int' },
  },
  indices: [{ name: 'piece_node', columns: ['nodeId'] }],
});

export const UploadEntity = new EntitySchema<UploadRow>({
  name: 'StorageUpload', tableName: 'upload', schema: objectsSchema,
  columns: {
    uploadId: { type: 'text', primary: true },
    bucket: { type: 'text', collation: 'C' },
    key: { type: 'text', collation: 'C' },
    accountId: { type: 'text' },
    ownerId: { type: 'text' },
    initiatorId: { type: 'text' },
    startedAt: { type: 'text' },
    checksumAlgorithm: { type: 'text', nullable: true },
    checksumType: { type: 'text', nullable: true },
  },
  indices: [{ name: 'upload_bucket', columns: ['bucket', 'key'] }],
});
