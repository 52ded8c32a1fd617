// A Merkle tree of four leaves as Rewards.sol reads it: double-hashed leaves, pairs hashed in order of their bytes (OpenZeppelin, MerkleProof).
import { AbiCoder, concat, keccak256 } from 'ethers';

export interface Leaf { readonly account: string; readonly amount: bigint }

const hashOf = ({ account, amount }: Leaf): string => keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(['address', 'uint256'], [account, amount])));
const pair = (one: string, other: string): string => keccak256(concat(one < other ? [one, other] : [other, one]));

function halves(leaves: readonly Leaf[]): readonly [string, string, string, string] {
  const [a, b, c, d] = leaves.map(hashOf);
  return [a ?? '', b ?? '', c ?? '', d ?? ''];
}

export function rootOf(leaves: readonly Leaf[]): string {
  const [a, b, c, d] = halves(leaves);
  return pair(pair(a, b), pair(c, d));
}

export function proofOf(leaves: readonly Leaf[], index: number): readonly string[] {
  const all = halves(leaves);
  const [a, b, c, d] = all;
  return [all[index ^ 1] ?? '', index < 2 ? pair(c, d) : pair(a, b)];
}
