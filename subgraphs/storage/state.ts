import type { SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';

type DataOf<Type extends StorageEvent['type']> = Extract<StorageEvent, { readonly type: Type }>['data'];

export type BucketState = { readonly status: 'absent' } | { readonly status: 'present'; readonly accountId: string };

/** A stored version; `segments` are where its bytes lie now, which PieceAdded and PieceLost change. */
export type StoredVersion = DataOf<'ObjectStored'>;

export type ObjectState =
  | { readonly status: 'absent' }
  | { readonly status: 'stored'; readonly version: StoredVersion }
  | { readonly status: 'archived'; readonly version: StoredVersion; readonly archiveId: string; readonly backend: string;
      readonly contentRoot: string; readonly cold: readonly SegmentPlacement[] };

export type Part = DataOf<'PartStored'>;

export type UploadState =
  | { readonly status: 'absent' }
  | { readonly status: 'open'; readonly upload: DataOf<'UploadStarted'>; readonly parts: ReadonlyMap<number, Part> }
  /** Parts are kept, so that a Complete that is sent again is answered as before. */
  | { readonly status: 'completed'; readonly upload: DataOf<'UploadStarted'>; readonly parts: ReadonlyMap<number, Part>; readonly versionId: string }
  | { readonly status: 'aborted' };

export const absentBucket: BucketState = { status: 'absent' };
export const absentObject: ObjectState = { status: 'absent' };
export const absentUpload: UploadState = { status: 'absent' };
