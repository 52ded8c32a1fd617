// Inventories of a node: made of what its disk holds at that moment, signed, and kept until the next ones, to be answered for.
// For LeafCourt they are signed once more and kept on disk until nobody may doubt them.
// Commitments are remembered from when pieces came; after a restart the first inventory reads every piece once, which scrubs the disk.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  challengedLeaves, commitPiece, InventoryTree, inventoryStatement, provePiece, type Inventory, type InventoryAnswer, type InventoryPiece, type PieceCommitment, type SignedForCourt,
} from '@oort/algorithms-possession';
import { signWith, type DeviceKey } from '@oort/kernel-identity';
import { messageOf } from '@oort/kernel-wire';
import { readState, writeState } from '../state-file';
import { systemCode } from './faults';
import type { LeafCourtSeat } from './leaf-defence';
import type { PieceStore } from './port';

/** Challenges come one beacon after the inventory; by then the next may have been made. */
const kept = 3;

export type SignedInventory = Inventory & { readonly signature: string; readonly listed: readonly InventoryPiece[]; readonly court?: SignedForCourt };

/** `gone`: the platform had the piece deleted, or it is lost. */
export type Answered = (InventoryAnswer & { readonly gone: false }) | { readonly gone: true; readonly pieceId: string };

/** What a node needs that can be asked on the chain. */
export interface Answerable {
  readonly seat: LeafCourtSeat;
  /** Where inventories lie. */
  readonly directory: string;
  /** Of a piece that is answered for, though it may have been deleted. */
  anyway(pieceId: string): Promise<Buffer | null>;
}

interface Kept { readonly madeAtMs: number; readonly listed: readonly InventoryPiece[] }

export class Inventories {
  readonly #commitments = new Map<string, PieceCommitment>();
  readonly #trees = new Map<string, InventoryTree>();

  constructor(private readonly node: { readonly store: PieceStore; readonly nodeId: string; readonly key: DeviceKey; readonly answerable?: Answerable; now(): Date }) {}

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
    const madeAt = now();
    const inventory: Inventory = { nodeId, root: tree.root, leaves: tree.leaves, pieces: listed.length, madeAt: madeAt.toISOString() };
    const court = await this.#signed(tree, listed, madeAt);
    return { ...inventory, listed, signature: signWith(key, inventoryStatement(inventory)), ...(court === null ? {} : { court }) };
  }

  /** A leaf of an inventory that was signed for LeafCourt; null when it is not here. */
  async answerOf(root: string, index: number): Promise<InventoryAnswer | null> {
    const { answerable, store } = this.node;
    const tree = this.#treeOf(root);
    const found = tree?.locate(index) ?? null;
    if (tree === null || found === null) return null;
    const bytes = await (answerable?.anyway(found.piece.pieceId) ?? store.get(found.piece.pieceId));
    return bytes === null ? null : { piece: found.piece, path: tree.pathOf(found.piece), proof: provePiece(bytes, found.leaf, found.piece.leaves) };
  }

  /** What was signed for LeafCourt outlives a restart. */
  #treeOf(root: string): InventoryTree | null {
    const { answerable } = this.node;
    const known = this.#trees.get(root);
    if (known !== undefined || answerable === undefined) return known ?? null;
    const kept = readState<Kept>(join(answerable.directory, `${root}.json`));
    return kept === null ? null : new InventoryTree(kept.listed);
  }

  /** On disk before it is signed, so that whatever is signed can be answered for. Null where nobody can ask, or it could not be signed. */
  async #signed(tree: InventoryTree, listed: readonly InventoryPiece[], madeAt: Date): Promise<SignedForCourt | null> {
    const { answerable } = this.node;
    if (answerable === undefined || tree.leaves === 0) return null;
    const { directory, seat } = answerable;
    await mkdir(directory, { recursive: true });
    for (const name of await readdir(directory)) {
      const before = name.endsWith('.json') ? readState<Kept>(join(directory, name)) : null;
      if (before !== null && before.madeAtMs + seat.keepMs < madeAt.getTime()) await rm(join(directory, name), { force: true });
    }
    writeState(join(directory, `${tree.root}.json`), { madeAtMs: madeAt.getTime(), listed } satisfies Kept);
    return seat.sign({ root: tree.root, leaves: tree.leaves, madeAt }).catch((error: unknown) => {
      process.emitWarning(`leaf court: ${systemCode(error) ?? messageOf(error)}`);
      return null;
    });
  }

  /** Null when the inventory is not kept any more. */
  async answers(root: string, seed: string, draws: number): Promise<readonly Answered[] | null> {
    const tree = this.#treeOf(root);
    if (tree === null) return null;
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
