import { hash } from 'node:crypto';

/** Of files that people hold: models and archived objects. */
export const leafBytes = 1024;
/** Of pieces on nodes: a challenge on chain carries one leaf, and every PUT hashes all of them (docs/adr/0012). */
export const pieceLeafBytes = 4096;

/** What a node and the door sign for a piece. */
export interface PieceCommitment {
  /** SHA-256 Merkle root (RFC 6962 hashing) over the stored bytes in equal leaves, hex. */
  readonly root: string;
  readonly leaves: number;
}

/** Pieces were once committed to in leaves of 1 KiB, and their receipts stay true. The count tells which, for a piece of one small
 *  leaf has the same root either way. */
export function leafBytesOf(sizeBytes: number, leaves: number): number {
  return Math.max(1, Math.ceil(sizeBytes / pieceLeafBytes)) === leaves ? pieceLeafBytes : leafBytes;
}

/** An empty piece has one empty leaf, so that it too can be asked for. Throws nothing: beyond the end the leaf is empty. */
export function pieceLeaf(bytes: Uint8Array, index: number, size = leafBytes): Uint8Array {
  return bytes.subarray(index * size, (index + 1) * size);
}

const hashBytes = 32;

/** The commitment to bytes that arrive in parts of any length. Cost: about 1 GB per CPU-second with leaves of 4 KiB, 0.6 GB with 1 KiB.
 *  Hashes come out of the engine as strings of one character a byte: a buffer for each would cost three times its hash. */
export class LeafHasher {
  readonly #input: Buffer;
  #hashes = Buffer.allocUnsafe(64 * hashBytes);
  #leaves = 0;
  #filled = 0;

  constructor(private readonly size: number = leafBytes) { this.#input = Buffer.alloc(1 + size); }

  update(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) {
      const part = Math.min(this.size - this.#filled, bytes.length - offset);
      this.#input.set(bytes.subarray(offset, offset + part), 1 + this.#filled);
      this.#filled += part;
      offset += part;
      if (this.#filled === this.size) this.#close();
    }
  }

  /** Call once, at the end. */
  digest(): PieceCommitment {
    this.#finish();
    return { root: rootOf(this.#hashes.subarray(0, this.#leaves * hashBytes)).toString('hex'), leaves: this.#leaves };
  }

  /** Instead of `digest`, for proofs. */
  leafHashes(): readonly Buffer[] {
    this.#finish();
    return Array.from({ length: this.#leaves }, (_, index) => this.#hashes.subarray(index * hashBytes, (index + 1) * hashBytes));
  }

  #finish(): void { if (this.#filled > 0 || this.#leaves === 0) this.#close(); }

  #close(): void {
    const end = (this.#leaves + 1) * hashBytes;
    if (end > this.#hashes.length) this.#hashes = Buffer.concat([this.#hashes], this.#hashes.length * 2);
    this.#hashes.write(hash('sha256', this.#input.subarray(0, 1 + this.#filled), 'binary'), end - hashBytes, hashBytes, 'latin1');
    this.#leaves += 1;
    this.#filled = 0;
  }
}

/** RFC 6962 section 2.1, level by level: neighbours are joined, and one that is left over goes up as it is. */
function rootOf(leaves: Buffer): Buffer {
  const level = Buffer.from(leaves);
  const input = Buffer.alloc(1 + 2 * hashBytes, 1);
  let count = level.length / hashBytes;
  for (; count > 1; count = Math.ceil(count / 2)) {
    for (let index = 0; index + 1 < count; index += 2) {
      level.copy(input, 1, index * hashBytes, (index + 2) * hashBytes);
      level.write(hash('sha256', input, 'binary'), (index / 2) * hashBytes, hashBytes, 'latin1');
    }
    if (count % 2 === 1) level.copy(level, ((count - 1) / 2) * hashBytes, (count - 1) * hashBytes, count * hashBytes);
  }
  return level.subarray(0, hashBytes);
}

export function leafHashesOf(bytes: Uint8Array, size = leafBytes): readonly Buffer[] {
  return hasherOver(bytes, size).leafHashes();
}

/** Over leaves of 1 KiB. */
export function commitBytes(bytes: Uint8Array): PieceCommitment { return hasherOver(bytes, leafBytes).digest(); }

/** Of a piece whose receipt spoke of so many leaves; a new one has leaves of 4 KiB. */
export function commitPiece(bytes: Uint8Array, leaves = Math.max(1, Math.ceil(bytes.length / pieceLeafBytes))): PieceCommitment {
  return hasherOver(bytes, leafBytesOf(bytes.length, leaves)).digest();
}

function hasherOver(bytes: Uint8Array, size: number): LeafHasher {
  const hasher = new LeafHasher(size);
  hasher.update(bytes);
  return hasher;
}
