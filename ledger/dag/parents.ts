import { zeroHash } from '@oort/ledger-chain';
import type { Block } from '@oort/ledger-chain';
import { isAncestor } from './ancestry';
import type { Entry, Lookup } from './entry';
import type { BlockRefusal } from './refusals';

/** OLYMPUS.md section 2: `previous` is the author's own, and no parent is an ancestor of another, except `previous`.
 *  Cost: one walk per pair of parents on different levels, over the levels between them. */
export function checkParents(block: Block, parents: readonly Entry[], lookup: Lookup): BlockRefusal | null {
  const previous = parents.find((parent) => parent.hash === block.previous);
  if (block.previous !== zeroHash && previous?.block.from !== block.from) {
    return { code: 'PREVIOUS_OF_ANOTHER_AUTHOR', previous: block.previous };
  }
  for (const ancestor of parents) {
    if (ancestor.hash === block.previous) continue;
    const descendant = parents.find((parent) => isAncestor(lookup, ancestor, parent));
    if (descendant !== undefined) {
      return { code: 'PARENT_IS_ANCESTOR_OF_PARENT', ancestor: ancestor.hash, descendant: descendant.hash };
    }
  }
  return null;
}
