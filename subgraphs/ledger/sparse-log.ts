// The Merkle log after RFC 6962 without its leaves: in memory stand the hashes of complete blocks of leaves and of what lies above them,
// and the leaves of the block that is being filled. A proof asks for the leaves of at most two blocks, and what comes must hash to what
// stands here. Cost: 1/8 byte of memory an event with blocks of 1024, instead of two hashes.
import { hash } from 'node:crypto';
import { nodeHash, NotInTree } from '@oort/kernel-merkle';
import { Fault } from '@oort/kernel-wire';

/** The store gives other events than it gave before. */
export class BlockChanged extends Fault {
  constructor(block: number) {
    super('LOG_CHANGED', `the events of block ${block} of the log are not those that were read before`, { block });
  }
}

export const usualBlockLeaves = 1024;
const blocksRemembered = 4;

export class SparseLog {
  /** levels[k][i]: over blocks i * 2^k up to (i + 1) * 2^k. */
  readonly #levels: Buffer[][] = [[]];
  #tail: Buffer[] = [];
  readonly #remembered = new Map<number, readonly Buffer[]>();

  /** `leavesOf` reads the leaves of a complete block again; a block has a power of two of leaves. */
  constructor(private readonly leavesOf: (block: number) => Promise<readonly Buffer[]>, private readonly blockLeaves = usualBlockLeaves) {}

  get size(): number {
    return this.#level(0).length * this.blockLeaves + this.#tail.length;
  }

  append(leaf: Buffer): void {
    this.#tail.push(leaf);
    if (this.#tail.length < this.blockLeaves) return;
    let above = rootOf(this.#tail);
    this.#remember(this.#level(0).length, this.#tail);
    this.#tail = [];
    for (let depth = 0; ; depth += 1) {
      const level = this.#level(depth);
      level.push(above);
      const left = level[level.length - 2];
      if (level.length % 2 === 1 || left === undefined) return;
      above = nodeHash(left, above);
    }
  }

  /** Of everything that is here. */
  rootNow(): Buffer {
    return this.size === 0 ? hash('sha256', '', 'buffer') : this.#subtree(0, this.size, new Map([[this.#level(0).length, this.#tail]]));
  }

  async root(size: number): Promise<Buffer> {
    if (size > this.size) throw new NotInTree(size, this.size);
    return size === 0 ? hash('sha256', '', 'buffer') : this.#subtree(0, size, await this.#loaded([this.#blockOf(size)]));
  }

  async leaf(index: number): Promise<Buffer> {
    if (index >= this.size) throw new NotInTree(index, this.size);
    return leafIn(await this.#loaded([this.#blockOf(index)]), index, this.blockLeaves);
  }

  /** PATH(index, D[size]) of RFC 6962 2.1.1. */
  async proof(index: number, size: number): Promise<Buffer[]> {
    if (size > this.size || index >= size) throw new NotInTree(index, size);
    const leaves = await this.#loaded([this.#blockOf(index), this.#blockOf(size)]);
    const path: Buffer[] = [];
    for (let [start, end] = [0, size]; end - start > 1;) {
      const middle = start + split(end - start);
      if (index < middle) {
        path.unshift(this.#subtree(middle, end, leaves));
        end = middle;
      } else {
        path.unshift(this.#subtree(start, middle, leaves));
        start = middle;
      }
    }
    return path;
  }

  #blockOf(index: number): number {
    return Math.floor(index / this.blockLeaves);
  }

  #subtree(start: number, end: number, leaves: ReadonlyMap<number, readonly Buffer[]>): Buffer {
    const count = end - start;
    const depth = Math.log2(count / this.blockLeaves);
    const whole = Number.isInteger(depth) && depth >= 0 && start % count === 0 ? this.#level(depth)[start / count] : undefined;
    if (whole !== undefined) return whole;
    if (count === 1) return leafIn(leaves, start, this.blockLeaves);
    const middle = start + split(count);
    return nodeHash(this.#subtree(start, middle, leaves), this.#subtree(middle, end, leaves));
  }

  async #loaded(blocks: readonly number[]): Promise<ReadonlyMap<number, readonly Buffer[]>> {
    const leaves = new Map<number, readonly Buffer[]>();
    for (const block of blocks) {
      const root = this.#level(0)[block];
      leaves.set(block, root === undefined ? [...this.#tail] : this.#remembered.get(block) ?? await this.#read(block, root));
    }
    return leaves;
  }

  async #read(block: number, root: Buffer): Promise<readonly Buffer[]> {
    const leaves = await this.leavesOf(block);
    if (leaves.length !== this.blockLeaves || !rootOf(leaves).equals(root)) throw new BlockChanged(block);
    this.#remember(block, leaves);
    return leaves;
  }

  #remember(block: number, leaves: readonly Buffer[]): void {
    this.#remembered.delete(block);
    this.#remembered.set(block, leaves);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > blocksRemembered && oldest !== undefined) this.#remembered.delete(oldest);
  }

  #level(depth: number): Buffer[] {
    return (this.#levels[depth] ??= []);
  }
}

function leafIn(leaves: ReadonlyMap<number, readonly Buffer[]>, index: number, blockLeaves: number): Buffer {
  const leaf = leaves.get(Math.floor(index / blockLeaves))?.[index % blockLeaves];
  if (leaf === undefined) throw new NotInTree(index, blockLeaves);
  return leaf;
}

/** Of a power of two of leaves. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  let level = leaves;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let index = 0; index + 1 < level.length; index += 2) above.push(nodeHash(level[index] ?? Buffer.alloc(0), level[index + 1] ?? Buffer.alloc(0)));
    level = above;
  }
  return level[0] ?? Buffer.alloc(0);
}

/** The largest power of two below count. */
function split(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1);
}
