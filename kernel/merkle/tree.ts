import { MerkleLog } from './log';

/** Takes leaf hashes. The root of no leaves is the hash of nothing. */
export function merkleRoot(leaves: readonly Buffer[]): Buffer {
  return logOf(leaves).root();
}

/** RFC 6962 2.1.1, from the leaf's sibling up. */
export function inclusionProof(leaves: readonly Buffer[], index: number): Buffer[] {
  return logOf(leaves).proof(index, leaves.length);
}

/** RFC 6962 2.1.2: that the tree of `first` leaves is a prefix of the tree of all. */
export function consistencyProof(leaves: readonly Buffer[], first: number): Buffer[] {
  return logOf(leaves).consistency(first, leaves.length);
}

function logOf(leaves: readonly Buffer[]): MerkleLog {
  const log = new MerkleLog();
  for (const leaf of leaves) log.append(leaf);
  return log;
}
