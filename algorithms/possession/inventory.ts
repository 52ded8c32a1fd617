// What a node says it has: a Merkle sum tree over its pieces, so that one root fixes every piece and how many leaves all of them have
// together. A beacon that nobody knew when the root was signed then picks leaves out of the whole, each as likely as any other; the
// answer is a path to the piece, and the leaf with its path in the piece. Anybody can check it, a contract too: SHA-256 and no more.
//   leaf  = H(0x02 || piece id || 0x00 || root (32) || leaves (8))        sum = leaves
//   inner = H(0x03 || left (32) || sum (8) || right (32) || sum (8))      sum = both
// Neighbours are joined level by level, and one that is left over goes up as it is. Integers are big-endian.
// Source: Bitcoin's proofs of liabilities by Maxwell's summation trees, as Chalkias, Lewi, Mohassel and Nikolaenko describe them, 2020.
import { createHash } from 'node:crypto';
import { canonicalJson } from '@oort/kernel-wire';
import { challengeIndex, verifyPieceProof, type PieceProof } from './challenge';
import type { PieceCommitment } from './commitment';

export interface InventoryPiece extends PieceCommitment { readonly pieceId: string }

/** What a node signs. */
export interface Inventory {
  readonly nodeId: string;
  /** Hex. */
  readonly root: string;
  readonly leaves: number;
  readonly pieces: number;
  /** RFC 3339. */
  readonly madeAt: string;
}

export interface InventoryAnswer {
  readonly piece: InventoryPiece;
  /** From the piece up: the other side's hash and sum, and whether it stands to the left. */
  readonly path: readonly { readonly hash: string; readonly sum: number; readonly left: boolean }[];
  readonly proof: PieceProof;
}

interface SumNode { readonly hash: Buffer; readonly sum: number }

export function inventoryStatement({ nodeId, root, leaves, pieces, madeAt }: Inventory): Buffer {
  return Buffer.from(canonicalJson({ statement: 'oort/inventory/1', nodeId, root, leaves, pieces, madeAt }));
}

/** `beacon` is the hash of a block that came after the inventory. */
export function challengeSeed(beacon: string, nodeId: string, inventoryRoot: string): string {
  return createHash('sha256').update(`oort/challenge/1/${beacon}/${nodeId}/${inventoryRoot}`).digest('hex');
}

/** Leaves of the whole inventory that a seed asks for. Shapes: the inventory has at least one leaf. */
export function challengedLeaves(seed: string, draws: number, leaves: number): readonly number[] {
  return Array.from({ length: draws }, (_, draw) => challengeIndex(seed, draw, leaves));
}

export class InventoryTree {
  readonly #levels: (readonly SumNode[])[];
  readonly #pieces: readonly InventoryPiece[];

  /** In the order of their ids, whatever the order they come in. */
  constructor(pieces: readonly InventoryPiece[]) {
    this.#pieces = [...pieces].sort((a, b) => (a.pieceId < b.pieceId ? -1 : 1));
    this.#levels = [this.#pieces.map(leafNode)];
    for (let level = this.#levels[0] ?? []; level.length > 1; level = this.#levels.at(-1) ?? []) this.#levels.push(parents(level));
  }

  get root(): string { return (this.#levels.at(-1)?.[0]?.hash ?? createHash('sha256').digest()).toString('hex'); }

  get leaves(): number { return this.#levels.at(-1)?.[0]?.sum ?? 0; }

  /** Which piece holds a leaf of the whole, and which leaf of the piece it is; null beyond the end. */
  locate(index: number): { readonly piece: InventoryPiece; readonly leaf: number } | null {
    let left = index;
    for (const piece of this.#pieces) {
      if (left < piece.leaves) return { piece, leaf: left };
      left -= piece.leaves;
    }
    return null;
  }

  pathOf(piece: InventoryPiece): InventoryAnswer['path'] {
    let at = this.#pieces.indexOf(piece);
    return this.#levels.slice(0, -1).flatMap((level) => {
      const sibling = level[at ^ 1];
      const left = at % 2 === 1;
      at = Math.floor(at / 2);
      return sibling === undefined ? [] : [{ hash: sibling.hash.toString('hex'), sum: sibling.sum, left }];
    });
  }
}

/** True when the answer is the leaf that was asked for, of a piece in the inventory. */
export function verifyInventoryAnswer(inventory: Pick<Inventory, 'root' | 'leaves'>, index: number, { piece, path, proof }: InventoryAnswer): boolean {
  if (!isCount(piece.leaves) || path.some(({ sum, hash }) => !isCount(sum) || !/^[0-9a-f]{64}$/.test(hash)) || !/^[0-9a-f]{64}$/.test(piece.root)) return false;
  let before = 0;
  let node = leafNode(piece);
  for (const { hash, sum, left } of path) {
    const sibling = { hash: Buffer.from(hash, 'hex'), sum };
    if (left) before += sum;
    node = left ? joined(sibling, node) : joined(node, sibling);
  }
  return node.hash.toString('hex') === inventory.root && node.sum === inventory.leaves && index >= before && index < before + piece.leaves
    && verifyPieceProof(piece, index - before, proof);
}

function isCount(value: number): boolean { return Number.isSafeInteger(value) && value >= 0; }

function leafNode({ pieceId, root, leaves }: InventoryPiece): SumNode {
  const hash = createHash('sha256').update(Buffer.from([2])).update(pieceId).update(Buffer.from([0])).update(Buffer.from(root, 'hex')).update(uint64(leaves)).digest();
  return { hash, sum: leaves };
}

function parents(level: readonly SumNode[]): readonly SumNode[] {
  return Array.from({ length: Math.ceil(level.length / 2) }, (_, index) => {
    const [left, right] = [level[index * 2], level[index * 2 + 1]];
    return left === undefined ? { hash: Buffer.alloc(0), sum: 0 } : right === undefined ? left : joined(left, right);
  });
}

function joined(left: SumNode, right: SumNode): SumNode {
  const hash = createHash('sha256').update(Buffer.from([3])).update(left.hash).update(uint64(left.sum)).update(right.hash).update(uint64(right.sum)).digest();
  return { hash, sum: left.sum + right.sum };
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
