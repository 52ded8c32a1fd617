// The root of a Merkle tree that grows, without its leaves: the hashes of the complete subtrees that its size is made of.
// Cost: 32 bytes for each bit of the size, whatever the size is; but no proofs, for which log.ts keeps every subtree.
import { createHash } from 'node:crypto';
import { nodeHash } from './hash';

export class MerklePeaks {
  /** peaks[k] is the subtree of 2^k leaves, where bit k of the size is set. */
  private constructor(private readonly peaks: (Buffer | null)[], private leaves: number) {}

  static empty(): MerklePeaks {
    return new MerklePeaks([], 0);
  }

  /** Goes on from what `saved` gave. */
  static from(saved: readonly string[], size: number): MerklePeaks {
    return new MerklePeaks(saved.map((hash) => hash === '' ? null : Buffer.from(hash, 'hex')), size);
  }

  get size(): number {
    return this.leaves;
  }

  append(leafHash: Uint8Array): void {
    let hash: Buffer = Buffer.from(leafHash);
    let depth = 0;
    for (let left = this.peaks[0] ?? null; left !== null; left = this.peaks[depth] ?? null) {
      hash = nodeHash(left, hash);
      this.peaks[depth] = null;
      depth += 1;
    }
    this.peaks[depth] = hash;
    this.leaves += 1;
  }

  /** RFC 6962 2.1: the largest complete subtree stands left of all that follows it. */
  root(): Buffer {
    const whole = this.peaks.reduce<Buffer | null>((right, peak) => peak === null ? right : right === null ? peak : nodeHash(peak, right), null);
    return whole ?? createHash('sha256').digest();
  }

  saved(): readonly string[] {
    return this.peaks.map((peak) => peak?.toString('hex') ?? '');
  }
}
