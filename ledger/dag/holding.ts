import type { Block, Hash } from '@oort/ledger-chain';
import type { Waiting } from './refusals';

export interface HoldingBounds {
  readonly blocks: number;
  /** That they name, all together: strangers sign blocks too, and one may name more than 8,000. */
  readonly hashes: number;
}

const usualBounds: HoldingBounds = { blocks: 4096, hashes: 400_000 };

/** Blocks that wait for something (rule 12), bounded: the oldest gives way, and whoever still has it may send it again. */
export class Holding {
  readonly #held = new Map<Hash, { readonly block: Block; readonly waiting: Waiting }>();
  readonly #bounds: HoldingBounds;
  #hashes = 0;

  constructor(bounds = usualBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#held.size;
  }

  has(hash: Hash): boolean {
    return this.#held.has(hash);
  }

  waiting(hash: Hash): Waiting | undefined {
    return this.#held.get(hash)?.waiting;
  }

  hold(block: Block, waiting: Waiting): void {
    this.#letGo(block.hash);
    this.#held.set(block.hash, { block, waiting });
    this.#hashes += hashesOf(block);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= this.#bounds.blocks && this.#hashes <= this.#bounds.hashes) break;
      this.#letGo(oldest);
    }
  }

  /** How many wait, by what for. */
  counts(): ReadonlyMap<Waiting['kind'], number> {
    const counts = new Map<Waiting['kind'], number>();
    for (const { waiting: { kind } } of this.#held.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts;
  }

  /** Takes out those whose wait may be over. */
  release(over: (waiting: Waiting) => boolean): Block[] {
    const released = [...this.#held.values()].filter(({ waiting }) => over(waiting)).map(({ block }) => block);
    for (const block of released) this.#letGo(block.hash);
    return released;
  }

  /** What to request: missing links and approves, and *every* missing parent. A block shows only the first thing that it waits for, and
   *  that may be here and held itself until another parent has come. */
  wanted(isHere: (hash: Hash) => boolean): Hash[] {
    const wanted = new Set<Hash>();
    for (const { block, waiting } of this.#held.values()) {
      if (waiting.kind === 'transaction' || waiting.kind === 'approve') wanted.add(waiting.hash);
      for (const parent of block.parents) if (!isHere(parent) && !this.has(parent)) wanted.add(parent);
    }
    return [...wanted];
  }
  #letGo(hash: Hash): void {
    const held = this.#held.get(hash);
    if (held === undefined) return;
    this.#hashes -= hashesOf(held.block);
    this.#held.delete(hash);
  }
}

function hashesOf({ parents, links, approves }: Block): number {
  return parents.length + links.length + approves.length;
}
