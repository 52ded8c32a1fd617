// Two signed blocks of one author on one previous: proof of a fork that needs nobody's word (OLYMPUS.md section 3, rule 9).
import { decodeBlock, MalformedBlock, recoverAuthor } from '@oort/ledger-chain';
import type { Address, Block, Hash, Hex } from '@oort/ledger-chain';
import { forkRoot } from './forks';

export interface ForkProof {
  readonly author: Address;
  /** In the order of their hashes, so that one deed has one proof, whoever found it. */
  readonly blocks: readonly [Hash, Hash];
}

export type ForkProofRefusal =
  | { readonly code: 'NOT_A_BLOCK' }
  | { readonly code: 'SAME_BLOCK_TWICE'; readonly hash: Hash }
  | { readonly code: 'ROOTS_DIFFER' }
  | { readonly code: 'SIGNATURE_NOT_OF_AUTHOR'; readonly hash: Hash };

/** Takes the wire forms. Cost: two curve recoveries. */
export function checkForkProof(
  one: Hex, other: Hex,
): { readonly proven: ForkProof } | { readonly refused: ForkProofRefusal } {
  const [a, b] = [decoded(one), decoded(other)];
  if (a === null || b === null) return { refused: { code: 'NOT_A_BLOCK' } };
  if (a.hash === b.hash) return { refused: { code: 'SAME_BLOCK_TWICE', hash: a.hash } };
  if (forkRoot(a) !== forkRoot(b)) return { refused: { code: 'ROOTS_DIFFER' } };
  for (const { hash, signature, from } of [a, b]) {
    if (recoverAuthor(hash, signature) !== from) return { refused: { code: 'SIGNATURE_NOT_OF_AUTHOR', hash } };
  }
  return { proven: { author: a.from, blocks: a.hash < b.hash ? [a.hash, b.hash] : [b.hash, a.hash] } };
}

function decoded(wire: Hex): Block | null {
  try {
    return decodeBlock(wire);
  } catch (error) {
    if (error instanceof MalformedBlock) return null;
    throw error;
  }
}
