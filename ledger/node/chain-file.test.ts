// Files that are not what they say: cut off, changed by a disk, changed by somebody, of another chain.
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { genesisBlock, localParameters } from '@oort/ledger-chain';
import { ChainFileReader, ChainFileWriter } from './chain-file';
import type { ChainFileEnd } from './chain-file';
import { developmentWallet, localAllocations } from './development-accounts';
import { exportChain, importChain } from './export-chain';
import { documentOf } from './genesis-document';
import { growHistory } from './grown-history';
import type { HistoryPage } from './history-page';
import { newWitnessKey } from './witness-keys';

const directory = mkdtempSync(join(tmpdir(), 'oort-chain-file-'));
const place = (name: string): string => join(directory, name);
const parameters = localParameters();
const keys = Array.from({ length: 4 }, () => newWitnessKey());
const document = documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations: localAllocations(), deployments: [] });
let height = 0;

const imported = (name: string, file: string): Promise<number> => importChain({ directory: place(name), file: place(file), document, codes: new Map() });

beforeAll(async () => {
  const raws = await Promise.all(Array.from({ length: 10 }, (_, nonce) => developmentWallet(0).signTransaction({
    type: 2, chainId: parameters.chainId, nonce, to: `0x${'42'.repeat(20)}`, value: 1n, gasLimit: 21_000, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n,
  })));
  height = await growHistory({ directory: place('one'), document, keys, blocks: 60, transactions: (level) => (level % 4 === 0 ? raws.slice(level / 4 - 1, level / 4) : []) });
  await exportChain({ directory: place('one'), file: place('whole') });
});

afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

test('an import again changes nothing, and an export into a file that was cut off goes on there', async () => {
  expect(await imported('two', 'whole')).toBe(height);
  expect(await imported('two', 'whole')).toBe(height);
  cpSync(place('whole'), place('cut'));
  for (const lost of [1, 300, 3_000]) {
    truncateSync(place('cut'), statSync(place('whole')).size - lost);
    await exportChain({ directory: place('one'), file: place('cut') });
    expect(readFileSync(place('cut')).equals(readFileSync(place('whole')))).toBe(true);
  }
});

test.each([
  ['EXPORT_TRUNCATED', 'was cut off inside a record', (file: string) => { truncateSync(file, statSync(file).size - 100); }],
  ['EXPORT_TRUNCATED', 'was cut off between records', (file: string) => { truncateSync(file, endOfPages(file)); }],
  ['EXPORT_DAMAGED', 'has a byte that has turned', (file: string) => { turn(file, 3_000); }],
  ['EXPORT_NOT_A_CHAIN', 'has another first line', (file: string) => { turn(file, 3); }],
  ['EXPORT_OF_ANOTHER_CHAIN', 'names another genesis', (file: string) => { writeFileSync(file, readFileSync(file).toString('latin1').replace(/"genesisHash":"0x../, '"genesisHash":"0x00'), 'latin1'); }],
])('%s: a file that %s is refused', async (code, what, spoil) => {
  const file = place(`spoilt ${what}`);
  cpSync(place('whole'), file);
  spoil(file);
  await expect(imported(`into ${what}`, `spoilt ${what}`)).rejects.toMatchObject({ code });
});

test.each<readonly [string, string, (page: HistoryPage) => HistoryPage, (end: ChainFileEnd) => ChainFileEnd]>([
  ['HISTORY_BLOCK_INVALID', 'a signature', (page) => blocksChanged(page, (blocks) => blocks.map((bytes, index) => (index === 9 ? Buffer.concat([bytes.subarray(0, -20), Buffer.alloc(20, 1)]) : bytes))), same],
  ['HISTORY_OUT_OF_ORDER', 'the order', (page) => blocksChanged(page, (blocks) => [...blocks.slice(0, 9), ...blocks.slice(10, 11), ...blocks.slice(9, 10), ...blocks.slice(11)]), same],
  ['HISTORY_INCOMPLETE', 'the transactions', (page) => ({ ...page, items: page.items.filter(({ kind }) => kind === 'block') }), same],
  ['HISTORY_SUMMARY_DIFFERS', 'the outcome', same, (end) => ({ ...end, summary: `0x${'77'.repeat(32)}` })],
])('%s: a file whose checksums hold, and in which somebody has changed %s, is refused', async (code, what, page, end) => {
  rewritten(place('whole'), place(`forged ${what}`), page, end);
  await expect(imported(`forged into ${what}`, `forged ${what}`)).rejects.toMatchObject({ code });
});

function same<T>(value: T): T {
  return value;
}

function turn(file: string, at: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.of((readFileSync(file)[at] ?? 0) ^ 1), 0, 1, at);
  closeSync(handle);
}

function endOfPages(file: string): number {
  const reader = new ChainFileReader(file);
  let at = reader.at;
  while (reader.next()?.kind === 'page') at = reader.at;
  reader.close();
  return at;
}

function rewritten(from: string, to: string, page: (page: HistoryPage) => HistoryPage, end: (end: ChainFileEnd) => ChainFileEnd): void {
  const reader = new ChainFileReader(from);
  const writer = new ChainFileWriter(to, { version: 1, chainId: parameters.chainId, genesisHash: genesisBlock(document).hash });
  let unstable: HistoryPage = { from: 0, next: 0, items: [] };
  for (let record = reader.next(); record !== null; record = reader.next()) {
    if (record.kind === 'page') writer.page(page(record.page()));
    else if (record.kind === 'unstable') unstable = record.page();
    else writer.finish(unstable, end(record.end));
  }
  writer.close();
  reader.close();
}

function blocksChanged(page: HistoryPage, change: (blocks: readonly Buffer[]) => readonly Buffer[]): HistoryPage {
  const changed = change(page.items.flatMap(({ kind, bytes }) => (kind === 'block' ? [bytes] : [])));
  let next = 0;
  return { ...page, items: page.items.map((item) => (item.kind === 'block' ? { kind: 'block', bytes: changed[next++] ?? item.bytes } : item)) };
}
