import type { Decider, Decision } from '@oort/kernel-decider';
import type { BucketCommand, Condition, ObjectCommand, UploadCommand } from './commands';
import { evolveBucket, evolveObject, evolveUpload, type BucketEvent, type ObjectEvent, type UploadEvent } from './evolve';
import { mayDelete, mayRetain } from './object-lock';
import { refuse, type BucketRefusal, type ObjectRefusal, type UploadRefusal } from './refusals';
import { absentBucket, absentObject, absentUpload, versionOf, type BucketState, type HeldVersion, type ObjectState, type UploadState, type VersionState } from './state';

export const bucketDecider: Decider<BucketCommand, BucketState, BucketEvent, BucketRefusal> = {
  category: 'storage_bucket', initial: absentBucket, decide: decideBucket, evolve: evolveBucket,
};
export const objectDecider: Decider<ObjectCommand, ObjectState, ObjectEvent, ObjectRefusal> = {
  category: 'storage_object', initial: absentObject, decide: decideObject, evolve: evolveObject,
};
export const uploadDecider: Decider<UploadCommand, UploadState, UploadEvent, UploadRefusal> = {
  category: 'storage_upload', initial: absentUpload, decide: decideUpload, evolve: evolveUpload,
};

/** All parts but the last: Amazon S3's limit, which clients rely on. */
const smallestPartBytes = 5 * 1024 * 1024;

/** 3 to 63 of a-z, 0-9, dot and hyphen, no two dots in a row, not an IPv4 address (Amazon S3, "Bucket naming rules"). */
export function isBucketName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/.test(name) && !name.includes('..') && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
}

function decideBucket(command: BucketCommand, state: BucketState): Decision<BucketEvent, BucketRefusal> {
  const { bucket, accountId } = command.data;
  switch (command.type) {
    case 'CreateBucket': {
      if (!isBucketName(bucket)) return refuse('BAD_BUCKET_NAME', 'The specified bucket is not valid.', { bucket });
      if (state.status === 'absent') return { events: [{ type: 'BucketCreated', data: command.data }] };
      return state.accountId === accountId
        ? refuse('BUCKET_EXISTS', 'You own a bucket of this name already.', { bucket })
        : refuse('BUCKET_TAKEN', 'The bucket name is taken.', { bucket });
    }
    case 'DeleteBucket': {
      if (state.status === 'absent') return refuse('NO_SUCH_BUCKET', 'There is no such bucket.', { bucket });
      if (state.accountId !== accountId) return refuse('NOT_OWNER', 'The bucket belongs to another account.', { bucket });
      if (!command.data.empty) return refuse('BUCKET_NOT_EMPTY', 'The bucket holds objects.', { bucket });
      return { events: [{ type: 'BucketDeleted', data: { bucket, accountId } }] };
    }
    case 'SetVersioning':
    case 'SetBucketSetting': {
      if (state.status === 'absent') return refuse('NO_SUCH_BUCKET', 'There is no such bucket.', { bucket });
      if (state.accountId !== accountId) return refuse('NOT_OWNER', 'The bucket belongs to another account.', { bucket });
      if (command.type === 'SetBucketSetting') {
        if (command.data.setting !== 'objectLock') return { events: [{ type: 'BucketSettingSet', data: command.data }] };
        if (command.data.document === null) return refuse('BUCKET_LOCKED', 'Locks cannot be taken away from a bucket.', { bucket });
        if (state.versioning !== 'enabled') return refuse('BUCKET_NOT_VERSIONED', "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration", { bucket });
        return { events: [{ type: 'BucketSettingSet', data: command.data }] };
      }
      if (state.settings.objectLock !== undefined && command.data.status === 'suspended') {
        return refuse('BUCKET_LOCKED', 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.', { bucket });
      }
      return { events: state.versioning === command.data.status ? [] : [{ type: 'BucketVersioningSet', data: command.data }] };
    }
  }
}

function decideObject(command: ObjectCommand, state: ObjectState): Decision<ObjectEvent, ObjectRefusal> {
  if (command.type === 'StoreObject') {
    const { condition, ...data } = command.data;
    if (!allows(condition, versionOf(state, null))) return refuse('PRECONDITION_FAILED', 'The object is not what the condition says.', { versionId: null });
    if (data.named !== true && !mayGo(versionOf(state, 'null'), command.issuedAt, false)) return refuse('OBJECT_LOCKED', locked, { versionId: null });
    return { events: [{ type: 'ObjectStored', data }] };
  }
  if (command.type === 'DeleteObject') return decideDelete(command, state);
  const held = state.versions.find(({ version }) => version.versionId === command.data.versionId);
  if (held === undefined || held.status === 'marker') {
    return state.versions.length > 0 || command.type === 'AddPiece' || command.type === 'LosePiece'
      ? refuse('OBJECT_REPLACED', 'The version is not there any more.', { versionId: state.versions[0]?.version.versionId ?? null })
      : refuse('NO_SUCH_OBJECT', 'There is no such object.', { versionId: null });
  }
  const { bucket, key, versionId, sizeBytes } = held.version;
  switch (command.type) {
    case 'AddPiece':
    case 'LosePiece': return decidePiece(command, held);
    case 'PackSegment': return decidePacking(command, held);
    case 'SealPack': {
      // Once, so that whoever seals knows that it was his references that are sealed.
      if (held.version.packSealed === true) return refuse('PACK_SEALED', 'The pack is sealed already.', { versionId });
      return { events: [{ type: 'PackSealed', data: { bucket, key, versionId, segments: command.data.segments, sizeBytes } }] };
    }
    case 'TagObject': return { events: [{ type: 'ObjectTagged', data: { bucket, key, ...command.data } }] };
    case 'SetObjectAcl': return { events: [{ type: 'ObjectAclSet', data: { bucket, key, ...command.data } }] };
    case 'SetObjectLegalHold': return { events: [{ type: 'ObjectLegalHoldSet', data: { bucket, key, ...command.data } }] };
    case 'SetObjectRetention': {
      const { bypass, ...data } = command.data;
      const [before, now] = [held.version.lock?.retention, new Date(command.issuedAt)];
      if (!mayRetain(before, data.retention, now, bypass)) return refuse('OBJECT_LOCKED', locked, { versionId });
      return { events: [{ type: 'ObjectRetentionSet', data: { bucket, key, ...data, bypassed: !mayRetain(before, data.retention, now, false) } }] };
    }
    case 'ArchiveObject': {
      if (held.status === 'archived') return refuse('OBJECT_ARCHIVED', 'The object is archived already.', { versionId });
      return { events: [{ type: 'ObjectArchived', data: { bucket, key, sizeBytes, ...command.data } }] };
    }
    case 'RestoreObject': {
      const { accountId, archiveId, contentRoot, segments, until } = command.data;
      if (held.status !== 'archived') return refuse('OBJECT_NOT_ARCHIVED', 'The object is not archived.', { versionId });
      if (held.contentRoot !== contentRoot) return refuse('CONTENT_ROOT_DIFFERS', 'What came back is not what went in.', { versionId });
      return { events: [{ type: 'ObjectRestored', data: { bucket, key, versionId, accountId, archiveId, contentRoot, segments, ...(until === undefined ? {} : { until }) } }] };
    }
  }
}

/** Amazon S3 User Guide, "Deleting object versions": a version that is named goes for good; else a versioned bucket hides the key
 *  behind a marker, also a key that was never there, and an unversioned one removes it. */
function decideDelete(
  { issuedAt, data: { bucket, key, accountId, condition, version: name, versioning, markerId, bypass = false } }: Extract<ObjectCommand, { readonly type: 'DeleteObject' }>, state: ObjectState,
): Decision<ObjectEvent, ObjectRefusal> {
  const target = versionOf(state, name);
  const versionId = target.status === 'absent' ? null : target.version.versionId;
  const marks = name === null && versioning !== 'off';
  if (!marks && versionId === null) return refuse('NO_SUCH_OBJECT', 'There is no such object.', { versionId });
  if (!allows(condition, target)) return refuse('PRECONDITION_FAILED', 'The object is not what the condition says.', { versionId });
  // An unnamed marker takes the place of the unnamed version.
  const goes = !marks ? target : versioning === 'enabled' ? null : versionOf(state, 'null');
  if (goes !== null && !mayGo(goes, issuedAt, bypass)) return refuse('OBJECT_LOCKED', locked, { versionId });
  if (marks || versionId === null) {
    return { events: [{ type: 'DeleteMarkerPlaced', data: { bucket, key, versionId: markerId, accountId, named: versioning === 'enabled' } }] };
  }
  return { events: [{ type: 'ObjectDeleted', data: { bucket, key, versionId, accountId } }] };
}

const locked = 'Access Denied because object protected by object lock.';

function mayGo(state: VersionState, issuedAt: string, bypass: boolean): boolean {
  return state.status === 'absent' || state.status === 'marker' || mayDelete(state.version.lock ?? {}, new Date(issuedAt), bypass);
}

function decidePiece(
  command: Extract<ObjectCommand, { readonly type: 'AddPiece' | 'LosePiece' }>, state: HeldVersion,
): Decision<ObjectEvent, ObjectRefusal> {
  const { bucket, key, versionId } = state.version;
  const { segmentId } = command.data;
  const segment = state.version.segments.find((candidate) => candidate.segmentId === segmentId);
  if (segment === undefined) return refuse('OBJECT_REPLACED', 'The version has no such segment any more.', { versionId });
  if (command.type === 'AddPiece') {
    const { piece } = command.data;
    if (segment.pieces.some(({ index }) => index === piece.index)) return refuse('PIECE_PRESENT', 'The piece has its place already.', { versionId });
    return { events: [{ type: 'PieceAdded', data: { bucket, key, versionId, segmentId, piece } }] };
  }
  const { index, nodeId, reason } = command.data;
  // Two readers may find the same piece bad: the second changes nothing.
  if (!segment.pieces.some((piece) => piece.index === index && piece.nodeId === nodeId)) return { events: [] };
  return { events: [{ type: 'PieceLost', data: { bucket, key, versionId, segmentId, index, nodeId, reason } }] };
}

/** From where it lies to a pack; whoever saw it lie elsewhere is late. */
function decidePacking({ data: { segmentId, packId, ordinal, offset, from } }: Extract<ObjectCommand, { readonly type: 'PackSegment' }>, { version: { bucket, key, versionId, segments } }: HeldVersion): Decision<ObjectEvent, ObjectRefusal> {
  const segment = segments.find((candidate) => candidate.segmentId === segmentId);
  const lies = from === null ? segment?.pieces.length !== 0 : segment?.packed?.some((place) => place.packId === from) === true;
  if (segment === undefined || !lies) return refuse('OBJECT_REPLACED', 'The segment does not lie there any more.', { versionId });
  return { events: [{ type: 'SegmentPacked', data: { bucket, key, versionId, segmentId, packId, ordinal, offset, from } }] };
}

function allows({ ifMatch, ifNoneMatch, ifVersion, ifUnsealed }: Condition, state: VersionState): boolean {
  if (ifUnsealed === true && state.status === 'stored' && state.version.packSealed === true) return false;
  if (ifVersion !== undefined && (state.status === 'absent' || state.version.versionId !== ifVersion)) return false;
  const etag = state.status === 'absent' || state.status === 'marker' ? null : state.version.etag;
  if (ifNoneMatch !== undefined && etag !== null && (ifNoneMatch === '*' || ifNoneMatch === etag)) return false;
  return ifMatch === undefined || (etag !== null && (ifMatch === '*' || ifMatch === etag));
}

function decideUpload(command: UploadCommand, state: UploadState): Decision<UploadEvent, UploadRefusal> {
  if (command.type === 'StartUpload') {
    return state.status === 'absent' ? { events: [{ type: 'UploadStarted', data: command.data }] }
      : refuse('UPLOAD_EXISTS', 'There is an upload of this id.', { partNumber: null });
  }
  // Completing again what was completed is the same answer, with no new event.
  if (command.type === 'CompleteUpload' && state.status === 'completed') return { events: [] };
  if (state.status !== 'open') return refuse('NO_SUCH_UPLOAD', 'There is no such upload.', { partNumber: null });
  const { uploadId, bucket, key } = state.upload;
  switch (command.type) {
    case 'StorePart': return { events: [{ type: 'PartStored', data: command.data }] };
    case 'AbortUpload': return { events: [{ type: 'UploadAborted', data: { uploadId, bucket, key } }] };
    case 'CompleteUpload': {
      const { parts, versionId } = command.data;
      const misplaced = parts.find(({ partNumber }, index) => partNumber <= (parts[index - 1]?.partNumber ?? 0));
      if (misplaced !== undefined) return refuse('INVALID_PART_ORDER', 'Parts come in ascending order.', { partNumber: misplaced.partNumber });
      for (const [index, { partNumber, etag }] of parts.entries()) {
        const part = state.parts.get(partNumber);
        if (part === undefined || part.etag !== etag) return refuse('INVALID_PART', 'A part is not there, or has another etag.', { partNumber });
        if (index < parts.length - 1 && part.sizeBytes < smallestPartBytes) return refuse('PART_TOO_SMALL', 'Every part but the last has 5 MiB or more.', { partNumber });
      }
      if (parts.length === 0) return refuse('INVALID_PART', 'An upload has at least one part.', { partNumber: null });
      return { events: [{ type: 'UploadCompleted', data: { uploadId, bucket, key, versionId } }] };
    }
  }
}
