import { Fault } from '@oort/kernel-wire';
import type { Hash } from '@oort/ledger-chain';
import type { Entry, Lookup } from './entry';

export class AncestryBroken extends Fault {
  constructor(hash: Hash) {
    super('ANCESTRY_BROKEN', `block ${hash} is cited as an ancestor and is not here`, { hash });
  }
}

export function present(lookup: Lookup, hash: Hash): Entry {
  const entry = lookup(hash);
  if (entry === undefined) throw new AncestryBroken(hash);
  return entry;
}

/** From `start` down its best parents, `start` first, genesis last. */
export function* bestPath(lookup: Lookup, start: Entry): Generator<Entry> {
  for (let at = start; ; at = present(lookup, at.bestParent)) {
    yield at;
    if (at.bestParent === null) return;
  }
}

/** The block of `level` on the best-parent path of `start`; undefined where the path begins below that level. */
export function onBestPath(lookup: Lookup, start: Entry, level: number): Entry | undefined {
  if (level > start.level || level < 0) return undefined;
  for (const entry of bestPath(lookup, start)) if (entry.level === level) return entry;
  return undefined;
}

/** Every ancestor of `starts` (themselves included) that `keep` lets through; nothing below a refused one is visited
 *  through it. Levels fall along every parent link, so "level at least n" prunes exactly. */
export function ancestors(lookup: Lookup, starts: readonly Hash[], keep: (entry: Entry) => boolean): Map<Hash, Entry> {
  const found = new Map<Hash, Entry>();
  const seen = new Set<Hash>(starts);
  const queue = [...starts];
  for (let hash = queue.pop(); hash !== undefined; hash = queue.pop()) {
    const entry = present(lookup, hash);
    if (!keep(entry)) continue;
    found.set(hash, entry);
    for (const parent of entry.block.parents) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      queue.push(parent);
    }
  }
  return found;
}

export function isAncestor(lookup: Lookup, ancestor: Entry, descendant: Entry): boolean {
  if (ancestor.level >= descendant.level) return false;
  return ancestors(lookup, descendant.block.parents, (entry) => entry.level >= ancestor.level).has(ancestor.hash);
}
