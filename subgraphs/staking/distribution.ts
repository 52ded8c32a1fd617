// The Merkle tree behind the Rewards contract, as OpenZeppelin's MerkleProof checks it: leaves hashed twice, so that no inner
// node passes for one; pairs in ascending order, so that a proof needs no sides. An odd one goes up as it is.
import { AbiCoder, concat, keccak256 } from 'ethers';

export interface DistributionLeaf { readonly address: string; readonly cumulativeWei: string }

/** Hex without 0x. */
export function distributionRoot(leaves: readonly DistributionLeaf[]): string {
  return (layers(leaves).at(-1)?.[0] ?? `0x${'00'.repeat(32)}`).slice(2);
}

/** Null when the address has no leaf. Hashes with 0x. */
export function distributionProof(leaves: readonly DistributionLeaf[], address: string): readonly string[] | null {
  const leaf = leaves.find((each) => each.address.toLowerCase() === address.toLowerCase());
  if (leaf === undefined) return null;
  let hash = leafOf(leaf);
  const proof: string[] = [];
  for (const layer of layers(leaves).slice(0, -1)) {
    const index = layer.indexOf(hash);
    const sibling = layer[index ^ 1];
    if (sibling === undefined) continue;
    proof.push(sibling);
    hash = pair(hash, sibling);
  }
  return proof;
}

function layers(leaves: readonly DistributionLeaf[]): readonly (readonly string[])[] {
  let layer: readonly string[] = leaves.map(leafOf).sort();
  const all = [layer];
  while (layer.length > 1) {
    const below = layer;
    layer = below.flatMap((hash, index) => (index % 2 === 1 ? [] : [below[index + 1] === undefined ? hash : pair(hash, below[index + 1] ?? hash)]));
    all.push(layer);
  }
  return all;
}

function leafOf({ address, cumulativeWei }: DistributionLeaf): string {
  return keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(['address', 'uint256'], [address, cumulativeWei])));
}

function pair(one: string, other: string): string {
  return keccak256(concat(one < other ? [one, other] : [other, one]));
}
