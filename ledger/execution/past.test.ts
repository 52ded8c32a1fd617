// What stood at every block is what can be read of it later, within the window that is kept.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet, getCreateAddress, keccak256 } from 'ethers';
import { encodeBlock, genesisBlock, localParameters, zeroHash } from '@oort/ledger-chain';
import type { Block, GenesisDocument, Hash } from '@oort/ledger-chain';
import type { Entry } from '@oort/ledger-dag';
import { unsigned, witnessAddress } from '@oort/ledger-dag/world';
import { Executor } from './executor';
import { applyGenesis } from './genesis-state';
import { StateReading } from './reader';
import { openChainStore } from './store';
import type { ChainStore } from './store';

const rich = new Wallet(`0x${'11'.repeat(32)}`);
const address = rich.address.toLowerCase();
const parameters = localParameters();
const document: GenesisDocument = {
  parameters, witnesses: [0, 1, 2, 3].map(witnessAddress), allocations: { [address]: (10n ** 20n).toString() }, deployments: [],
};
const genesis = genesisBlock(document);
const keeper = getCreateAddress({ from: address, nonce: 0 }).toLowerCase();
/** Keeps the second word of its input at the slot that the first names; without input it answers its slot 0. */
const code = '36600f5760005460005260206000f35b6020356000355500';
const word = (value: number): string => value.toString(16).padStart(64, '0');

let directory: string;
let store: ChainStore;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'olympus-past-'));
  store = openChainStore(directory);
  await applyGenesis(store, document, new Map());
});

afterEach(async () => {
  await store.root.close();
  rmSync(directory, { recursive: true, force: true });
});

async function link(nonce: number, to: string | null, data: string): Promise<Hash> {
  const raw = await rich.signTransaction({
    to, nonce, data, gasLimit: 200_000n, gasPrice: 1_000_000_000n, type: 0, chainId: parameters.chainId,
  });
  await store.pool.put(keccak256(raw), raw);
  return keccak256(raw);
}

function entry(seat: number, parent: Entry, links: readonly Hash[]): Entry {
  const block: Block = unsigned({
    from: witnessAddress(seat), previous: zeroHash, parents: [parent.hash], links, approves: [], lastSummary: zeroHash,
    lastSummaryBlock: genesis.hash, lastStableBlock: genesis.hash, timestamp: parameters.genesisTimestamp + parent.level,
  });
  return { hash: block.hash, block, level: parent.level + 1, witnessedLevel: 0, bestParent: parent.hash };
}

interface Seen { readonly balance: bigint; readonly nonce: number; readonly slots: readonly Hash[] }

/** Two blocks an MCI; each writes slot 0 and one more, or empties it again. Answers what the last block of each MCI left. */
async function run(executor: Executor, mcis: number): Promise<Map<number, Seen>> {
  const reading = new StateReading(store, parameters, () => 0);
  const seen = new Map<number, Seen>();
  let parent: Entry = { hash: genesis.hash, block: genesis, level: 0, witnessedLevel: 0, bestParent: null };
  let [nonce, index] = [0, 1];
  for (let mci = 1; mci <= mcis; mci += 1) {
    const blocks: Entry[] = [];
    for (let each = 0; each < 2; each += 1) {
      const links = nonce === 0
        ? [await link(nonce, null, deployment())]
        : [await link(nonce, keeper, `0x${word(0)}${word(nonce)}`), await link(nonce + 1, keeper, `0x${word((nonce % 3) + 1)}${word(mci % 2 * nonce)}`)];
      nonce += links.length;
      parent = entry(parent.level % 4, parent, links);
      blocks.push(parent);
      const wire = encodeBlock({ ...parent.block, signature: `0x${'00'.repeat(65)}` });
      await store.blocks.put(parent.hash, Buffer.from(wire.slice(2), 'hex'));
    }
    executor.submit({ mci, trunk: parent.hash, timestamp: parent.block.timestamp, firstIndex: index, blocks });
    await executor.settled();
    index += 2;
    const { balance, nonce: ran } = reading.account(address);
    seen.set(index - 1, { balance, nonce: ran, slots: [0, 1, 2, 3].map((slot) => reading.storage(keeper, `0x${word(slot)}`)) });
  }
  return seen;
}

function deployment(): string {
  const length = (code.length / 2).toString(16).padStart(2, '0');
  return `0x60${length}600c60003960${length}6000f3${code}`;
}

function readAt(reading: StateReading, index: number): Seen {
  const { balance, nonce } = reading.account(address, index);
  return { balance, nonce, slots: [0, 1, 2, 3].map((slot) => reading.storage(keeper, `0x${word(slot)}`, index)) };
}

test('every block that was is read back as it was; a block within an MCI has a state of its own', async () => {
  const executor = await Executor.open(store, parameters, () => undefined);
  const seen = await run(executor, 12);
  const reading = new StateReading(store, parameters, () => 0);
  for (const [index, expected] of seen) expect({ index, ...readAt(reading, index) }).toEqual({ index, ...expected });
  expect([reading.account(address, 0), reading.code(keeper, 0)]).toMatchObject([{ nonce: 0, balance: 10n ** 20n }, '0x']);
  expect(reading.code(keeper, 1)).not.toBe('0x');
  expect([2, 3, 4].map((index) => readAt(reading, index).nonce)).toEqual([3, 5, 7]);
  const call = { from: address, to: keeper, data: '0x', value: 0n, gas: null };
  expect(await reading.call(call, 4)).toMatchObject({ kind: 'returned', data: `0x${word(5)}` });
  expect(await reading.call(call)).toMatchObject({ kind: 'returned', data: `0x${word(45)}` });
});

test('what lies behind the window is pruned, and what remains is right', async () => {
  const executor = await Executor.open(store, parameters, () => undefined, { statesKept: 6 });
  const seen = await run(executor, 12);
  const reading = new StateReading(store, parameters, () => 0);
  expect(reading.from()).toBe(18);
  for (const [index, expected] of seen) if (index >= 18) expect(readAt(reading, index)).toEqual(expected);
  expect([...store.pastKeys.getKeys({})]).toEqual([19, 20, 21, 22, 23, 24]);
});

test('a node that keeps none reads the latest only', async () => {
  const executor = await Executor.open(store, parameters, () => undefined, { statesKept: 0 });
  await run(executor, 3);
  expect([new StateReading(store, parameters, () => 0).from(), store.past.getCount()]).toEqual([6, 0]);
});
