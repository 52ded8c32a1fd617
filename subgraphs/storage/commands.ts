import type { Command } from '@oort/kernel-decider';
import type { Acl, ColdAggregate, ColdCar, PiecePlacement, Retention, SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';
import type { Versioning } from './state';

type DataOf<Type extends StorageEvent['type']> = Extract<StorageEvent, { readonly type: Type }>['data'];

/** Asked of one bucket. */
export type BucketCommand =
  | Command<'CreateBucket', DataOf<'BucketCreated'>>
  /** Whether it is empty is known to the catalogue, which the door asked. */
  | Command<'DeleteBucket', { readonly bucket: string; readonly accountId: string; readonly empty: boolean }>
  | Command<'SetVersioning', DataOf<'BucketVersioningSet'>>
  | Command<'SetBucketSetting', DataOf<'BucketSettingSet'>>;

/** What must be true of the object that is there, for a conditional write: an etag, or `*` for any. */
export interface Condition {
  readonly ifMatch?: string | undefined; readonly ifNoneMatch?: string | undefined;
  /** The platform's id of the version that is meant. */
  readonly ifVersion?: string;
  /** Of a pack: nothing lies in it alone. */
  readonly ifUnsealed?: true;
}

/** Asked of one key of one bucket. */
export type ObjectCommand =
  | Command<'StoreObject', DataOf<'ObjectStored'> & { readonly condition: Condition }>
  /** With a version's name (`null` or its id) that version goes for good. Without one it depends on the bucket. */
  | Command<'DeleteObject', {
    readonly bucket: string; readonly key: string; readonly accountId: string; readonly condition: Condition;
    readonly version: string | null; readonly versioning: Versioning; readonly markerId: string;
    /** Governance is passed by. */
    readonly bypass?: boolean;
  }>
  | Command<'TagObject', { readonly versionId: string; readonly accountId: string; readonly tags: Readonly<Record<string, string>> }>
  | Command<'SetObjectAcl', { readonly versionId: string; readonly accountId: string; readonly acl: Acl }>
  | Command<'SetObjectRetention', { readonly versionId: string; readonly accountId: string; readonly retention: Retention | null; readonly bypass: boolean }>
  | Command<'SetObjectLegalHold', { readonly versionId: string; readonly accountId: string; readonly legalHold: boolean }>
  | Command<'AddPiece', { readonly versionId: string; readonly segmentId: string; readonly piece: PiecePlacement }>
  | Command<'LosePiece', { readonly versionId: string; readonly segmentId: string; readonly index: number; readonly nodeId: string; readonly reason: string }>
  | Command<'PackSegment', { readonly versionId: string; readonly segmentId: string; readonly packId: string; readonly ordinal: number; readonly offset: number; readonly from: string | null }>
  /** Asked of a pack, which is an object of the platform's. */
  | Command<'SealPack', { readonly versionId: string; readonly segments: number }>
  | Command<'ArchiveObject', { readonly versionId: string; readonly accountId: string; readonly archiveId: string; readonly backend: string; readonly contentRoot: string; readonly segments: readonly SegmentPlacement[]; readonly cars?: readonly ColdCar[]; readonly aggregate?: ColdAggregate }>
  | Command<'RestoreObject', { readonly versionId: string; readonly accountId: string; readonly archiveId: string; readonly contentRoot: string; readonly segments: readonly SegmentPlacement[]; readonly until?: string }>;

/** Asked of one multipart upload. */
export type UploadCommand =
  | Command<'StartUpload', DataOf<'UploadStarted'>>
  | Command<'StorePart', DataOf<'PartStored'>>
  | Command<'CompleteUpload', { readonly versionId: string; readonly parts: readonly { readonly partNumber: number; readonly etag: string }[] }>
  | Command<'AbortUpload', { readonly uploadId: string }>;
