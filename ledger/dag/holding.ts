import type { Block, Hash } from '@oort/ledger-chain';
import type { Waiting } from './refusals';

/** Blocks that wait for something (rule 12), bounded: the oldest gives way, and whoever still has it may send it again. */
export class Holding {
  readonly #held = new Map<Hash, { readonly block: Block; readonly waiting: Waiting }>();
  readonly #capacity: number;

  constructor(capacity = 4096) {
    this.#capacity = capacity;
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
    this.#held.delete(block.hash);
    this.#held.set(block.hash, { block, waiting });
    const [oldest] = this.#held.keys();
    if (this.#held.size > this.#capacity && oldest !== undefined) this.#held.delete(oldest);
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
    for (const block of released) this.#held.delete(block.hash);
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
}
