// Many pieces as one: each lies at a multiple of its own size, and an index at the end says where. Two Merkle paths show that a piece is
// in the aggregate and that its index has it, so that what proves the aggregate proves each piece. Source: FRC-0058 (verifiable data
// aggregation).
import { sha256 } from '@oort/kernel-wire';
import { clearTop, parentOf, pieceCidV2, zeroNode, type PieceCommitmentV2 } from './piece-commitment';

type Piece = Pick<PieceCommitmentV2, 'root' | 'height'>;

/** A path from a node to the root; hashes in hex. `index` is the node's number among those of its height. */
export interface MerklePath { readonly index: number; readonly path: readonly string[] }

export interface InclusionProof { readonly tree: MerklePath; readonly index: MerklePath }

export interface Aggregate {
  /** Version 2, of a piece without padding. */
  readonly pieceCid: string;
  readonly root: Buffer;
  readonly height: number;
  /** In the order of the pieces. */
  readonly proofs: readonly InclusionProof[];
}

const [nodeBytes, entryBytes, checksumBytes] = [32, 64, 16];

interface Placed { readonly piece: Piece; /** Among the nodes of its height. */ readonly index: number }

/** The smallest that holds them, in their order. */
export function aggregateOf(pieces: readonly Piece[]): Aggregate {
  let end = 0;
  const placed = pieces.map((piece): Placed => {
    const index = Math.ceil(end / 2 ** piece.height);
    end = (index + 1) * 2 ** piece.height;
    return { piece, index };
  });
  let height = 0;
  while (!fits(height, end, pieces.length)) height += 1;
  const tree = treeOf(height, placed);
  const root = nodeAt(tree, height, 0);
  const proofs = placed.map(({ piece, index }, at) => ({
    tree: pathOf(tree, height, piece.height, index), index: pathOf(tree, height, 1, indexStart(height) / 2 + at),
  }));
  return { root, height, proofs, pieceCid: aggregateCid(root, height) };
}

/** The aggregate that a piece is shown to be in, as its CID, or null: the paths end in different roots or point outside the index. */
export function aggregateShownBy({ tree, index }: InclusionProof, piece: Piece): string | null {
  const height = piece.height + tree.path.length;
  const root = climb(piece.root, tree);
  const entry = entryOf(piece, tree.index);
  const indexed = climb(truncatedHash(Buffer.concat(entry)), index);
  const inIndex = index.path.length + 1 === height && index.index >= indexStart(height) / 2 && index.index < 2 ** index.path.length;
  return inIndex && tree.index < 2 ** tree.path.length && indexed.equals(root) ? aggregateCid(root, height) : null;
}

function aggregateCid(root: Buffer, height: number): string {
  return pieceCidV2({ root, height, payloadBytes: 2 ** height * nodeBytes / 128 * 127 });
}

/** Leaves before the index. */
function indexStart(height: number): number { return 2 ** height - entriesOf(height) * (entryBytes / nodeBytes); }

function entriesOf(height: number): number {
  const wanted = Math.floor(Math.floor(2 ** height * nodeBytes / 2048) / entryBytes);
  return Math.max(4, wanted === 0 ? 0 : 2 ** Math.ceil(Math.log2(wanted)));
}

function fits(height: number, end: number, pieces: number): boolean { return pieces <= entriesOf(height) && end <= indexStart(height); }

type Levels = readonly Map<number, Buffer>[];

function treeOf(height: number, placed: readonly Placed[]): Levels {
  const levels = Array.from({ length: height + 1 }, () => new Map<number, Buffer>());
  placed.forEach(({ piece, index }, at) => {
    levels[piece.height]?.set(index, piece.root);
    entryOf(piece, index).forEach((leaf, half) => levels[0]?.set(indexStart(height) + 2 * at + half, leaf));
  });
  levels.slice(0, -1).forEach((level, at) => {
    for (const index of level.keys()) {
      const parent = Math.floor(index / 2);
      levels[at + 1]?.set(parent, parentOf(nodeAt(levels, at, 2 * parent), nodeAt(levels, at, 2 * parent + 1)));
    }
  });
  return levels;
}

function nodeAt(levels: Levels, level: number, index: number): Buffer { return levels[level]?.get(index) ?? zeroNode(level); }

function pathOf(levels: Levels, height: number, level: number, index: number): MerklePath {
  const path = Array.from({ length: height - level }, (_, step) => {
    const own = Math.floor(index / 2 ** step);
    return nodeAt(levels, level + step, own % 2 === 0 ? own + 1 : own - 1).toString('hex');
  });
  return { index, path };
}

function climb(from: Buffer, { index, path }: MerklePath): Buffer {
  return path.reduce((node, beside, step) => {
    const other = Buffer.from(beside, 'hex');
    return Math.floor(index / 2 ** step) % 2 === 0 ? parentOf(node, other) : parentOf(other, node);
  }, from);
}

/** Two leaves: the piece's root; its offset, its size and a checksum over all. */
function entryOf({ root, height }: Piece, index: number): readonly [Buffer, Buffer] {
  const place = Buffer.alloc(nodeBytes);
  const size = 2 ** height * nodeBytes;
  place.writeBigUInt64LE(BigInt(index) * BigInt(size), 0);
  place.writeBigUInt64LE(BigInt(size), 8);
  const checksum = Buffer.from(sha256(Buffer.concat([root, place])).subarray(0, checksumBytes));
  clearTop(checksum, checksumBytes - 1);
  checksum.copy(place, 16);
  return [root, place];
}

function truncatedHash(bytes: Buffer): Buffer {
  const hash = Buffer.from(sha256(bytes));
  clearTop(hash, nodeBytes - 1);
  return hash;
}
