import {
  certificateName, certificateStatement, decodePackEntry, leavesOfEntry, packEntryOffset, provePiece, type AvailabilityCertificate, type CertifiedSegment, type PackPlace,
} from '@oort/algorithms-possession';
import { encodePieces, pieceLength } from '@oort/algorithms-erasure';
import type { EventStore } from '@oort/kernel-eventstore';
import type { PackedPlace, SegmentPlacement } from '@oort/schema/events/storage';
import type { DataPath } from './data-path/data-path';
import type { StorageNode } from './data-path/port';
import { loadObject } from './load-object';

/** Of one version as it lies now, or null when it lies on no hot nodes. Pieces of nodes that have left for good are not in it. */
export async function certificateOf(
  { store, dataPath, now }: { readonly store: EventStore; readonly dataPath: DataPath; now(): Date }, bucket: string, key: string, versionId: string,
): Promise<AvailabilityCertificate | null> {
  const { state, storedAt } = await loadObject(store, bucket, key, { versionId });
  if (state.status !== 'stored') return null;
  const nodes = await dataPath.watch.byId();
  const segments: CertifiedSegment[] = [];
  for (const segment of state.version.segments) segments.push(await certifiedPack(dataPath, segment, nodes) ?? certified(segment, nodes));
  const { sizeBytes, etag, sha256 } = state.version;
  const object = { bucket, key, versionId, sizeBytes, etag, sha256, storedAt, certifiedAt: now().toISOString(), segments };
  const { publicKey: platformKey } = dataPath.signer;
  return { ...object, statement: certificateName, platformKey, signature: dataPath.sign(certificateStatement(object, platformKey)) };
}

function certified({ segmentId, sizeBytes, k, n, stripeUnitBytes, pieces }: SegmentPlacement, nodes: ReadonlyMap<string, StorageNode>): CertifiedSegment {
  return {
    segmentId, sizeBytes, k, n, stripeUnitBytes,
    pieces: pieces.flatMap(({ index, nodeId, pieceId, root, leaves, receipt }) => {
      const node = nodes.get(nodeId);
      return node === undefined ? [] : [{ index, nodeId, publicKey: node.publicKey, pieceId, root, leaves, sizeBytes: pieceLength(sizeBytes, { k, n }, stripeUnitBytes), receipt }];
    }),
  };
}

/** The pack that the segment lies in and the proof of its place there; null when it lies in none. */
async function certifiedPack(dataPath: DataPath, { segmentId, packed = [] }: SegmentPlacement, nodes: ReadonlyMap<string, StorageNode>): Promise<CertifiedSegment | null> {
  for (const place of packed) {
    const pack = await dataPath.locatePack(place.packId, true);
    if (pack === null) continue;
    const proven = certified(pack, nodes);
    const bytes = await dataPath.sealedBytes(pack, 'platform');
    const entry = decodePackEntry(bytes.subarray(packEntryOffset(place.ordinal), packEntryOffset(place.ordinal + 1)));
    if (entry?.segmentId !== segmentId) continue;
    return { ...proven, packed: { ...entry, ordinal: place.ordinal, proofs: proofsOf(place, proven, bytes) } };
  }
  return null;
}

/** Made of the whole pack, so that no node need be there that keeps the leaf. None while a piece that holds the entry has no place. */
function proofsOf({ ordinal }: PackedPlace, pack: CertifiedSegment, bytes: Buffer): PackPlace['proofs'] {
  const wanted = leavesOfEntry(pack, ordinal) ?? [];
  const pieces = wanted.length === 0 ? [] : encodePieces(bytes, pack, pack.stripeUnitBytes);
  return wanted.map(({ piece, leaf }) => ({
    piece, proof: provePiece(pieces[piece] ?? Buffer.alloc(0), leaf, pack.pieces.find(({ index }) => index === piece)?.leaves) }));
}
