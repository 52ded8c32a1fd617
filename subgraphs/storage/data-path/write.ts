import { codeFor, encodePieces, type CodePlan } from '@oort/algorithms-erasure';
import { commitPiece } from '@oort/algorithms-possession';
import { newId } from '@oort/kernel-wire';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import { StorageUnavailable } from './faults';
import type { NodeWatch } from './node-watch';
import type { PieceClient } from './piece-client';
import { placementOrder } from './placement';
import type { StorageNode } from './port';
import { plainLength } from './sealing';

export const stripeUnitBytes = 64 * 1024;

/** With fewer, not even replicas keep the promise. */
const fewestNodes = 4;

export interface Wires { readonly watch: NodeWatch; readonly client: PieceClient; now(): Date }

export interface WrittenSegment {
  readonly placement: SegmentPlacement;
  /** Pieces that were flushed after the acknowledgement. Never rejects. */
  readonly late: Promise<readonly PiecePlacement[]>;
}

/** Spreads a sealed segment over super nodes and resolves when enough of them have signed that they flushed their piece.
 *  Throws StorageUnavailable, after removing what it wrote. */
export async function writeSegment(wires: Wires, segmentId: string, sealed: Buffer, accountId: string): Promise<WrittenSegment> {
  const network = (await wires.watch.all()).filter(({ kind }) => kind === 'super');
  const well = network.filter((node) => wires.watch.isWell(node));
  const plan = codeFor(plainLength(sealed.length), network.length, well.length);
  if (plan === null) throw new StorageUnavailable(well.length, fewestNodes);
  const order = [...placementOrder(well, [], plan, Math.random)];
  if (order.length < plan.acknowledgeAt) throw new StorageUnavailable(order.length, plan.acknowledgeAt);

  const race = new ReceiptRace(plan);
  race.start(placeAll(wires, encodePieces(sealed, plan, stripeUnitBytes), order, plan, accountId, race));
  const early = await race.acknowledged();
  if (early.length < plan.acknowledgeAt) {
    await removePieces(wires, early);
    throw new StorageUnavailable(early.length, plan.acknowledgeAt);
  }
  const placement = { segmentId, sizeBytes: sealed.length, k: plan.k, n: plan.n, stripeUnitBytes, pieces: early };
  return { placement, late: race.late(early) };
}

function placeAll(
  wires: Wires, pieces: readonly Buffer[], order: StorageNode[], plan: CodePlan, accountId: string, race: ReceiptRace,
): readonly Promise<void>[] {
  const shared = plan.k === 1 && pieces[0] !== undefined ? commitPiece(pieces[0]) : null;
  return pieces.map(async (bytes, index) => {
    const commitment = shared ?? commitPiece(bytes);
    // Each piece takes the next node that no other piece took, until one signs for it.
    for (let node = order.shift(); node !== undefined; node = order.shift()) {
      const piece = await putPiece(wires, node, accountId, index, bytes, commitment);
      if (piece !== null) return race.signed(piece);
    }
  });
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

/** Counts receipts as they come. */
class ReceiptRace {
  readonly #pieces: PiecePlacement[] = [];
  readonly #startedAt = performance.now();
  #all: Promise<unknown> = Promise.resolve();
  #reached: () => void = () => undefined;
  readonly #quorum = new Promise<void>((resolve) => { this.#reached = resolve; });

  constructor(private readonly plan: CodePlan) {}

  start(attempts: readonly Promise<void>[]): void {
    this.#all = Promise.all(attempts).finally(() => this.#reached());
    this.#all.catch(() => undefined);
  }

  signed(piece: PiecePlacement): void {
    this.#pieces.push(piece);
    if (this.#pieces.length >= this.plan.acknowledgeAt) this.#reached();
  }

  /** The receipts at the quorum, or all there ever will be. The last ones get a moment more: a piece that comes in time
   *  saves an event of its own. */
  async acknowledged(): Promise<readonly PiecePlacement[]> {
    await this.#quorum;
    const graceMs = Math.max(2, (performance.now() - this.#startedAt) / 2);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#all, new Promise((resolve) => { timer = setTimeout(resolve, graceMs); })]);
    clearTimeout(timer);
    return this.#sorted();
  }

  async late(early: readonly PiecePlacement[]): Promise<readonly PiecePlacement[]> {
    await this.#all;
    return this.#sorted().filter((piece) => !early.includes(piece));
  }

  #sorted(): readonly PiecePlacement[] {
    return [...this.#pieces].sort((a, b) => a.index - b.index);
  }
}
