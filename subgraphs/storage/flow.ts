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

export const keyringFlow = {
  CreateEncryptionKey: { events: ['EncryptionKeyCreated', 'EncryptionKeyAliasSet'], refusals: ['ENCRYPTION_KEY_EXISTS', 'BAD_KEY_ALIAS', 'KEY_ALIAS_TAKEN', 'ENCRYPTION_KEY_LIMIT'] },
  SetEncryptionKeyAlias: { events: ['EncryptionKeyAliasSet'], refusals: ['NO_SUCH_ENCRYPTION_KEY', 'BAD_KEY_ALIAS', 'KEY_ALIAS_TAKEN', 'NO_SUCH_KEY_ALIAS', 'ENCRYPTION_KEY_LIMIT'] },
  SetEncryptionKeyEnabled: { events: ['EncryptionKeyEnabledSet'], refusals: ['NO_SUCH_ENCRYPTION_KEY', 'ENCRYPTION_KEY_MANAGED', 'ENCRYPTION_KEY_PENDING_DELETION'] },
  RotateEncryptionKey: { events: ['EncryptionKeyRotated'], refusals: ['NO_SUCH_ENCRYPTION_KEY', 'ENCRYPTION_KEY_MANAGED', 'ENCRYPTION_KEY_PENDING_DELETION', 'ENCRYPTION_KEY_DISABLED'] },
  GrantEncryptionKey: { events: ['EncryptionKeyGrantSet'], refusals: ['NO_SUCH_ENCRYPTION_KEY', 'ENCRYPTION_KEY_MANAGED', 'ENCRYPTION_KEY_PENDING_DELETION', 'ENCRYPTION_KEY_LIMIT'] },
  ScheduleEncryptionKeyDeletion: { events: ['EncryptionKeyDeletionScheduled'], refusals: ['NO_SUCH_ENCRYPTION_KEY', 'ENCRYPTION_KEY_MANAGED', 'ENCRYPTION_KEY_PENDING_DELETION', 'BAD_WAITING_PERIOD'] },
  CancelEncryptionKeyDeletion: { events: ['EncryptionKeyDeletionCancelled'], refusals: ['NO_SUCH_ENCRYPTION_KEY', 'ENCRYPTION_KEY_MANAGED'] },
  DeleteEncryptionKey: { events: ['EncryptionKeyDeleted'], refusals: ['NO_SUCH_ENCRYPTION_KEY', 'ENCRYPTION_KEY_MANAGED', 'ENCRYPTION_KEY_DELETION_NOT_DUE'] },
} as const satisfies Flow;
