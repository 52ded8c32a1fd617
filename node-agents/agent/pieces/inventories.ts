// Inventories of a node: made of what its disk holds at that moment, signed, and kept until the next ones, to be answered for.
// Commitments are remembered from when pieces came; after a restart the first inventory reads every piece once, which scrubs the disk.
import {
  challengedLeaves, commitPiece, InventoryTree, inventoryStatement, provePiece, type Inventory, type InventoryAnswer, type InventoryPiece, type PieceCommitment,
} from '@oort/algorithms-possession';
import { signWith, type DeviceKey } from '@oort/kernel-identity';
import type { PieceStore } from './port';

/** Challenges come one beacon after the inventory; by then the next may have been made. */
const kept = 3;

export type SignedInventory = Inventory & { readonly signature: string; readonly listed: readonly InventoryPiece[] };

/** `gone`: the platform had the piece deleted, or it is lost. */
export type Answered = (InventoryAnswer & { readonly gone: false }) | { readonly gone: true; readonly pieceId: string };

export class Inventories {
  readonly #commitments = new Map<string, PieceCommitment>();
  readonly #trees = new Map<string, InventoryTree>();

  constructor(private readonly node: { readonly store: PieceStore; readonly nodeId: string; readonly key: DeviceKey; now(): Date }) {}

  note(pieceId: string, commitment: PieceCommitment): void { this.#commitments.set(pieceId, commitment); }

  async make(): Promise<SignedInventory> {
    const { store, nodeId, key, now } = this.node;
    const listed: InventoryPiece[] = [];
    const ids = (await store.list()).map(({ pieceId }) => pieceId).sort();
    for (const pieceId of ids) {
      const known = this.#commitments.get(pieceId) ?? await this.#read(pieceId);
      if (known !== null) listed.push({ pieceId, root: known.root, leaves: known.leaves });
    }
    const here = new Set(ids);
    for (const pieceId of this.#commitments.keys()) if (!here.has(pieceId)) this.#commitments.delete(pieceId);
    const tree = new InventoryTree(listed);
    this.#trees.set(tree.root, tree);
    const [eldest] = this.#trees.keys();
    if (this.#trees.size > kept && eldest !== undefined) this.#trees.delete(eldest);
    const inventory: Inventory = { nodeId, root: tree.root, leaves: tree.leaves, pieces: listed.length, madeAt: now().toISOString() };
    return { ...inventory, listed, signature: signWith(key, inventoryStatement(inventory)) };
  }

  /** Null when the inventory is not kept any more. */
  async answers(root: string, seed: string, draws: number): Promise<readonly Answered[] | null> {
    const tree = this.#trees.get(root);
    if (tree === undefined) return null;
    const answers: Answered[] = [];
    for (const index of challengedLeaves(seed, draws, Math.max(1, tree.leaves))) {
      const found = tree.locate(index);
      if (found === null) continue;
      const bytes = await this.node.store.get(found.piece.pieceId);
      answers.push(bytes === null ? { gone: true, pieceId: found.piece.pieceId }
        : { gone: false, piece: found.piece, path: tree.pathOf(found.piece), proof: provePiece(bytes, found.leaf, found.piece.leaves) });
    }
    return answers;
  }

  async #read(pieceId: string): Promise<PieceCommitment | null> {
    const bytes = await this.node.store.get(pieceId);
    if (bytes === null) return null;
    const commitment = commitPiece(bytes);
    this.#commitments.set(pieceId, commitment);
    return commitment;
  }
}
