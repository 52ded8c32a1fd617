import { majorityOf } from '@oort/ledger-chain';
import type { Entry } from './entry';

/** Rule 1: the highest witnessed level, then the highest level, then the lowest hash. Negative where `a` goes first. */
export function compareTips(a: Entry, b: Entry): number {
  return b.witnessedLevel - a.witnessedLevel || b.level - a.level || (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0);
}

export function bestOf(entries: readonly Entry[]): Entry | undefined {
  return entries.reduce<Entry | undefined>(
    (best, entry) => (best === undefined || compareTips(entry, best) < 0 ? entry : best), undefined);
}

export function witnessedLevelOf(level: number, witnessCount: number): number {
  return Math.max(0, level - (majorityOf(witnessCount) - 1));
}
