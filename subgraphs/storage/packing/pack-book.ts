// Where packs lie, from the packs' own events, so that a read needs no catalogue. Places are remembered for a while: pieces move seldom,
// and whoever does not find them asks again.
import type { EventStore } from '@oort/kernel-eventstore';
import type { SegmentPlacement } from '@oort/schema/events/storage';
import { PiecesUnreachable } from '../data-path/faults';
import { loadObject } from '../load-object';
import type { StoredVersion } from '../state';
import type { LocatePack } from './packed-read';

/** No client can make or name such a bucket: names of buckets have no underscores. */
export const packBucket = 'system_packs';

const rememberedMs = 10_000;
const remembered = 1_000;

export function packBook(store: EventStore): LocatePack {
  const places = new Map<string, { readonly placement: SegmentPlacement; readonly atMs: number }>();
  return async (packId, fresh) => {
    const known = places.get(packId);
    if (known !== undefined && !fresh && performance.now() - known.atMs < rememberedMs) return known.placement;
    places.delete(packId);
    const { state } = await loadObject(store, packBucket, packId);
    const [placement] = state.status === 'stored' ? state.version.segments : [];
    if (placement === undefined) return null;
    places.set(packId, { placement, atMs: performance.now() });
    const [eldest] = places.keys();
    if (places.size > remembered && eldest !== undefined) places.delete(eldest);
    return placement;
  };
}

const moves = 4;

/** Reads on when what is read lies elsewhere now: its places are looked up again, and the read goes on where it was. */
export async function* readFollowing(
  version: StoredVersion, start: number, read: (version: StoredVersion, start: number) => AsyncGenerator<Buffer[]>, reload: () => Promise<StoredVersion | null>,
): AsyncGenerator<Buffer[]> {
  let [current, at] = [version, start];
  for (let move = 0; ; move += 1) {
    try {
      for await (const batch of read(current, at)) {
        at += batch.reduce((sum, { length }) => sum + length, 0);
        yield batch;
      }
      return;
    } catch (error) {
      if (!(error instanceof PiecesUnreachable) || move === moves) throw error;
      const fresh = await reload();
      if (fresh === null || placesOf(fresh) === placesOf(current)) throw error;
      current = fresh;
    }
  }
}

function placesOf({ segments }: StoredVersion): string {
  return JSON.stringify(segments.map(({ pieces, packed = [] }) => [pieces.map(({ pieceId }) => pieceId), packed.map(({ packId }) => packId)]));
}
