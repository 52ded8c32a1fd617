// State of the past, as reverse differences: for every key that a block changed, what stood there before. The value of a key after block N
// is what stood before its first change behind N, or the present one. The head pays one small write per key changed, in the transaction
// of its MCI; a read of the past pays one seek. Kept for a window of stable indexes, and pruned as the head moves on.
import type { Transaction as ReadTransaction } from 'lmdb';
import type { Writes } from './atomic';
import { slotRange } from './state-keys';
import type { Before, StateReader } from './state-keys';
import type { ChainStore } from './store';

/** Blocks whose state can be read besides the latest, where the node is not told otherwise. */
export const usualStatesKept = 100_000;
const indexBytes = 6;
/** Entries that one MCI prunes at most: more than it adds, unless its blocks are many. */
const prunedAtOnce = 64;
const fromKey = 'statesFrom';

function pastKey(key: Buffer, index: number): Buffer {
  const full = Buffer.allocUnsafe(key.length + indexBytes);
  key.copy(full);
  full.writeUIntBE(index, key.length, indexBytes);
  return full;
}

/** The lowest stable index whose state can be read. */
export function statesFrom(store: ChainStore): number {
  return Number(store.meta.get(fromKey) ?? 0);
}

/** A store from before states were kept knows only what comes from here on. */
export function beginPast(store: ChainStore, latest: number, kept: number): void {
  const known = store.meta.get(fromKey);
  const empty = store.pastKeys.getKeysCount({ limit: 1 }) === 0;
  if (known === undefined) store.meta.putSync(fromKey, latest === 0 || !empty ? 0 : latest);
  else if (kept === 0 && Number(known) < latest) store.meta.putSync(fromKey, latest);
}

/** Of an MCI, before its state is written. Reads what is committed, so nothing before it may be under way. */
export function writePast(writes: Writes, store: ChainStore, changes: readonly { readonly index: number; readonly before: Before }[], latest: number, kept: number): void {
  if (kept > 0) {
    for (const { index, before } of changes) {
      if (before.length === 0) continue;
      for (const [key, value] of before) {
        writes.put(store.past, pastKey(key, index), value === null ? Buffer.of(0) : Buffer.concat([Buffer.of(1), value]));
      }
      writes.put(store.pastKeys, index, before.map(([key]) => key));
    }
  }
  const floor = latest - kept;
  if (floor <= statesFrom(store)) return;
  for (const { key: index, value: keys } of [...store.pastKeys.getRange({ end: floor + 1, limit: prunedAtOnce })]) {
    for (const key of keys) writes.remove(store.past, pastKey(key, index));
    writes.remove(store.pastKeys, index);
  }
  writes.put(store.meta, fromKey, floor);
}

/** Slots that a block cleared as a whole, as they stood on disk; those written earlier in the same MCI come as changes of their own. */
export function clearedSlots(store: ChainStore, addresses: readonly Buffer[]): Before {
  return addresses.flatMap((address) =>
    [...store.state.getRange(slotRange(address))].map(({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const));
}

/** Reads as of the end of the block with this stable index. Cost: a seek and a read per key. */
export function readerAt(store: ChainStore, index: number, snapshot?: ReadTransaction): StateReader {
  const options = snapshot === undefined ? {} : { transaction: snapshot };
  return (key) => {
    const [first] = store.past.getRange({ start: pastKey(key, index + 1), end: pastKey(key, 2 ** 48 - 1), limit: 1, ...options });
    if (first === undefined) return store.state.get(key, options);
    return first.value[0] === 1 ? first.value.subarray(1) : undefined;
  };
}
