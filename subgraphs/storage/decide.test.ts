import { command, scenario } from '@oort/kernel-decider';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import { bucketDecider, isBucketName, objectDecider, uploadDecider } from './decide';
import type { BucketEvent, ObjectEvent, UploadEvent } from './evolve';
import type { StoredVersion, Versioning } from './state';

const by = { actor: 'account_1', now: new Date('2026-01-01T00:00:00Z') };
const piece = (index: number, nodeId = `node_${index}`): PiecePlacement => ({ index, nodeId, pieceId: `piece_${index}`, root: 'r', leaves: 1, receipt: 's' });
const segment: SegmentPlacement = { segmentId: 'segment_1', sizeBytes: 100, k: 1, n: 4, stripeUnitBytes: 65536, pieces: [piece(0), piece(1), piece(2)] };
const version: StoredVersion = {
  bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1', sizeBytes: 84, etag: 'e', sha256: 'h', contentId: 'c', contentType: 't',
  storageClass: 'STANDARD', wrappedKey: 'w', userMetadata: {}, checksums: {}, segments: [segment],
};

describe('a bucket', () => {
  const created: BucketEvent = { type: 'BucketCreated', data: { bucket: 'bucket', accountId: 'account_1' } };
  const asked = (accountId: string, bucket = 'bucket') => command('CreateBucket', { bucket, accountId }, by);
  const remove = (accountId: string, empty: boolean) => command('DeleteBucket', { bucket: 'bucket', accountId, empty }, by);
  const rule = scenario(bucketDecider);

  it('is created once, by one account', () => {
    rule.given([]).when(asked('account_1')).thenEvents([created]);
    rule.given([created]).when(asked('account_1')).thenRefused('BUCKET_EXISTS');
    rule.given([created]).when(asked('account_2')).thenRefused('BUCKET_TAKEN');
    rule.given([]).when(asked('account_1', 'A')).thenRefused('BAD_BUCKET_NAME');
  });

  it('is deleted by its owner when it is empty', () => {
    rule.given([created]).when(remove('account_1', true)).thenEvents([{ type: 'BucketDeleted', data: created.data }]);
    rule.given([]).when(remove('account_1', true)).thenRefused('NO_SUCH_BUCKET');
    rule.given([created]).when(remove('account_2', true)).thenRefused('NOT_OWNER');
    rule.given([created]).when(remove('account_1', false)).thenRefused('BUCKET_NOT_EMPTY');
  });

  it('keeps versions and settings that its owner gives it', () => {
    const place = { bucket: 'bucket', accountId: 'account_1' };
    const enabled: BucketEvent = { type: 'BucketVersioningSet', data: { ...place, status: 'enabled' } };
    const enable = (accountId = 'account_1') => command('SetVersioning', { bucket: 'bucket', accountId, status: 'enabled' as const }, by);
    const tag = (document: string | null, accountId = 'account_1') => command('SetBucketSetting', { bucket: 'bucket', accountId, setting: 'tagging' as const, document }, by);
    const tagged: BucketEvent = { type: 'BucketSettingSet', data: { ...place, setting: 'tagging', document: '{}' } };
    rule.given([created]).when(enable()).thenEvents([enabled]);
    rule.given([created, enabled]).when(enable()).thenEvents([]);
    rule.given([]).when(enable()).thenRefused('NO_SUCH_BUCKET');
    rule.given([created]).when(enable('account_2')).thenRefused('NOT_OWNER');
    rule.given([created]).when(tag('{}')).thenEvents([tagged]);
    rule.given([created, enabled]).when(tag('{}')).thenState({ status: 'present', accountId: 'account_1', versioning: 'enabled', settings: { tagging: '{}' } });
    rule.given([created, tagged]).when(tag(null)).thenState({ status: 'present', accountId: 'account_1', versioning: 'off', settings: {} });
    rule.given([]).when(tag('{}')).thenRefused('NO_SUCH_BUCKET');
    rule.given([created]).when(tag('{}', 'account_2')).thenRefused('NOT_OWNER');
  });

  it('that locks keeps versions from then on', () => {
    const place = { bucket: 'bucket', accountId: 'account_1' };
    const enabled: BucketEvent = { type: 'BucketVersioningSet', data: { ...place, status: 'enabled' } };
    const locks: BucketEvent = { type: 'BucketSettingSet', data: { ...place, setting: 'objectLock', document: '{}' } };
    const lock = (document: string | null) => command('SetBucketSetting', { ...place, setting: 'objectLock' as const, document }, by);
    const suspend = command('SetVersioning', { ...place, status: 'suspended' as const }, by);
    rule.given([created]).when(lock('{}')).thenRefused('BUCKET_NOT_VERSIONED');
    rule.given([created, enabled]).when(lock('{}')).thenEvents([locks]);
    rule.given([created, enabled, locks]).when(lock(null)).thenRefused('BUCKET_LOCKED');
    rule.given([created, enabled, locks]).when(suspend).thenRefused('BUCKET_LOCKED');
    rule.given([{ type: 'BucketCreated', data: { ...place, settings: { objectLock: '{}' } } }]).when(suspend).thenRefused('BUCKET_LOCKED');
  });

  it.each([['abc', true], ['a.b-c', true], ['1'.repeat(63), true], ['ab', false], ['1'.repeat(64), false], ['Abc', false], ['-abc', false], ['a..b', false], ['192.168.0.1', false], ['a_b', false]])(
    'named %s: %s', (name, valid) => { expect(isBucketName(name)).toBe(valid); });
});

describe('an object', () => {
  const rule = scenario(objectDecider);
  const stored: ObjectEvent = { type: 'ObjectStored', data: version };
  const store = (condition: { ifMatch?: string; ifNoneMatch?: string }) => command('StoreObject', { ...version, condition }, by);
  const add = (which: PiecePlacement, versionId = 'object_1', segmentId = 'segment_1') => command('AddPiece', { versionId, segmentId, piece: which }, by);
  const lose = (index: number, nodeId: string, versionId = 'object_1') => command('LosePiece', { versionId, segmentId: 'segment_1', index, nodeId, reason: 'missing' }, by);
  const archive = command('ArchiveObject', { versionId: 'object_1', accountId: 'account_1', archiveId: 'archive_1', backend: 'archive-nodes', contentRoot: 'root', segments: [segment] }, by);
  const restore = (contentRoot: string) => command('RestoreObject', { versionId: 'object_1', accountId: 'account_1', archiveId: 'archive_1', contentRoot, segments: [segment] }, by);
  const place = { bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1', archiveId: 'archive_1', contentRoot: 'root', segments: [segment] };
  const archived: ObjectEvent = { type: 'ObjectArchived', data: { ...place, backend: 'archive-nodes', sizeBytes: 84 } };

  const deletion = (versioning: Versioning, name: string | null, condition: { ifMatch?: string | undefined } = {}) =>
    command('DeleteObject', { bucket: 'b', key: 'k', accountId: 'account_1', condition, version: name, versioning, markerId: 'marker' }, by);

  it('is stored under its condition', () => {
    rule.given([]).when(store({ ifNoneMatch: '*' })).thenEvents([stored]);
    rule.given([stored]).when(store({ ifMatch: 'e' })).thenEvents([stored]);
    rule.given([stored]).when(store({ ifNoneMatch: '*' })).thenRefused('PRECONDITION_FAILED');
    rule.given([]).when(store({ ifMatch: '*' })).thenRefused('PRECONDITION_FAILED');
    rule.given([stored]).when(store({ ifMatch: 'other' })).thenRefused('PRECONDITION_FAILED');
  });

  it('is deleted under its condition', () => {
    const remove = (ifMatch?: string) => deletion('off', null, { ifMatch });
    rule.given([stored]).when(remove()).thenEvents([{ type: 'ObjectDeleted', data: { bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1' } }]);
    rule.given([]).when(remove()).thenRefused('NO_SUCH_OBJECT');
    rule.given([stored]).when(remove('other')).thenRefused('PRECONDITION_FAILED');
  });

  it('has versions where its bucket keeps them', () => {
    const second: ObjectEvent = { type: 'ObjectStored', data: { ...version, versionId: 'object_2', named: true } };
    const marker = (named: boolean): ObjectEvent => ({ type: 'DeleteMarkerPlaced', data: { bucket: 'b', key: 'k', versionId: 'marker', accountId: 'account_1', named } });
    const deleted = (versionId: string): ObjectEvent => ({ type: 'ObjectDeleted', data: { bucket: 'b', key: 'k', versionId, accountId: 'account_1' } });
    rule.given([stored, second]).when(deletion('enabled', null)).thenEvents([marker(true)]);
    rule.given([]).when(deletion('enabled', null)).thenEvents([marker(true)]);
    rule.given([stored, second]).when(deletion('suspended', null)).thenEvents([marker(false)]);
    rule.given([stored, second]).when(deletion('enabled', 'object_2')).thenEvents([deleted('object_2')]);
    rule.given([stored, second]).when(deletion('enabled', 'null')).thenEvents([deleted('object_1')]);
    rule.given([stored, second]).when(deletion('enabled', 'object_1')).thenRefused('NO_SUCH_OBJECT');
    rule.given([stored, marker(true)]).when(deletion('enabled', 'marker')).thenState({ versions: [{ status: 'stored', version }] });
    rule.given([stored, second]).when(store({})).thenState({ versions: [{ status: 'stored', version }, { status: 'stored', version: { ...version, versionId: 'object_2', named: true } }] });
    rule.given([stored, marker(true)]).when(store({ ifNoneMatch: '*' })).thenEvents([stored]);
    rule.given([stored, second]).when(add(piece(3))).thenEvents([{ type: 'PieceAdded', data: { bucket: 'b', key: 'k', versionId: 'object_1', segmentId: 'segment_1', piece: piece(3) } }]);
  });

  it('has tags and grants of its versions, not of its markers', () => {
    const tag = (versionId: string) => command('TagObject', { versionId, accountId: 'account_1', tags: { a: 'b' } }, by);
    const acl = { owner: 'account_1', grants: [{ grantee: { group: 'AllUsers' }, permission: 'READ' }] } as const;
    const shared: ObjectEvent = { type: 'ObjectAclSet', data: { bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1', acl } };
    const share = (versionId: string) => command('SetObjectAcl', { versionId, accountId: 'account_1', acl }, by);
    rule.given([stored]).when(share('object_1')).thenEvents([shared]);
    rule.given([stored, shared]).when(share('object_1')).thenState({ versions: [{ status: 'stored', version: { ...version, acl } }] });
    rule.given([stored]).when(share('object_2')).thenRefused('OBJECT_REPLACED');
    rule.given([]).when(share('object_1')).thenRefused('NO_SUCH_OBJECT');
    const tagged: ObjectEvent = { type: 'ObjectTagged', data: { bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1', tags: { a: 'b' } } };
    rule.given([stored]).when(tag('object_1')).thenEvents([tagged]);
    rule.given([stored]).when(tag('object_1')).thenState({ versions: [{ status: 'stored', version: { ...version, tags: { a: 'b' } } }] });
    rule.given([stored]).when(tag('object_9')).thenRefused('OBJECT_REPLACED');
    rule.given([]).when(tag('object_1')).thenRefused('NO_SUCH_OBJECT');
  });

  describe('that is locked', () => {
    const at = { bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1' };
    const until = (year: number) => `${year}-01-01T00:00:00.000Z`;
    const kept = (mode: 'GOVERNANCE' | 'COMPLIANCE', year = 2028) => ({ mode, until: until(year) });
    const retained = (retention: ReturnType<typeof kept> | null, bypassed = false): ObjectEvent => ({ type: 'ObjectRetentionSet', data: { ...at, retention, bypassed } });
    const retain = (retention: ReturnType<typeof kept> | null, bypass = false, versionId = 'object_1') => command('SetObjectRetention', { versionId, accountId: 'account_1', retention, bypass }, by);
    const hold = (legalHold: boolean, versionId = 'object_1') => command('SetObjectLegalHold', { versionId, accountId: 'account_1', legalHold }, by);
    const held = (legalHold: boolean): ObjectEvent => ({ type: 'ObjectLegalHoldSet', data: { ...at, legalHold } });
    const remove = (bypass = false) => command('DeleteObject', { bucket: 'b', key: 'k', accountId: 'account_1', condition: {}, version: 'null', versioning: 'enabled' as const, markerId: 'marker', bypass }, by);
    const removed: ObjectEvent = { type: 'ObjectDeleted', data: at };

    it('stays until its time, which only governance lets come sooner', () => {
      rule.given([stored]).when(retain(kept('COMPLIANCE'))).thenEvents([retained(kept('COMPLIANCE'))]);
      rule.given([stored, retained(kept('COMPLIANCE'))]).when(remove(true)).thenRefused('OBJECT_LOCKED');
      rule.given([stored, retained(kept('COMPLIANCE'))]).when(retain(kept('COMPLIANCE', 2027), true)).thenRefused('OBJECT_LOCKED');
      rule.given([stored, retained(kept('COMPLIANCE'))]).when(retain(kept('GOVERNANCE', 2029), true)).thenRefused('OBJECT_LOCKED');
      rule.given([stored, retained(kept('COMPLIANCE'))]).when(retain(kept('COMPLIANCE', 2029))).thenEvents([retained(kept('COMPLIANCE', 2029))]);
      rule.given([stored, retained(kept('COMPLIANCE', 2025))]).when(remove()).thenEvents([removed]);
      rule.given([stored, retained(kept('GOVERNANCE'))]).when(remove()).thenRefused('OBJECT_LOCKED');
      rule.given([stored, retained(kept('GOVERNANCE'))]).when(remove(true)).thenEvents([removed]);
      rule.given([stored, retained(kept('GOVERNANCE'))]).when(retain(null)).thenRefused('OBJECT_LOCKED');
      rule.given([stored, retained(kept('GOVERNANCE'))]).when(retain(null, true)).thenEvents([retained(null, true)]);
      rule.given([stored, retained(kept('GOVERNANCE')), retained(null, true)]).when(remove()).thenEvents([removed]);
    });

    it('stays while it is held, whoever asks', () => {
      rule.given([stored]).when(hold(true)).thenEvents([held(true)]);
      rule.given([stored, held(true)]).when(remove(true)).thenRefused('OBJECT_LOCKED');
      rule.given([stored, held(true), retained(null)]).when(remove(true)).thenRefused('OBJECT_LOCKED');
      rule.given([stored, held(true), held(false)]).when(remove()).thenEvents([removed]);
      rule.given([stored]).when(hold(true, 'object_9')).thenRefused('OBJECT_REPLACED');
      rule.given([]).when(hold(true)).thenRefused('NO_SUCH_OBJECT');
      rule.given([stored]).when(retain(kept('GOVERNANCE'), false, 'object_9')).thenRefused('OBJECT_REPLACED');
      rule.given([]).when(retain(kept('GOVERNANCE'))).thenRefused('NO_SUCH_OBJECT');
    });

    it('is not replaced, and hidden only by what takes no place', () => {
      rule.given([stored, held(true)]).when(store({})).thenRefused('OBJECT_LOCKED');
      rule.given([stored, held(true)]).when(deletion('off', null)).thenRefused('OBJECT_LOCKED');
      rule.given([stored, held(true)]).when(deletion('suspended', null)).thenRefused('OBJECT_LOCKED');
      rule.given([stored, held(true)]).when(deletion('enabled', null)).thenEvents([{ type: 'DeleteMarkerPlaced', data: { ...at, versionId: 'marker', named: true } }]);
    });
  });

  it('gains pieces where it lacks them', () => {
    rule.given([stored]).when(add(piece(3))).thenEvents([{ type: 'PieceAdded', data: { bucket: 'b', key: 'k', versionId: 'object_1', segmentId: 'segment_1', piece: piece(3) } }]);
    rule.given([stored]).when(add(piece(3))).thenState({ versions: [{ status: 'stored', version: { ...version, segments: [{ ...segment, pieces: [0, 1, 2, 3].map((index) => piece(index)) }] } }] });
    rule.given([stored]).when(add(piece(2, 'node_9'))).thenRefused('PIECE_PRESENT');
    rule.given([stored]).when(add(piece(3), 'object_0')).thenRefused('OBJECT_REPLACED');
    rule.given([stored]).when(add(piece(3), 'object_1', 'segment_9')).thenRefused('OBJECT_REPLACED');
    rule.given([]).when(add(piece(3))).thenRefused('OBJECT_REPLACED');
  });

  it('loses a piece once', () => {
    const lost: ObjectEvent = { type: 'PieceLost', data: { bucket: 'b', key: 'k', versionId: 'object_1', segmentId: 'segment_1', index: 1, nodeId: 'node_1', reason: 'missing' } };
    rule.given([stored]).when(lose(1, 'node_1')).thenEvents([lost]);
    rule.given([stored, lost]).when(lose(1, 'node_1')).thenEvents([]);
    rule.given([stored]).when(lose(1, 'node_9')).thenEvents([]);
    rule.given([stored]).when(lose(1, 'node_1', 'object_0')).thenRefused('OBJECT_REPLACED');
  });

  it('goes to the archive and comes back the same', () => {
    rule.given([stored]).when(archive).thenEvents([archived]);
    rule.given([stored, archived]).when(archive).thenRefused('OBJECT_ARCHIVED');
    rule.given([]).when(archive).thenRefused('NO_SUCH_OBJECT');
    rule.given([stored, archived]).when(restore('root')).thenEvents([{ type: 'ObjectRestored', data: place }]);
    rule.given([stored, archived]).when(restore('root')).thenState({ versions: [{ status: 'stored', version }] });
    rule.given([stored, archived]).when(restore('other')).thenRefused('CONTENT_ROOT_DIFFERS');
    rule.given([stored]).when(restore('root')).thenRefused('OBJECT_NOT_ARCHIVED');
  });
});

describe('an upload', () => {
  const rule = scenario(uploadDecider);
  const upload = { uploadId: 'u', bucket: 'b', key: 'k', accountId: 'account_1', contentType: 't', wrappedKey: 'w', userMetadata: {}, checksumAlgorithm: null };
  const started: UploadEvent = { type: 'UploadStarted', data: upload };
  const part = (partNumber: number, sizeBytes: number): UploadEvent => ({ type: 'PartStored', data: { uploadId: 'u', partNumber, sizeBytes, etag: `e${partNumber}`, sha256: 'h', checksums: {}, segments: [] } });
  const large = 5 * 1024 * 1024;
  const complete = (...numbers: number[]) => command('CompleteUpload', { versionId: 'object_1', parts: numbers.map((partNumber) => ({ partNumber, etag: `e${partNumber}` })) }, by);
  const completed: UploadEvent = { type: 'UploadCompleted', data: { uploadId: 'u', bucket: 'b', key: 'k', versionId: 'object_1' } };
  const aborted: UploadEvent = { type: 'UploadAborted', data: { uploadId: 'u', bucket: 'b', key: 'k' } };

  it('starts, takes parts, and ends once', () => {
    rule.given([]).when(command('StartUpload', upload, by)).thenEvents([started]);
    rule.given([started]).when(command('StartUpload', upload, by)).thenRefused('UPLOAD_EXISTS');
    const stored = part(1, 10);
    if (stored.type === 'PartStored') {
      rule.given([started]).when(command('StorePart', stored.data, by)).thenEvents([stored]);
      rule.given([started, aborted]).when(command('StorePart', stored.data, by)).thenRefused('NO_SUCH_UPLOAD');
    }
    rule.given([started]).when(command('AbortUpload', { uploadId: 'u' }, by)).thenEvents([aborted]);
    rule.given([started, part(1, large), part(2, 1)]).when(complete(1, 2)).thenEvents([completed]);
    rule.given([started, part(1, 1), completed]).when(complete(1)).thenEvents([]);
    rule.given([]).when(complete(1)).thenRefused('NO_SUCH_UPLOAD');
  });

  it('is completed with parts that are there, in order, and large enough', () => {
    const given = rule.given([started, part(1, large), part(2, 1), part(3, 1)]);
    given.when(complete()).thenRefused('INVALID_PART');
    given.when(complete(1, 4)).thenRefused('INVALID_PART');
    given.when(complete(2, 1)).thenRefused('INVALID_PART_ORDER');
    given.when(complete(1, 2, 3)).thenRefused('PART_TOO_SMALL');
  });
});
