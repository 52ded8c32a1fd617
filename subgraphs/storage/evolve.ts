import type { PiecePlacement, SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';
import { absentBucket, type BucketState, type HeldVersion, type ObjectState, type StoredVersion, type UploadState } from './state';

type EventOf<Type extends StorageEvent['type']> = Extract<StorageEvent, { readonly type: Type }>;

export type BucketEvent = EventOf<'BucketCreated' | 'BucketDeleted' | 'BucketVersioningSet' | 'BucketSettingSet'>;
export type ObjectEvent = EventOf<'ObjectStored' | 'DeleteMarkerPlaced' | 'ObjectTagged' | 'ObjectAclSet' | 'ObjectRetentionSet' | 'ObjectLegalHoldSet' | 'ObjectDeleted' | 'PieceAdded' | 'PieceLost' | 'SegmentPacked' | 'PackSealed' | 'ObjectArchived' | 'ObjectRestored'>;
export type UploadEvent = EventOf<'UploadStarted' | 'PartStored' | 'UploadCompleted' | 'UploadAborted'>;

export function evolveBucket(state: BucketState, event: BucketEvent): BucketState {
  switch (event.type) {
    case 'BucketCreated': {
      const { accountId, settings = {} } = event.data;
      // What is locked is a version, so a bucket that begins with locks begins with versions.
      return { status: 'present', accountId, versioning: settings.objectLock === undefined ? 'off' : 'enabled', settings };
    }
    case 'BucketDeleted': return absentBucket;
    case 'BucketVersioningSet': return state.status === 'absent' ? state : { ...state, versioning: event.data.status };
    case 'BucketSettingSet': {
      if (state.status === 'absent') return state;
      const { setting, document } = event.data;
      const others = Object.fromEntries(Object.entries(state.settings).filter(([name]) => name !== setting));
      return { ...state, settings: document === null ? others : { ...others, [setting]: document } };
    }
  }
}

export function evolveObject({ versions }: ObjectState, event: ObjectEvent): ObjectState {
  const { versionId } = event.data;
  switch (event.type) {
    case 'ObjectStored': return { versions: [{ status: 'stored', version: event.data }, ...beside(versions, event.data.named === true)] };
    case 'DeleteMarkerPlaced': return { versions: [{ status: 'marker', version: event.data }, ...beside(versions, event.data.named)] };
    case 'ObjectDeleted': return { versions: versions.filter(({ version }) => version.versionId !== versionId) };
    case 'ObjectTagged':
    case 'ObjectAclSet':
    case 'ObjectRetentionSet':
    case 'ObjectLegalHoldSet':
    case 'PieceAdded':
    case 'PieceLost':
    case 'SegmentPacked':
    case 'PackSealed':
    case 'ObjectArchived':
    case 'ObjectRestored':
      return { versions: versions.map((held) => (held.status === 'marker' || held.version.versionId !== versionId ? held : evolveVersion(held, event))) };
  }
}

/** What stays when a version comes: a named one replaces nothing, an unnamed one the unnamed one. */
function beside(versions: ObjectState['versions'], named: boolean): ObjectState['versions'] {
  return named ? versions : versions.filter(({ version }) => version.named === true);
}

type ChangeEvent = Exclude<ObjectEvent, EventOf<'ObjectStored' | 'DeleteMarkerPlaced' | 'ObjectDeleted'>>;

function evolveVersion(state: HeldVersion, event: ChangeEvent): HeldVersion {
  switch (event.type) {
    case 'ObjectTagged': return { ...state, version: { ...state.version, tags: event.data.tags } };
    case 'ObjectAclSet': return { ...state, version: { ...state.version, acl: event.data.acl } };
    case 'ObjectRetentionSet': {
      const { legalHold } = state.version.lock ?? {};
      const { retention } = event.data;
      return { ...state, version: { ...state.version, lock: { ...(legalHold === undefined ? {} : { legalHold }), ...(retention === null ? {} : { retention }) } } };
    }
    case 'ObjectLegalHoldSet': return { ...state, version: { ...state.version, lock: { ...state.version.lock, legalHold: event.data.legalHold } } };
    case 'PieceAdded': return { ...state, version: withPieces(state.version, event.data.segmentId, (pieces) => added(pieces, event.data.piece)) };
    case 'PieceLost': {
      const { segmentId, index, nodeId } = event.data;
      return { ...state, version: withPieces(state.version, segmentId, (pieces) => pieces.filter((piece) => piece.index !== index || piece.nodeId !== nodeId)) };
    }
    case 'SegmentPacked': return { ...state, version: { ...state.version, segments: state.version.segments.map((segment) => (segment.segmentId === event.data.segmentId ? packed(segment, event.data) : segment)) } };
    case 'PackSealed': return { ...state, version: { ...state.version, packSealed: true } };
    case 'ObjectArchived': {
      const { archiveId, backend, contentRoot, segments, cars = [], aggregate = null } = event.data;
      const { restoredUntil: _, ...before } = state.version;
      const version: StoredVersion = { ...before, segments: [], storageClass: 'ARCHIVE' };
      return { status: 'archived', version, archiveId, backend, contentRoot, cold: segments, cars, aggregate };
    }
    case 'ObjectRestored': {
      const { segments, until } = event.data;
      return { status: 'stored', version: { ...state.version, segments, storageClass: 'STANDARD', ...(until === undefined ? {} : { restoredUntil: until }) } };
    }
  }
}

export function evolveUpload(state: UploadState, event: UploadEvent): UploadState {
  switch (event.type) {
    case 'UploadStarted': return { status: 'open', upload: event.data, parts: new Map() };
    case 'PartStored': {
      if (state.status !== 'open') return state;
      return { ...state, parts: new Map(state.parts).set(event.data.partNumber, event.data) };
    }
    case 'UploadCompleted': return state.status === 'open' ? { ...state, status: 'completed', versionId: event.data.versionId } : state;
    case 'UploadAborted': return { status: 'aborted' };
  }
}

function withPieces(
  version: StoredVersion, segmentId: string, change: (pieces: readonly PiecePlacement[]) => readonly PiecePlacement[],
): StoredVersion {
  const segments: readonly SegmentPlacement[] = version.segments.map((segment) => (
    segment.segmentId === segmentId ? { ...segment, pieces: change(segment.pieces) } : segment));
  return { ...version, segments };
}

/** What it leaves stays beside the new place, which may never be sealed, and so does what came since. A pack that is left was sealed, so that
 *  what came before that is over. */
function packed(segment: SegmentPlacement, { packId, ordinal, offset, from }: EventOf<'SegmentPacked'>['data']): SegmentPlacement {
  const before = segment.packed ?? [];
  return { ...segment, pieces: from === null ? segment.pieces : [], packed: [{ packId, ordinal, offset }, ...(from === null ? before : before.slice(0, before.findIndex((place) => place.packId === from) + 1))] };
}

function added(pieces: readonly PiecePlacement[], piece: PiecePlacement): readonly PiecePlacement[] {
  return [...pieces.filter(({ index }) => index !== piece.index), piece].sort((a, b) => a.index - b.index);
}
