import fc from 'fast-check';
import { AbiCoder, concat, keccak256 } from 'ethers';
import { distributionProof, distributionRoot } from './distribution';

/** As OpenZeppelin's MerkleProof.processProof does it. */
function processed(address: string, cumulativeWei: string, proof: readonly string[]): string {
  const leaf = keccak256(concat([keccak256(AbiCoder.defaultAbiCoder().encode(['address', 'uint256'], [address, cumulativeWei]))]));
  return proof.reduce((hash, sibling) => keccak256(concat(BigInt(hash) < BigInt(sibling) ? [hash, sibling] : [sibling, hash])), leaf).slice(2);
}

it('every leaf proves itself, and nobody another amount', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), (count) => {
    const leaves = Array.from({ length: count }, (_, index) => ({ address: `0x${(index + 1).toString(16).padStart(40, '0')}`, cumulativeWei: String(index * 7 + 1) }));
    const root = distributionRoot(leaves);
    for (const { address, cumulativeWei } of leaves) {
      const proof = distributionProof(leaves, address) ?? [];
      expect(processed(address, cumulativeWei, proof)).toBe(root);
      expect(processed(address, `${cumulativeWei}0`, proof)).not.toBe(root);
    }
    expect(distributionProof(leaves, `0x${'ff'.repeat(20)}`)).toBeNull();
  }), { numRuns: 20 });
});
