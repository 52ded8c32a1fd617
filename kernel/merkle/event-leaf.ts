import { canonicalJson } from '@oort/kernel-wire';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { leafHash } from './hash';

/** The leaf of an event as it stands in the log: of a sealed event that is the ciphertext, so destroying its key leaves proofs whole.
 *  The position is left out: the leaf's index in the tree is the position. */
export function eventLeaf(event: RecordedEvent): Buffer {
  const { id, stream, revision, type, data, metadata } = event;
  return leafHash(Buffer.from(canonicalJson({
    id, stream, revision: revision.toString(), type, data, metadata: { ...metadata },
  })));
}
