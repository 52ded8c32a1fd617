// What a block shows on its own face: OLYMPUS.md section 2, limits.
import { zeroHash } from '@oort/ledger-chain';
import type { Block, ChainParameters, Hash } from '@oort/ledger-chain';
import type { BlockRefusal } from './refusals';

export function checkShape(block: Block, parameters: ChainParameters): BlockRefusal | null {
  const { parents, links, previous, approves } = block;
  const { maximumParents, maximumLinks } = parameters;
  if (parents.length < 1 || parents.length > maximumParents) {
    return { code: 'PARENT_COUNT', count: parents.length, maximum: maximumParents };
  }
  const unsorted = parents.find((parent, index) => index > 0 && parent <= (parents[index - 1] ?? ''));
  if (unsorted !== undefined) return { code: 'PARENTS_NOT_ASCENDING', parent: unsorted };
  if (previous !== zeroHash && !parents.includes(previous)) return { code: 'PREVIOUS_NOT_A_PARENT', previous };
  if (links.length > maximumLinks) return { code: 'TOO_MANY_LINKS', count: links.length, maximum: maximumLinks };
  const link = repeated(links);
  if (link !== undefined) return { code: 'LINK_TWICE', link };
  if (parameters.elections === undefined && approves.length > 0) return { code: 'APPROVES_NOT_TAKEN', count: approves.length };
  if (approves.length > maximumLinks) return { code: 'TOO_MANY_APPROVES', count: approves.length, maximum: maximumLinks };
  const approve = repeated(approves);
  return approve === undefined ? null : { code: 'APPROVE_TWICE', approve };
}

function repeated(hashes: readonly Hash[]): Hash | undefined {
  return new Set(hashes).size === hashes.length ? undefined : hashes.find((hash, at) => hashes.indexOf(hash) < at);
}
