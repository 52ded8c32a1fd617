import type { Address, Block, Hash } from '@oort/ledger-chain';
import { ancestors } from './ancestry';
import type { Surroundings } from './entry';
import type { Waiting } from './refusals';

/** OLYMPUS.md section 2: a block whose links' nonces are not met yet is held. A nonce is met where it has run, or where the
 *  block or one of its ancestors links it: then whatever the final order becomes, it runs before. Looking at other accepted
 *  blocks instead would let one lying witness make its users' transactions fail.
 *  `hasRun` must not say more than `nextNonce` knows: a block may be stable for a while before it has run.
 *  Cost: one walk over the ancestors that have not run, only where a link is not its account's very next. */
export function unmetNonce(
  block: Block, { entry, transaction }: Pick<Surroundings, 'entry' | 'transaction'>,
  hasRun: (hash: Hash) => boolean, nextNonce: (account: Address) => number,
): Waiting | null {
  let linked: Map<Address, Set<number>> | undefined;
  const met = new Map<Address, number>();
  for (const link of block.links) {
    const found = transaction(link);
    if (found === undefined) return { kind: 'transaction', hash: link };
    const { from, nonce } = found;
    const first = met.get(from) ?? nextNonce(from);
    for (let before = first; before < nonce; before += 1) {
      linked ??= linkedBelow(block, { entry, transaction }, hasRun);
      if (linked.get(from)?.has(before) !== true) return { kind: 'nonce', account: from, nonce: before };
    }
    met.set(from, Math.max(first, nonce + 1));
  }
  return null;
}

function linkedBelow(
  block: Block, { entry, transaction }: Pick<Surroundings, 'entry' | 'transaction'>, hasRun: (hash: Hash) => boolean,
): Map<Address, Set<number>> {
  const linked = new Map<Address, Set<number>>();
  for (const ancestor of ancestors(entry, block.parents, ({ hash }) => !hasRun(hash)).values()) {
    for (const link of ancestor.block.links) {
      const found = transaction(link);
      if (found === undefined) continue;
      const nonces = linked.get(found.from);
      if (nonces === undefined) linked.set(found.from, new Set([found.nonce]));
      else nonces.add(found.nonce);
    }
  }
  return linked;
}
