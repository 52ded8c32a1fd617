import type { Writes } from './atomic';
import type { StateChanges } from './flat-state';
import { slotRange } from './state-keys';
import type { ChainStore } from './store';

/** Reads what is committed, so nothing before it may be under way. */
export function writeState(writes: Writes, store: ChainStore, changes: StateChanges): void {
  for (const address of changes.clearedStorage) {
    for (const key of store.state.getKeys(slotRange(address))) writes.remove(store.state, Buffer.from(key));
  }
  for (const [key, value] of changes.writes) {
    if (value === null) writes.remove(store.state, key);
    else writes.put(store.state, key, value);
  }
}
