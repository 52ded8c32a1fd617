import type { BucketSetting, ColdAggregate, ColdCar, SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';

type DataOf<Type extends StorageEvent['type']> = Extract<StorageEvent, { readonly type: Type }>['data'];

/** Never switched on, on, or on once and paused: it cannot be undone. */
export type Versioning = 'off' | 'enabled' | 'suspended';

export type BucketState =
  | { readonly status: 'absent' }
  | { readonly status: 'present'; readonly accountId: string; readonly versioning: Versioning; readonly settings: BucketSettings };

/** Canonical JSON by the setting's name. */
export type BucketSettings = Readonly<Partial<Record<BucketSetting, string>>>;

/** A stored version; `segments` are where its bytes lie now, which PieceAdded and PieceLost change. */
export type StoredVersion = DataOf<'ObjectStored'> & { /** Of an archived one that is back for a while. */ readonly restoredUntil?: string; /** Of a pack: what refers to it lies there alone. */ readonly packSealed?: true };

export type HeldVersion =
  | { readonly status: 'stored'; readonly version: StoredVersion }
  | { readonly status: 'archived'; readonly version: StoredVersion; readonly archiveId: string; readonly backend: string;
      readonly contentRoot: string; readonly cold: readonly SegmentPlacement[]; /** None of archives of before. */ readonly cars: readonly ColdCar[];
      readonly aggregate: ColdAggregate | null };

export interface DeleteMarker { readonly status: 'marker'; readonly version: DataOf<'DeleteMarkerPlaced'> }

/** Of one key: every version that is kept, the newest first. At most one of them is unnamed. */
export interface ObjectState { readonly versions: readonly (HeldVersion | DeleteMarker)[] }

/** One version of a key, or that there is none. */
export type VersionState = { readonly status: 'absent' } | HeldVersion | DeleteMarker;

/** What S3 calls a version: its id, or `null` for the one that was stored without versioning. */
export function versionName({ named, versionId }: { readonly named?: boolean; readonly versionId: string }): string {
  return named === true ? versionId : 'null';
}

/** The version of that name, or the newest. */
export function versionOf({ versions }: ObjectState, name: string | null): VersionState {
  const found = name === null ? versions[0] : versions.find(({ version }) => versionName(version) === name);
  return found ?? { status: 'absent' };
}

export type Part = DataOf<'PartStored'>;

export type UploadState =
  | { readonly status: 'absent' }
  | { readonly status: 'open'; readonly upload: DataOf<'UploadStarted'>; readonly parts: ReadonlyMap<number, Part> }
  /** Parts are kept, so that a Complete that is sent again is answered as before. */
  | { readonly status: 'completed'; readonly upload: DataOf<'UploadStarted'>; readonly parts: ReadonlyMap<number, Part>; readonly versionId: string }
  | { readonly status: 'aborted' };

export const absentBucket: BucketState = { status: 'absent' };
export const absentObject: ObjectState = { versions: [] };
export const absentUpload: UploadState = { status: 'absent' };
