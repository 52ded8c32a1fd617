import { slotRange } from './flat-state';
import type { StateChanges } from './flat-state';
import type { ChainStore } from './store';

/** To be called inside a transaction of the store. */
export function writeState(store: ChainStore, changes: StateChanges): void {
  for (const address of changes.clearedStorage) {
    for (const key of [...store.state.getKeys(slotRange(address))]) void store.state.remove(key);
  }
  for (const [key, value] of changes.writes) {
    if (value === null) void store.state.remove(key);
    else void store.state.put(key, value);
  }
}
