// Rule 5: when a trunk block is final, decided from the new block's ancestry alone.
import { majorityOf } from '@oort/ledger-chain';
import type { Address } from '@oort/ledger-chain';
import { ancestors, bestPath, present } from './ancestry';
import { recentAuthors } from './distinct-majority';
import type { Entry, Lookup } from './entry';

export interface Seen {
  readonly author: Address;
  readonly parents: readonly Entry[];
  readonly bestParent: Entry;
}

/** How many witnesses of S a competing branch must show to block stability: m - 2(W - m), above zero since 3m > 2W. */
export function blockingCount(witnessCount: number): number {
  const majority = majorityOf(witnessCount);
  return majority - 2 * (witnessCount - majority);
}

/** The highest trunk block that this ancestry proves stable by 5a to 5c and by what its parents cite. Undefined where a
 *  parent cites a block off the path: then the parents contradict each other and no block may join them.
 *  Cost: one walk over the blocks of the last 2(m - 1) levels, and one per candidate that a branch blocks. */
export function provenStable(seen: Seen, lookup: Lookup, witnessCount: number): Entry | undefined {
  const { parents, bestParent } = seen;
  const cited = parents.map((parent) => (parent.bestParent === null ? parent : present(lookup, parent.block.lastStableBlock)));
  const highest = cited.reduce((best, entry) => (entry.level > best.level ? entry : best));
  const majority = majorityOf(witnessCount);
  const floor = Math.max(0, bestParent.level + 1 - 2 * (majority - 1));
  const lowest = Math.min(floor, ...cited.map((entry) => entry.level));
  const path = new Map<number, Entry>();
  for (const entry of bestPath(lookup, bestParent)) {
    path.set(entry.level, entry);
    if (entry.level <= lowest) break;
  }
  if (cited.some((entry) => path.get(entry.level)?.hash !== entry.hash)) return undefined;
  const branches = competingBranches(seen, lookup, { witnessCount, floor, path });
  // A lower block has fewer competitors than a higher one, so the first that passes from above is the highest.
  for (let level = floor; level > highest.level; level -= 1) {
    const candidate = path.get(level);
    if (candidate !== undefined && !branches.some((junction) => junction < level)) return candidate;
  }
  return highest;
}

/** For each branch that shows enough witnesses of S: the level at which it leaves the trunk. It competes with every trunk
 *  block above that level. */
function competingBranches(
  { author, parents, bestParent }: Seen, lookup: Lookup,
  { witnessCount, floor, path }: { readonly witnessCount: number; readonly floor: number; readonly path: Map<number, Entry> },
): number[] {
  const needed = blockingCount(witnessCount);
  const witnesses = new Set([author, ...recentAuthors(lookup, bestParent, majorityOf(witnessCount) - 1)]);
  const isTrunk = (entry: Entry): boolean => path.get(entry.level)?.hash === entry.hash;
  const offTrunk = [...ancestors(lookup, parents.map((parent) => parent.hash), (entry) => entry.level >= floor).values()]
    .filter((entry) => !isTrunk(entry));
  const lowest = Math.min(...path.keys());
  const junctions: number[] = [];
  for (const tip of offTrunk) {
    const met = new Set<Address>();
    let junction = -1;
    for (const entry of bestPath(lookup, tip)) {
      if (isTrunk(entry)) {
        junction = entry.level;
        break;
      }
      if (entry.level >= floor && witnesses.has(entry.block.from)) met.add(entry.block.from);
      // Below every candidate the exact junction no longer matters.
      if (entry.level < lowest) break;
    }
    if (met.size >= needed) junctions.push(junction);
  }
  return junctions;
}
