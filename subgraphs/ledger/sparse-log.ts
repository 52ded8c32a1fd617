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

/** [k][i]: over leaves i * 2^k up to (i + 1) * 2^k of a block, as far as they are there. */
type BlockTree = Buffer[][];

export class SparseLog {
  /** levels[k][i]: over blocks i * 2^k up to (i + 1) * 2^k. */
  readonly #levels: Buffer[][] = [[]];
  #tail: BlockTree = [[]];
  readonly #remembered = new Map<number, BlockTree>();

  /** `leavesOf` reads the leaves of a complete block again; a block has a power of two of leaves. */
  constructor(private readonly leavesOf: (block: number) => Promise<readonly Buffer[]>, private readonly blockLeaves = usualBlockLeaves) {}

  get size(): number {
    return this.#level(0).length * this.blockLeaves + (this.#tail[0]?.length ?? 0);
  }

  append(leaf: Buffer): void {
    grow(this.#tail, leaf);
    if (this.#tail[0]?.length !== this.blockLeaves) return;
    this.#remember(this.#level(0).length, this.#tail);
    grow(this.#levels, rootOf(this.#tail));
    this.#tail = [[]];
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

  #subtree(start: number, end: number, blocks: ReadonlyMap<number, BlockTree>): Buffer {
    const count = end - start;
    const whole = this.#whole(start, count, blocks);
    if (whole !== undefined) return whole;
    if (count === 1) return leafIn(blocks, start, this.blockLeaves);
    const middle = start + split(count);
    return nodeHash(this.#subtree(start, middle, blocks), this.#subtree(middle, end, blocks));
  }

  /** Of a range that stands in the tree as one node. */
  #whole(start: number, count: number, blocks: ReadonlyMap<number, BlockTree>): Buffer | undefined {
    const depth = Math.log2(count);
    if (!Number.isInteger(depth) || start % count !== 0) return undefined;
    if (count >= this.blockLeaves) return this.#level(depth - Math.log2(this.blockLeaves))[start / count];
    return blocks.get(this.#blockOf(start))?.[depth]?.[(start % this.blockLeaves) / count];
  }

  /** A block that is being filled only grows, and what is asked of it here was there when it was asked. */
  async #loaded(blocks: readonly number[]): Promise<ReadonlyMap<number, BlockTree>> {
    const trees = new Map<number, BlockTree>();
    for (const block of blocks) {
      const root = this.#level(0)[block];
      trees.set(block, root === undefined ? this.#tail : this.#remembered.get(block) ?? await this.#read(block, root));
    }
    return trees;
  }

  async #read(block: number, root: Buffer): Promise<BlockTree> {
    const tree: BlockTree = [[]];
    for (const leaf of await this.leavesOf(block)) grow(tree, leaf);
    if (tree[0]?.length !== this.blockLeaves || !rootOf(tree).equals(root)) throw new BlockChanged(block);
    this.#remember(block, tree);
    return tree;
  }

  #remember(block: number, tree: BlockTree): void {
    this.#remembered.delete(block);
    this.#remembered.set(block, tree);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > blocksRemembered && oldest !== undefined) this.#remembered.delete(oldest);
  }

  #level(depth: number): Buffer[] {
    return (this.#levels[depth] ??= []);
  }
}

function leafIn(blocks: ReadonlyMap<number, BlockTree>, index: number, blockLeaves: number): Buffer {
  const leaf = blocks.get(Math.floor(index / blockLeaves))?.[0]?.[index % blockLeaves];
  if (leaf === undefined) throw new NotInTree(index, blockLeaves);
  return leaf;
}

/** Another node on the lowest level, and what it completes above. */
function grow(levels: Buffer[][], lowest: Buffer): void {
  let node = lowest;
  for (let depth = 0; ; depth += 1) {
    const level = (levels[depth] ??= []);
    level.push(node);
    const left = level[level.length - 2];
    if (level.length % 2 === 1 || left === undefined) return;
    node = nodeHash(left, node);
  }
}

/** Of a power of two of leaves. */
function rootOf(tree: BlockTree): Buffer {
  return tree.at(-1)?.[0] ?? Buffer.alloc(0);
}

/** The largest power of two below count. */
function split(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1);
}
