import type { Hash } from '@oort/ledger-chain';
import { ancestors } from './ancestry';
import type { Entry, Lookup } from './entry';

/** One newly stable MCI: its trunk block and everything that becomes final with it, in the final order. */
export interface StableBatch {
  readonly mci: number;
  readonly trunk: Hash;
  /** Unix seconds: the time in which all of the batch executes (rule 10). */
  readonly timestamp: number;
  /** Stable index of the first block. */
  readonly firstIndex: number;
  readonly blocks: readonly Entry[];
}

/** Rule 7: the trunk block and its ancestors that are not stable yet, by level, then by hash. */
export function orderOf(trunk: Entry, lookup: Lookup, isStable: (hash: Hash) => boolean): Entry[] {
  return [...ancestors(lookup, [trunk.hash], (entry) => !isStable(entry.hash)).values()]
    .sort((a, b) => a.level - b.level || (a.hash < b.hash ? -1 : 1));
}
