import { codeFor } from '@oort/algorithms-erasure';
import { commitPiece } from '@oort/algorithms-possession';
import { newId } from '@oort/kernel-wire';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import { StorageUnavailable } from './faults';
import type { NodeWatch } from './node-watch';
import type { PieceClient } from './piece-client';
import { placementOrder } from './placement';
import type { StorageNode } from './port';
import { ReceiptRace } from './receipt-race';

/** Small enough that a stripe of a slow client costs little memory; the code runs as fast on it as on more. */
export const stripeUnitBytes = 32 * 1024;

/** With fewer, not even replicas keep the promise. */
export const fewestNodes = 4;

export interface Wires { readonly watch: NodeWatch; readonly client: PieceClient; now(): Date }

export interface WrittenSegment {
  readonly placement: SegmentPlacement;
  /** Pieces that were flushed after the acknowledgement. Never rejects. */
  readonly late: Promise<readonly PiecePlacement[]>;
}

/** Full replicas of a small sealed segment. Resolves when enough nodes have signed that they flushed theirs.
 *  Throws StorageUnavailable, after removing what it wrote. */
export async function writeReplicas(wires: Wires, segmentId: string, sealed: Buffer, accountId: string): Promise<WrittenSegment> {
  const network = (await wires.watch.all()).filter(({ kind }) => kind === 'super');
  const well = network.filter((node) => wires.watch.isWell(node));
  const plan = codeFor(0, network.length, well.length);
  if (plan === null) throw new StorageUnavailable(well.length, fewestNodes);
  const order = [...placementOrder(well, [], plan, Math.random)];
  if (order.length < plan.acknowledgeAt) throw new StorageUnavailable(order.length, plan.acknowledgeAt);

  const race = new ReceiptRace(plan);
  const commitment = commitPiece(sealed);
  race.start(Array.from({ length: plan.n }, async (_, index) => {
    // Each piece takes the next node that no other piece took, until one signs for it.
    for (let node = order.shift(); node !== undefined; node = order.shift()) {
      const piece = await putPiece(wires, node, accountId, index, sealed, commitment);
      if (piece !== null) return race.signed(piece);
    }
  }));
  const early = await race.acknowledged();
  if (early.length < plan.acknowledgeAt) {
    await removePieces(wires, early);
    throw new StorageUnavailable(early.length, plan.acknowledgeAt);
  }
  const placement = { segmentId, sizeBytes: sealed.length, k: plan.k, n: plan.n, stripeUnitBytes, pieces: early };
  return { placement, late: race.late(early) };
}

/** Null when the node does not take it; the node is then asked last for a while. */
export async function putPiece(
  { client, watch, now }: Wires, node: StorageNode, accountId: string, index: number, bytes: Buffer,
  commitment: { readonly root: string; readonly leaves: number } = commitPiece(bytes),
): Promise<PiecePlacement | null> {
  const pieceId = newId('piece', now());
  try {
    const receipt = await client.put(node, accountId, pieceId, bytes, commitment);
    return { index, nodeId: node.nodeId, pieceId, ...commitment, receipt };
  } catch {
    watch.failed(node.nodeId);
    return null;
  }
}

/** As far as their nodes can be reached; what stays behind is an orphan, and swept. Never rejects. */
export async function removePieces({ client, watch }: Wires, pieces: readonly Pick<PiecePlacement, 'nodeId' | 'pieceId'>[]): Promise<void> {
  const nodes = await watch.byId();
  await Promise.allSettled(pieces.map(async ({ nodeId, pieceId }) => {
    const node = nodes.get(nodeId);
    if (node !== undefined && watch.isWell(node)) await client.delete(node, pieceId);
  }));
}
