import type { Hash } from '@oort/ledger-chain';
import type { StableChain } from '@oort/ledger-execution';
import type { Carried } from '@oort/ledger-network';

export interface HistoryPage {
  readonly from: number;
  readonly next: number;
  readonly items: readonly Carried[];
}

const pageBytes = 512 * 1024;
const pageBlocks = 500;

/** Blocks from a stable index on, each behind what it lists; `find` answers the wire form of anything by its hash. */
export function historyPage(from: number, { chain, find }: { readonly chain: StableChain; readonly find: (hash: Hash) => Carried | null }): HistoryPage {
  const items: Carried[] = [];
  let bytes = 0;
  let index = Math.max(1, from);
  for (const end = index + pageBlocks; index < end && bytes < pageBytes; index += 1) {
    const hash = chain.hashAt(index);
    const block = hash === undefined ? undefined : chain.block(hash);
    if (block === undefined) break;
    for (const part of [...block.links, ...block.approves, block.hash].map(find)) {
      if (part === null) continue;
      items.push(part);
      bytes += part.bytes.length;
    }
  }
  return { from, next: index, items };
}
