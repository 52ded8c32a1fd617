import { majorityOf } from '@oort/ledger-chain';
import type { Address } from '@oort/ledger-chain';
import { bestPath } from './ancestry';
import { isGenesis } from './entry';
import type { Entry, Lookup } from './entry';
import type { BlockRefusal } from './refusals';

/** The authors of the `count` blocks from `start` down its best parents; genesis has none. */
export function recentAuthors(lookup: Lookup, start: Entry, count: number): Address[] {
  const authors: Address[] = [];
  if (count === 0) return authors;
  for (const entry of bestPath(lookup, start)) {
    if (isGenesis(entry)) break;
    authors.push(entry.block.from);
    if (authors.length === count) break;
  }
  return authors;
}

/** Rule 2: the author and the m - 1 authors before it are m different witnesses, or genesis comes first. */
export function checkDistinctMajority(
  author: Address, bestParent: Entry, lookup: Lookup, witnessCount: number,
): BlockRefusal | null {
  const majority = majorityOf(witnessCount);
  const authors = [author, ...recentAuthors(lookup, bestParent, majority - 1)];
  return new Set(authors).size === authors.length ? null : { code: 'AUTHORS_NOT_DISTINCT', author, majority };
}
