// An append-only Merkle tree that keeps the hash of every complete subtree, so roots and proofs at any
// past size cost O(log n) hashes. Cost: 64 bytes of memory a leaf.
import { createHash } from 'node:crypto';
import { Fault } from '@oort/kernel-wire';
import { nodeHash } from './hash';

export class NotInTree extends Fault {
  constructor(index: number, size: number) {
    super('NOT_IN_TREE', `no leaf or size ${index} in a tree of ${size}`, { index, size });
  }
}

export class MerkleLog {
  /** levels[k][i] is the hash of leaves i * 2^k up to (i + 1) * 2^k. */
  private readonly levels: Buffer[][] = [[]];

  get size(): number {
    return this.level(0).length;
  }

  /** The hash of the leaf at this index. */
  leaf(index: number): Buffer {
    const hash = this.level(0)[index];
    if (hash === undefined) throw new NotInTree(index, this.size);
    return hash;
  }

  append(leafHash: Uint8Array): void {
    let hash: Buffer = Buffer.from(leafHash);
    for (let depth = 0; ; depth += 1) {
      const level = this.level(depth);
      level.push(hash);
      const left = level[level.length - 2];
      if (level.length % 2 === 1 || left === undefined) return;
      hash = nodeHash(left, hash);
    }
  }

  root(size: number = this.size): Buffer {
    this.mustHold(size);
    return size === 0 ? createHash('sha256').digest() : this.subtree(0, size);
  }

  /** PATH(index, D[size]) of RFC 6962 2.1.1. */
  proof(index: number, size: number = this.size): Buffer[] {
    this.mustHold(size);
    if (!Number.isInteger(index) || index < 0 || index >= size) throw new NotInTree(index, size);
    return this.path(index, 0, size);
  }

  /** PROOF(first, D[size]) of RFC 6962 2.1.2. */
  consistency(first: number, size: number = this.size): Buffer[] {
    this.mustHold(size);
    if (!Number.isInteger(first) || first < 0 || first > size) throw new NotInTree(first, size);
    return first === 0 || first === size ? [] : this.subproof(first, 0, size, true);
  }

  private path(index: number, start: number, end: number): Buffer[] {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...this.path(index, start, middle), this.subtree(middle, end)]
      : [...this.path(index, middle, end), this.subtree(start, middle)];
  }

  private subproof(first: number, start: number, end: number, whole: boolean): Buffer[] {
    if (first === end) return whole ? [] : [this.subtree(start, end)];
    const middle = start + split(end - start);
    return first <= middle
      ? [...this.subproof(first, start, middle, whole), this.subtree(middle, end)]
      : [...this.subproof(first, middle, end, false), this.subtree(start, middle)];
  }

  /** Hash over leaves start to end, where start is a multiple of the power of two that covers the range. */
  private subtree(start: number, end: number): Buffer {
    const count = end - start;
    const depth = 31 - Math.clz32(count);
    if (count === 2 ** depth) {
      const complete = this.level(depth)[start / count];
      if (complete === undefined) throw new NotInTree(end, this.size);
      return complete;
    }
    const middle = start + split(count);
    return nodeHash(this.subtree(start, middle), this.subtree(middle, end));
  }

  private level(depth: number): Buffer[] {
    return (this.levels[depth] ??= []);
  }

  private mustHold(size: number): void {
    if (!Number.isInteger(size) || size < 0 || size > this.size) throw new NotInTree(size, this.size);
  }
}

/** The largest power of two below count. */
function split(count: number): number {
  return 2 ** (31 - Math.clz32(count - 1));
}
