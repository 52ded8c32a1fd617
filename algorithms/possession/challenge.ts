// A challenge picks one leaf by a seed that the node could not know when it signed; the answer is the leaf and its path.
import { createHash } from 'node:crypto';
import { inclusionProof, leafHash, verifyInclusion } from '@oort/kernel-merkle';
import { leafBytesOf, leafHashesOf, pieceLeaf, pieceLeafBytes, type PieceCommitment } from './commitment';

export interface PieceProof {
  readonly index: number;
  /** Base64. */
  readonly leaf: string;
  /** Sibling hashes from the leaf up, hex. */
  readonly path: readonly string[];
}

/** The leaf that draw `draw` of a seed asks for: H(seed, draw, attempt) mod leaves, drawn again where the modulus would favour low leaves. */
export function challengeIndex(seed: string, draw: number, leaves: number): number {
  const range = 2n ** 64n;
  const limit = range - (range % BigInt(leaves));
  for (let attempt = 0; ; attempt += 1) {
    const value = createHash('sha256').update(`${seed}/${draw}/${attempt}`).digest().readBigUInt64BE(0);
    if (value < limit) return Number(value % BigInt(leaves));
  }
}

/** Of a piece whose receipt spoke of so many leaves. Shapes: `index` is below that, else the leaf is empty and the proof verifies
 *  for nobody. */
export function provePiece(bytes: Uint8Array, index: number, leaves = Math.max(1, Math.ceil(bytes.length / pieceLeafBytes))): PieceProof {
  const size = leafBytesOf(bytes.length, leaves);
  const hashes = leafHashesOf(bytes, size);
  if (index >= hashes.length) return { index, leaf: '', path: [] };
  return {
    index,
    leaf: Buffer.from(pieceLeaf(bytes, index, size)).toString('base64'),
    path: inclusionProof(hashes, index).map((hash) => hash.toString('hex')),
  };
}

/** True when the answer is the leaf that was asked for, under the root that the receipt signed. */
export function verifyPieceProof(commitment: PieceCommitment, index: number, proof: PieceProof): boolean {
  if (proof.index !== index || index >= commitment.leaves) return false;
  return verifyInclusion({
    leaf: leafHash(Buffer.from(proof.leaf, 'base64')),
    index,
    size: commitment.leaves,
    proof: proof.path.map((hash) => Buffer.from(hash, 'hex')),
    root: Buffer.from(commitment.root, 'hex'),
  });
}
