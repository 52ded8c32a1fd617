import type { Block, Hash } from '@oort/ledger-chain';
import { zeroHash } from '@oort/ledger-chain';

export interface StableForks {
  /** The first stable block with this root, if there is one. */
  readonly firstOf: (root: string) => Hash | undefined;
  readonly statusOf: (stableBlock: Hash) => 0 | 1 | undefined;
}

/** Two blocks of one author with the same previous (or both without) share a root: OLYMPUS.md section 2. */
export function forkRoot(block: Block): string {
  return `${block.from}${block.previous.slice(2)}`;
}

/** Rule 9: 1 for the second stable block with a root, and for its author's blocks built on such a one. */
export function forkStatus(block: Block, forks: StableForks): 0 | 1 {
  const first = forks.firstOf(forkRoot(block));
  if (first !== undefined && first !== block.hash) return 1;
  return block.previous !== zeroHash && forks.statusOf(block.previous) === 1 ? 1 : 0;
}
