// One node's view of the DAG: which blocks are here, the main chain through them, and how far it is final.
// Invariants: every parent of an entry is an entry; the last stable block is on the trunk; a stable block never changes place.
import { Fault } from '@oort/kernel-wire';
import type { Hash } from '@oort/ledger-chain';
import { bestPath, present } from './ancestry';
import { compareTips } from './best-parent';
import type { Entry } from './entry';
import { orderOf } from './order';
import type { StableBatch } from './order';

/** The stable part on disk. A view may ask for blocks that it has dropped from memory. */
export interface StableArchive {
  readonly entry: (hash: Hash) => Entry | undefined;
  /** The MCI with which the block became stable. */
  readonly mciOf: (hash: Hash) => number | undefined;
}

/** The rules promise that this cannot happen while no more than W - m witnesses lie: the node stops and says so (rule 12). */
export class StablePointRetreat extends Fault {
  constructor(stable: Hash, offered: Hash) {
    super('STABLE_POINT_RETREAT', `the final block ${stable} is not below ${offered}: the node halts`, { stable, offered });
  }
}

const levelsKeptInMemory = 128;

export class Dag {
  readonly #archive: StableArchive;
  readonly #entries = new Map<Hash, Entry>();
  readonly #stable = new Map<Hash, number>();
  readonly #tips = new Map<Hash, Entry>();
  #trunkTip: Entry;
  #lastStable: Entry;
  #nextIndex: number;

  constructor(archive: StableArchive, lastStable: Entry, nextIndex: number) {
    this.#archive = archive;
    this.#lastStable = lastStable;
    this.#trunkTip = lastStable;
    this.#nextIndex = nextIndex;
    this.#entries.set(lastStable.hash, lastStable);
    this.#stable.set(lastStable.hash, lastStable.level);
    this.#tips.set(lastStable.hash, lastStable);
  }

  get trunkTip(): Entry {
    return this.#trunkTip;
  }

  get lastStable(): Entry {
    return this.#lastStable;
  }

  readonly entry = (hash: Hash): Entry | undefined => this.#entries.get(hash) ?? this.#archive.entry(hash);

  readonly isStable = (hash: Hash): boolean => (this.mciOf(hash) ?? Infinity) <= this.#lastStable.level;

  /** The MCI with which the block became stable in this view; undefined before. */
  mciOf(hash: Hash): number | undefined {
    return this.#stable.get(hash) ?? (this.#entries.has(hash) ? undefined : this.#archive.mciOf(hash));
  }

  /** Blocks that no other block has as a parent, best first. */
  tips(): Entry[] {
    return [...this.#tips.values()].sort(compareTips);
  }

  *unstable(): Generator<Entry> {
    for (const entry of this.#entries.values()) if (!this.isStable(entry.hash)) yield entry;
  }

  /** Takes a valid block in; answers what it made final, in order. Cost: the blocks that become stable, each once. */
  accept(entry: Entry): StableBatch[] {
    if (this.#entries.has(entry.hash) || this.isStable(entry.hash)) return [];
    this.#entries.set(entry.hash, entry);
    for (const parent of entry.block.parents) this.#tips.delete(parent);
    this.#tips.set(entry.hash, entry);
    const batches = this.#advance(present(this.entry, entry.block.lastStableBlock), entry);
    if (compareTips(entry, this.#trunkTip) < 0) {
      this.#retreatsNot(entry);
      this.#trunkTip = entry;
    }
    return batches;
  }

  /** Rule 7: the last stable MCI is the highest that any accepted block cites. */
  #advance(cited: Entry, by: Entry): StableBatch[] {
    if (cited.level <= this.#lastStable.level) return [];
    const newly: Entry[] = [];
    for (const entry of bestPath(this.entry, cited)) {
      if (entry.level <= this.#lastStable.level) {
        if (entry.hash !== this.#lastStable.hash) throw new StablePointRetreat(this.#lastStable.hash, by.hash);
        break;
      }
      newly.unshift(entry);
    }
    const batches = newly.map((trunk) => this.#settle(trunk));
    this.#forget();
    return batches;
  }

  #settle(trunk: Entry): StableBatch {
    const blocks = orderOf(trunk, this.entry, this.isStable);
    const batch = {
      mci: trunk.level, trunk: trunk.hash, timestamp: trunk.block.timestamp, firstIndex: this.#nextIndex, blocks,
    };
    for (const entry of blocks) this.#stable.set(entry.hash, trunk.level);
    this.#nextIndex += blocks.length;
    this.#lastStable = trunk;
    return batch;
  }

  /** Rule 4: the main chain may swing above the last stable block, never below. */
  #retreatsNot(tip: Entry): void {
    for (const entry of bestPath(this.entry, tip)) {
      if (entry.level > this.#lastStable.level) continue;
      if (entry.hash !== this.#lastStable.hash) throw new StablePointRetreat(this.#lastStable.hash, tip.hash);
      return;
    }
  }

  /** Drops from memory what lies deep and on disk, so that a view stays small however long the chain is. */
  #forget(): void {
    const floor = this.#lastStable.level - levelsKeptInMemory;
    for (const [hash, mci] of this.#stable) {
      if (mci >= floor) return;
      if (this.#archive.mciOf(hash) === undefined || this.#tips.has(hash)) continue;
      this.#stable.delete(hash);
      this.#entries.delete(hash);
    }
  }
}
