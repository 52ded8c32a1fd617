import { command, scenario } from '@oort/kernel-decider';
import { objectDecider } from '../decide';
import type { ObjectEvent } from '../evolve';
import type { StoredVersion } from '../state';

const by = { actor: 'platform', now: new Date('2026-01-01T00:00:00Z') };
const piece = { index: 0, nodeId: 'node_0', pieceId: 'piece_0', root: 'r', leaves: 1, receipt: 's' };
const version: StoredVersion = {
  bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1', sizeBytes: 84, etag: 'e', sha256: 'h', contentId: 'c', contentType: 't', storageClass: 'STANDARD',
  wrappedKey: 'w', userMetadata: {}, checksums: {}, segments: [{ segmentId: 'segment_1', sizeBytes: 100, k: 1, n: 4, stripeUnitBytes: 65536, pieces: [piece] }],
};
const rule = scenario(objectDecider);
const stored: ObjectEvent = { type: 'ObjectStored', data: version };
const pack = (packId: string, from: string | null, versionId = 'object_1') => command('PackSegment', { versionId, segmentId: 'segment_1', packId, ordinal: 1, offset: 128, from }, by);
const packed = (packId: string, from: string | null): ObjectEvent => ({
  type: 'SegmentPacked', data: { bucket: 'b', key: 'k', versionId: 'object_1', segmentId: 'segment_1', packId, ordinal: 1, offset: 128, from } });
const lies = (packIds: readonly string[], pieces: readonly typeof piece[]) => ({ versions: [{
  status: 'stored' as const, version: { ...version, segments: version.segments.map((segment) => ({ ...segment, pieces, packed: packIds.map((packId) => ({ packId, ordinal: 1, offset: 128 })) })) },
}] });

it('a segment refers to a pack and to where it lay before, until it goes on from a pack that was sealed', () => {
  rule.given([stored]).when(pack('p1', null)).thenEvents([packed('p1', null)]);
  rule.given([stored]).when(pack('p1', null)).thenState(lies(['p1'], [piece]));
  rule.given([stored, packed('p1', null)]).when(pack('p2', null)).thenState(lies(['p2', 'p1'], [piece]));
  rule.given([stored, packed('p1', null), packed('p2', null)]).when(pack('p3', 'p1')).thenState(lies(['p3', 'p2', 'p1'], []));
  rule.given([stored, packed('p1', null), packed('p2', 'p1')]).when(pack('p3', 'p2')).thenState(lies(['p3', 'p2'], []));
});

it('whoever saw it lie elsewhere is late', () => {
  rule.given([]).when(pack('p1', null)).thenRefused('NO_SUCH_OBJECT');
  rule.given([stored]).when(pack('p1', null, 'object_2')).thenRefused('OBJECT_REPLACED');
  rule.given([stored]).when(pack('p2', 'p1')).thenRefused('OBJECT_REPLACED');
  rule.given([stored, packed('p1', null), packed('p2', 'p1')]).when(pack('p3', null)).thenRefused('OBJECT_REPLACED');
  const archived: ObjectEvent = { type: 'ObjectArchived', data: { bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1', archiveId: 'a', backend: 'x', contentRoot: '', sizeBytes: 84, segments: [] } };
  rule.given([stored, archived]).when(pack('p1', null)).thenRefused('OBJECT_REPLACED');
});

it('a pack is sealed once, or removed before', () => {
  const seal = command('SealPack', { versionId: 'object_1', segments: 3 }, by);
  const sealed: ObjectEvent = { type: 'PackSealed', data: { bucket: 'b', key: 'k', versionId: 'object_1', segments: 3, sizeBytes: 84 } };
  rule.given([stored]).when(seal).thenEvents([sealed]);
  rule.given([stored, sealed]).when(seal).thenRefused('PACK_SEALED');
  const gone: ObjectEvent = { type: 'ObjectDeleted', data: { bucket: 'b', key: 'k', versionId: 'object_1', accountId: 'account_1' } };
  rule.given([stored, gone]).when(seal).thenRefused('NO_SUCH_OBJECT');
  const remove = (condition: { readonly ifUnsealed?: true }) => command('DeleteObject', { bucket: 'b', key: 'k', accountId: 'account_1', condition, version: null, versioning: 'off' as const, markerId: '' }, by);
  rule.given([stored]).when(remove({ ifUnsealed: true })).thenEvents([gone]);
  rule.given([stored, sealed]).when(remove({ ifUnsealed: true })).thenRefused('PRECONDITION_FAILED');
  rule.given([stored, sealed]).when(remove({})).thenEvents([gone]);
});
