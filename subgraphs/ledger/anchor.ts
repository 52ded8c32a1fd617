import { setTimeout as sleep } from 'node:timers/promises';
import { deriveId } from '@oort/kernel-wire';
import type { ChainCalls } from './calls';
import { anchorSubject } from './decide';
import type { MerkleReader } from './merkle-reader';

/** Anchors the log's root when it has grown by more than its own anchors; one anchor at a time. Runs until the signal aborts. */
export async function anchorLog(reader: MerkleReader, calls: ChainCalls, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (reader.hasNews && !calls.isPending(anchorSubject)) {
      const [treeSize, root] = [reader.size, reader.root()];
      await calls.intend({
        callId: deriveId('call', `anchor/${treeSize}`), contract: 'Anchors', method: 'anchor', args: [treeSize, `0x${root}`], valueWei: 0n,
        subject: { kind: anchorSubject, id: String(treeSize) },
      });
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
