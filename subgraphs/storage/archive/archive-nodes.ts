// The local cold store: each sealed segment as a CAR on the archive nodes' own disks, so that it can be moved elsewhere as it lies there.
import { messageOf } from '@oort/kernel-wire';
import type { DataPath } from '../data-path/data-path';
import { StorageUnavailable } from '../data-path/faults';
import { placementOrder } from '../data-path/placement';
import { putPiece } from '../data-path/write';
import { ArchiveCopyLost } from './faults';
import type { ArchiveBackend } from './port';

/** Copies of a cold segment, on archive nodes of different operators as far as there are any. */
const coldCopies = 2;

export const archiveNodesName = 'archive-nodes';

export function archiveNodes(dataPath: DataPath): ArchiveBackend {
  return {
    name: archiveNodesName,
    async keep({ segmentId, bytes }, accountId) {
      const network = (await dataPath.watch.all()).filter((node) => node.kind === 'archive' && dataPath.watch.isWell(node));
      const code = { k: 1, n: Math.min(coldCopies, Math.max(1, network.length)) };
      const order = placementOrder(network, [], code, Math.random).slice(0, code.n);
      const pieces = await Promise.all(order.map((node, index) => putPiece(dataPath, node, accountId, index, bytes)));
      const placed = pieces.filter((piece) => piece !== null);
      if (placed.length === 0) throw new StorageUnavailable(network.length, 1);
      return { placement: { segmentId, sizeBytes: bytes.length, ...code, stripeUnitBytes: bytes.length, pieces: placed } };
    },
    async fetch({ placement }, accountId) {
      return dataPath.sealedBytes(placement, accountId).catch((error: unknown) => {
        throw new ArchiveCopyLost(archiveNodesName, placement.segmentId, 'unreachable', messageOf(error));
      });
    },
    remove: (cold) => dataPath.remove(cold.flatMap(({ placement }) => placement.pieces)),
  };
}
