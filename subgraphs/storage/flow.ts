import type { Flow } from '@oort/kernel-decider';

export const bucketFlow = {
  CreateBucket: { events: ['BucketCreated'], refusals: ['BAD_BUCKET_NAME', 'BUCKET_EXISTS', 'BUCKET_TAKEN'] },
  DeleteBucket: { events: ['BucketDeleted'], refusals: ['NO_SUCH_BUCKET', 'NOT_OWNER', 'BUCKET_NOT_EMPTY'] },
  SetVersioning: { events: ['BucketVersioningSet'], refusals: ['NO_SUCH_BUCKET', 'NOT_OWNER', 'BUCKET_LOCKED'] },
  SetBucketSetting: { events: ['BucketSettingSet'], refusals: ['NO_SUCH_BUCKET', 'NOT_OWNER', 'BUCKET_LOCKED', 'BUCKET_NOT_VERSIONED'] },
} as const satisfies Flow;

export const objectFlow = {
  StoreObject: { events: ['ObjectStored'], refusals: ['PRECONDITION_FAILED', 'OBJECT_LOCKED'] },
  DeleteObject: { events: ['ObjectDeleted', 'DeleteMarkerPlaced'], refusals: ['NO_SUCH_OBJECT', 'PRECONDITION_FAILED', 'OBJECT_LOCKED'] },
  TagObject: { events: ['ObjectTagged'], refusals: ['NO_SUCH_OBJECT', 'OBJECT_REPLACED'] },
  SetObjectAcl: { events: ['ObjectAclSet'], refusals: ['NO_SUCH_OBJECT', 'OBJECT_REPLACED'] },
  SetObjectRetention: { events: ['ObjectRetentionSet'], refusals: ['NO_SUCH_OBJECT', 'OBJECT_REPLACED', 'OBJECT_LOCKED'] },
  SetObjectLegalHold: { events: ['ObjectLegalHoldSet'], refusals: ['NO_SUCH_OBJECT', 'OBJECT_REPLACED'] },
  AddPiece: { events: ['PieceAdded'], refusals: ['OBJECT_REPLACED', 'PIECE_PRESENT'] },
  LosePiece: { events: ['PieceLost'], refusals: ['OBJECT_REPLACED'] },
  PackSegment: { events: ['SegmentPacked'], refusals: ['NO_SUCH_OBJECT', 'OBJECT_REPLACED'] },
  SealPack: { events: ['PackSealed'], refusals: ['NO_SUCH_OBJECT', 'OBJECT_REPLACED', 'PACK_SEALED'] },
  ArchiveObject: { events: ['ObjectArchived'], refusals: ['NO_SUCH_OBJECT', 'OBJECT_REPLACED', 'OBJECT_ARCHIVED'] },
  RestoreObject: { events: ['ObjectRestored'], refusals: ['NO_SUCH_OBJECT', 'OBJECT_REPLACED', 'OBJECT_NOT_ARCHIVED', 'CONTENT_ROOT_DIFFERS'] },
} as const satisfies Flow;

export const uploadFlow = {
  StartUpload: { events: ['UploadStarted'], refusals: ['UPLOAD_EXISTS'] },
  StorePart: { events: ['PartStored'], refusals: ['NO_SUCH_UPLOAD'] },
  CompleteUpload: { events: ['UploadCompleted'], refusals: ['NO_SUCH_UPLOAD', 'INVALID_PART', 'INVALID_PART_ORDER', 'PART_TOO_SMALL'] },
  AbortUpload: { events: ['UploadAborted'], refusals: ['NO_SUCH_UPLOAD'] },
} as const satisfies Flow;
