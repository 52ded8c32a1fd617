// What an officer commits before dispatch: H(salt, task id, expected answer hash or zero, isPhantom), for every task,
// so that at the opening anyone can check the promised rate of phantoms and that no answer was written afterwards.
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { canonicalJson } from '@oort/kernel-wire';
import type { Commitment } from './state';

const zeroHash = '0'.repeat(64);

export function commitmentLeaf({ taskId, salt, expectedHash, isPhantom }: Commitment): Buffer {
  return leafHash(Buffer.from(canonicalJson([salt, taskId, expectedHash ?? zeroHash, isPhantom])));
}

/** SHA-256 Merkle root (RFC 6962) over the commitments in the order of their recording, hex. */
export function batchRoot(commitments: readonly Commitment[]): string {
  return merkleRoot(commitments.map(commitmentLeaf)).toString('hex');
}
