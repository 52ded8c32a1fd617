// Cold storage. An archived object leaves the hot nodes; its sealed segments lie with an archive backend until it is restored.
import type { SegmentPlacement } from '@oort/schema/events/storage';
import { carOf, fileOf, looksLikeCar } from './archive-formats/car';
import type { DataPath } from './data-path/data-path';
import { StorageUnavailable } from './data-path/faults';
import { placementOrder } from './data-path/placement';
import { putPiece } from './data-path/write';

export interface ArchiveBackend {
  /** Recorded with what it keeps. */
  readonly name: string;
  /** Resolves once the copies are durable. Throws StorageUnavailable. */
  store(segmentId: string, sealed: Buffer, accountId: string): Promise<SegmentPlacement>;
  /** The sealed bytes as they went in. Throws PiecesUnreachable, CarDamaged. */
  retrieve(placement: SegmentPlacement, accountId: string): Promise<Buffer>;
  remove(placements: readonly SegmentPlacement[]): Promise<void>;
}

/** Copies of a cold segment, on archive nodes of different operators as far as there are any. */
const coldCopies = 2;

/** The local cold store: each sealed segment as a CAR on the archive nodes' own disks, so that it can be moved elsewhere as it lies there. */
export function archiveNodes(dataPath: DataPath): ArchiveBackend {
  return {
    name: 'archive-nodes',
    async store(segmentId, sealed, accountId) {
      const network = (await dataPath.watch.all()).filter((node) => node.kind === 'archive' && dataPath.watch.isWell(node));
      const code = { k: 1, n: Math.min(coldCopies, Math.max(1, network.length)) };
      const order = placementOrder(network, [], code, Math.random).slice(0, code.n);
      const car = carOf(sealed).bytes;
      const pieces = await Promise.all(order.map((node, index) => putPiece(dataPath, node, accountId, index, car)));
      const placed = pieces.filter((piece) => piece !== null);
      if (placed.length === 0) throw new StorageUnavailable(network.length, 1);
      return { segmentId, sizeBytes: car.length, ...code, stripeUnitBytes: car.length, pieces: placed };
    },
    async retrieve(placement, accountId) {
      const stored = await dataPath.sealedBytes(placement, accountId);
      // Archives of before are the sealed bytes alone, which begin like a CAR once in 2^100 times.
      return looksLikeCar(stored) ? fileOf(stored) : stored;
    },
    remove: (placements) => dataPath.remove(placements.flatMap(({ pieces }) => pieces)),
  };
}
