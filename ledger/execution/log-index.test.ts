// What the index answers is what a walk through all logs answers, in a store that had it from the beginning, from the middle or never.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Address } from '@oort/ledger-chain';
import { Writes } from './atomic';
import { beginLogIndex, logsBetween, noteLog } from './log-index';
import { openChainStore } from './store';
import type { ChainStore } from './store';

const directory = mkdtempSync(join(tmpdir(), 'olympus-logs-'));
afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

const contracts = [1, 2, 3].map((digit): Address => `0x${String(digit).repeat(40)}`);
const blocks = 60;
/** Three or so a block, of whom is by chance of the numbers. */
const logs = Array.from({ length: blocks }, (_, index) => Array.from({ length: index % 4 }, (__, number) => contracts[(index * 7 + number * 5) % 3] ?? ''));

async function filled(name: string, indexedFrom: number | null): Promise<ChainStore> {
  const store = openChainStore(join(directory, name));
  const writes = new Writes();
  for (const [index, addresses] of logs.entries()) {
    for (const [number, address] of addresses.entries()) {
      writes.put(store.logs, [index, number], { address, topics: [], data: '0x', transaction: '0x', position: number, block: '0x' });
      if (indexedFrom !== null && index >= indexedFrom) noteLog(writes, store, { address }, index, number);
    }
  }
  await writes.commit(store.root);
  if (indexedFrom !== null) beginLogIndex(store, Math.max(0, indexedFrom - 1));
  return store;
}

test.each([['from the beginning', 0], ['from the middle', 31], ['never', null]])('indexed %s', async (name, indexedFrom) => {
  const store = await filled(name, indexedFrom);
  fc.assert(fc.property(fc.subarray(contracts), fc.integer({ min: 0, max: blocks + 5 }), fc.integer({ min: 0, max: blocks + 5 }), (wanted, from, to) => {
    const found = [...logsBetween(store, from, to, new Set(wanted))].map(({ index, number, log }) => [index, number, log.address]);
    const expected = logs.flatMap((addresses, index) => addresses.flatMap((address, number) =>
      (index >= from && index <= to && wanted.includes(address) ? [[index, number, address]] : [])));
    expect(found).toEqual(expected);
  }), { numRuns: 300 });
  expect([...logsBetween(store, 0, blocks, null)]).toHaveLength(logs.flat().length);
  await store.root.close();
});
