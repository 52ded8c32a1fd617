import type { Command } from '@oort/kernel-decider';
import type { PiecePlacement, SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';

type DataOf<Type extends StorageEvent['type']> = Extract<StorageEvent, { readonly type: Type }>['data'];

/** Asked of one bucket. */
export type BucketCommand =
  | Command<'CreateBucket', { readonly bucket: string; readonly accountId: string }>
  /** Whether it is empty is known to the catalogue, which the door asked. */
  | Command<'DeleteBucket', { readonly bucket: string; readonly accountId: string; readonly empty: boolean }>;

/** What must be true of the object that is there, for a conditional write: an etag, or `*` for any. */
export interface Condition { readonly ifMatch?: string | undefined; readonly ifNoneMatch?: string | undefined }

/** Asked of one key of one bucket. */
export type ObjectCommand =
  | Command<'StoreObject', DataOf<'ObjectStored'> & { readonly condition: Condition }>
  | Command<'DeleteObject', { readonly accountId: string; readonly condition: Condition }>
  | Command<'AddPiece', { readonly versionId: string; readonly segmentId: string; readonly piece: PiecePlacement }>
  | Command<'LosePiece', { readonly versionId: string; readonly segmentId: string; readonly index: number; readonly nodeId: string; readonly reason: string }>
  | Command<'ArchiveObject', { readonly versionId: string; readonly accountId: string; readonly archiveId: string; readonly backend: string; readonly contentRoot: string; readonly segments: readonly SegmentPlacement[] }>
  | Command<'RestoreObject', { readonly versionId: string; readonly accountId: string; readonly archiveId: string; readonly contentRoot: string; readonly segments: readonly SegmentPlacement[] }>;

/** Asked of one multipart upload. */
export type UploadCommand =
  | Command<'StartUpload', DataOf<'UploadStarted'>>
  | Command<'StorePart', DataOf<'PartStored'>>
  | Command<'CompleteUpload', { readonly versionId: string; readonly parts: readonly { readonly partNumber: number; readonly etag: string }[] }>
  | Command<'AbortUpload', { readonly uploadId: string }>;
