// What the chain pays for an epoch's blocks (OLYMPUS.md section 4): a fixed sum split by points, each share floored.
import { encodeRlp, keccak256 } from 'ethers';
import { integerHex } from '@oort/ledger-chain';
import type { Address, ElectionParameters, Hash } from '@oort/ledger-chain';

export interface WorkShare {
  readonly witness: Address;
  readonly points: number;
  readonly wei: bigint;
}

export interface Work {
  readonly epoch: number;
  readonly shares: readonly WorkShare[];
}

/** By address, so that every node lists them alike. Nothing is paid where nobody has points. */
export function shareReward(
  epoch: number, points: ReadonlyMap<Address, number>, { rewardWei, rewardUnitWei }: ElectionParameters,
): Work {
  const all = [...points.values()].reduce((sum, each) => sum + each, 0);
  const unit = BigInt(rewardUnitWei);
  const shares = [...points].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([witness, own]) => {
    const wei = all === 0 ? 0n : (BigInt(rewardWei) * BigInt(own)) / BigInt(all) / unit * unit;
    return wei === 0n ? [] : [{ witness, points: own, wei }];
  });
  return { epoch, shares };
}

/** Names the system transaction; it is signed by nobody and stands in no receipts root. */
export function workHash({ epoch, shares }: Work): Hash {
  return keccak256(encodeRlp([integerHex(epoch), shares.map(({ witness, wei }) => [witness, integerHex(wei)])]));
}
