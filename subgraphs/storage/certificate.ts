import { certificateName, certificateStatement, type AvailabilityCertificate, type CertifiedSegment } from '@oort/algorithms-possession';
import { pieceLength } from '@oort/algorithms-erasure';
import type { EventStore } from '@oort/kernel-eventstore';
import type { DataPath } from './data-path/data-path';
import { loadObject } from './load-object';

/** Of one version as it lies now, or null when it lies on no hot nodes. Pieces of nodes that have left for good are not in it. */
export async function certificateOf(
  { store, dataPath, now }: { readonly store: EventStore; readonly dataPath: DataPath; now(): Date }, bucket: string, key: string, versionId: string,
): Promise<AvailabilityCertificate | null> {
  const { state, storedAt } = await loadObject(store, bucket, key, { versionId });
  if (state.status !== 'stored') return null;
  const nodes = await dataPath.watch.byId();
  const segments = state.version.segments.map(({ segmentId, sizeBytes, k, n, stripeUnitBytes, pieces }): CertifiedSegment => ({
    segmentId, sizeBytes, k, n, stripeUnitBytes,
    pieces: pieces.flatMap(({ index, nodeId, pieceId, root, leaves, receipt }) => {
      const node = nodes.get(nodeId);
      return node === undefined ? [] : [{ index, nodeId, publicKey: node.publicKey, pieceId, root, leaves, sizeBytes: pieceLength(sizeBytes, { k, n }, stripeUnitBytes), receipt }];
    }),
  }));
  const { sizeBytes, etag, sha256 } = state.version;
  const object = { bucket, key, versionId, sizeBytes, etag, sha256, storedAt, certifiedAt: now().toISOString(), segments };
  const { publicKey: platformKey } = dataPath.signer;
  return { ...object, statement: certificateName, platformKey, signature: dataPath.sign(certificateStatement(object, platformKey)) };
}
