// Where each contract's logs stand, so that a question for one contract reads its logs and no others: key = address, stable index and number in
// the block. A store from before this was kept knows it from the block on at which it was first opened with it; what lies before is walked through.
import type { Address } from '@oort/ledger-chain';
import type { Writes } from './atomic';
import type { ChainStore, LogRecord } from './store';

export interface PlacedLog { readonly index: number; readonly number: number; readonly log: LogRecord }

const fromKey = 'logsOfFrom';
const [addressBytes, indexBytes, numberBytes] = [20, 6, 4];

function placeOf(address: Address, index: number, number: number): Buffer {
  const key = Buffer.allocUnsafe(addressBytes + indexBytes + numberBytes);
  key.write(address.slice(2), 'hex');
  key.writeUIntBE(index, addressBytes, indexBytes);
  key.writeUInt32BE(number, addressBytes + indexBytes);
  return key;
}

export function beginLogIndex(store: ChainStore, latest: number): void {
  if (!store.meta.doesExist(fromKey)) store.meta.putSync(fromKey, latest === 0 ? 0 : latest + 1);
}

export function noteLog(writes: Writes, store: ChainStore, { address }: Pick<LogRecord, 'address'>, index: number, number: number): void {
  writes.put(store.logsOf, placeOf(address, index, number), 1);
}

/** Logs of the blocks `from` to `to`, both included, in their order; of these contracts only, or of all. */
export function* logsBetween(store: ChainStore, from: number, to: number, addresses: ReadonlySet<Address> | null): Generator<PlacedLog> {
  const indexedFrom = addresses === null ? Number.POSITIVE_INFINITY : Number(store.meta.get(fromKey) ?? Number.POSITIVE_INFINITY);
  const walkedTo = Math.min(to, indexedFrom - 1);
  for (const { key: [index, number], value: log } of store.logs.getRange({ start: [from, 0], end: [walkedTo + 1, 0] })) {
    if (addresses === null || addresses.has(log.address)) yield { index, number, log };
  }
  if (addresses === null) return;
  const places = [...addresses].flatMap((address) =>
    [...store.logsOf.getKeys({ start: placeOf(address, Math.max(from, walkedTo + 1), 0), end: placeOf(address, to + 1, 0) })].map((key) => Buffer.from(key.subarray(addressBytes))));
  // Two contracts of one block in the order of their logs.
  if (addresses.size > 1) places.sort((a, b) => Buffer.compare(a, b));
  for (const place of places) {
    const [index, number] = [place.readUIntBE(0, indexBytes), place.readUInt32BE(indexBytes)];
    const log = store.logs.get([index, number]);
    if (log !== undefined) yield { index, number, log };
  }
}
