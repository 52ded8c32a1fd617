import type { PiecePlacement, SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';
import { absentBucket, absentObject, type BucketState, type ObjectState, type StoredVersion, type UploadState } from './state';

type EventOf<Type extends StorageEvent['type']> = Extract<StorageEvent, { readonly type: Type }>;

export type BucketEvent = EventOf<'BucketCreated' | 'BucketDeleted'>;
export type ObjectEvent = EventOf<'ObjectStored' | 'ObjectDeleted' | 'PieceAdded' | 'PieceLost' | 'ObjectArchived' | 'ObjectRestored'>;
export type UploadEvent = EventOf<'UploadStarted' | 'PartStored' | 'UploadCompleted' | 'UploadAborted'>;

export function evolveBucket(_state: BucketState, event: BucketEvent): BucketState {
  switch (event.type) {
    case 'BucketCreated': return { status: 'present', accountId: event.data.accountId };
    case 'BucketDeleted': return absentBucket;
  }
}

export function evolveObject(state: ObjectState, event: ObjectEvent): ObjectState {
  if (event.type === 'ObjectStored') return { status: 'stored', version: event.data };
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'ObjectDeleted': return absentObject;
    case 'PieceAdded': return { ...state, version: withPieces(state.version, event.data.segmentId, (pieces) => added(pieces, event.data.piece)) };
    case 'PieceLost': {
      const { segmentId, index, nodeId } = event.data;
      return { ...state, version: withPieces(state.version, segmentId, (pieces) => pieces.filter((piece) => piece.index !== index || piece.nodeId !== nodeId)) };
    }
    case 'ObjectArchived': {
      const { archiveId, backend, contentRoot, segments } = event.data;
      const version: StoredVersion = { ...state.version, segments: [], storageClass: 'ARCHIVE' };
      return { status: 'archived', version, archiveId, backend, contentRoot, cold: segments };
    }
    case 'ObjectRestored': return { status: 'stored', version: { ...state.version, segments: event.data.segments, storageClass: 'STANDARD' } };
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

function added(pieces: readonly PiecePlacement[], piece: PiecePlacement): readonly PiecePlacement[] {
  return [...pieces.filter(({ index }) => index !== piece.index), piece].sort((a, b) => a.index - b.index);
}
