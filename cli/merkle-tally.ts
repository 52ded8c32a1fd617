// What a log hashes to, as backups and checks count it.
import { eventLeaf, MerklePeaks } from '@oort/kernel-merkle';
import type { Tally } from '@oort/kernel-eventstore';

export function merkleTally(saved: readonly string[], size: number): Tally {
  const peaks = MerklePeaks.from(saved, size);
  return {
    get size() { return peaks.size; },
    add(event) { peaks.append(eventLeaf(event)); },
    root: () => peaks.root().toString('hex'),
    saved: () => peaks.saved(),
  };
}
