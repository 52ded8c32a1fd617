// Merkle trees and logs after RFC 6962 section 2.1 (SHA-256), and what an event's leaf is.
export { eventLeaf } from './event-leaf';
export { leafHash, nodeHash } from './hash';
export { MerkleLog, NotInTree } from './log';
export { MerklePeaks } from './peaks';
export { consistencyProof, inclusionProof, merkleRoot } from './tree';
export { verifyConsistency, verifyInclusion, type ConsistencyClaim, type InclusionClaim } from './verify';
