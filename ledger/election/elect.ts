import type { Address, Hash } from '@oort/ledger-chain';

/** An approve with status 1: at most one a sender and epoch. */
export interface CountedApprove {
  readonly from: Address;
  readonly output: Hash;
  readonly approve: Hash;
}

/** OLYMPUS.md section 4: when an epoch closes, those no longer staked are dropped, and the W largest outputs serve two epochs
 *  later. Null where fewer than W are left: then the set before goes on. Equal outputs go by address. */
export function electWitnesses(
  approves: readonly CountedApprove[], eligible: ReadonlySet<Address>, witnessCount: number,
): readonly Address[] | null {
  const standing = approves.filter(({ from }) => eligible.has(from));
  if (standing.length < witnessCount) return null;
  return [...standing]
    .sort((a, b) => (a.output === b.output ? (a.from < b.from ? -1 : 1) : a.output > b.output ? -1 : 1))
    .slice(0, witnessCount)
    .map(({ from }) => from);
}
