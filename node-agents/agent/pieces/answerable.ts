// All that a node needs to be asked on the chain, beside its seat at the court: what it deleted not long ago, what it signed, and somebody
// who watches for disputes.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InventoryAnswer } from '@oort/algorithms-possession';
import { messageOf } from '@oort/kernel-wire';
import { openGraves } from './graves';
import type { Answerable } from './inventories';
import { defendLeaves, type LeafCourtSeat } from './leaf-defence';
import type { PieceStore } from './port';

interface Given {
  readonly seat: LeafCourtSeat;
  readonly directory: string;
  /** How often it looks for disputes. Default 2000. */
  readonly pollMs?: number;
  log(text: string): void;
  now(): Date;
}

export interface OpenAnswerable extends Answerable {
  /** The pieces that the platform may see. */
  readonly living: PieceStore;
  /** Until the signal aborts. */
  defend(answerOf: (root: string, index: number) => Promise<InventoryAnswer | null>, signal: AbortSignal): Promise<void>;
}

const sweepMs = 60_000;

export async function openAnswerable(store: PieceStore, { seat, pollMs, directory, log, now }: Given): Promise<OpenAnswerable> {
  const graves = await openGraves(store, { path: join(directory, 'graves'), keepMs: seat.keepMs, now });
  return {
    seat, directory: join(directory, 'inventories'), living: graves.living, anyway: (pieceId) => graves.anyway(pieceId),
    async defend(answerOf, signal) {
      const defending = defendLeaves({ seat, answerOf, log, ...(pollMs === undefined ? {} : { pollMs }) }, signal);
      while (!signal.aborted) {
        await graves.sweep().catch((error: unknown) => { log(`deleted pieces: ${messageOf(error)}`); });
        await sleep(sweepMs, undefined, { signal }).catch(() => undefined);
      }
      await defending;
    },
  };
}
