// Rules 7 to 11 on a real store: what runs, once, and what the summary commits to.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet, keccak256 } from 'ethers';
import {
  encodeApproveReceipt, encodeReceipt, genesisBlock, localParameters, summaryHash, witnessSetLog, zeroHash,
} from '@oort/ledger-chain';
import type { Block, GenesisDocument, Hash } from '@oort/ledger-chain';
import type { Entry, StableBatch } from '@oort/ledger-dag';
import { unsigned, witnessAddress } from '@oort/ledger-dag/world';
import { drawTicket } from '@oort/ledger-election';
import { logsBloom } from './bloom';
import { Executor, FinalOrderDisputed } from './executor';
import { applyGenesis } from './genesis-state';
import { StateReading } from './reader';
import { receiptsRoot } from './receipts-root';
import { openChainStore } from './store';
import type { ChainStore } from './store';

const rich = new Wallet(`0x${'11'.repeat(32)}`);
const poor = new Wallet(`0x${'22'.repeat(32)}`);
const staker = new Wallet(`0x${'33'.repeat(32)}`);
const parameters = localParameters();
const document: GenesisDocument = {
  parameters, witnesses: [...[0, 1, 2].map(witnessAddress), staker.address.toLowerCase()], allocations: { [rich.address.toLowerCase()]: (10n ** 18n).toString() },
  deployments: [],
};
const genesis = genesisBlock(document);

let directory: string;
let store: ChainStore;
let executor: Executor;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'olympus-'));
  store = openChainStore(directory);
  await applyGenesis(store, document, new Map());
  executor = await Executor.open(store, parameters, () => undefined);
});

afterEach(async () => {
  await store.root.close();
  rmSync(directory, { recursive: true, force: true });
});

async function transfer(from: Wallet, nonce: number, value = 1n): Promise<Hash> {
  const raw = await from.signTransaction({
    to: poor.address, nonce, value, gasLimit: 21_000n, gasPrice: 1_000_000_000n, type: 0, chainId: parameters.chainId,
  });
  const hash = keccak256(raw);
  await store.pool.put(hash, raw);
  return hash;
}

function entry(seat: number, parents: readonly Entry[], links: readonly Hash[], previous: Hash = zeroHash, timestamp = 0): Entry {
  const block: Block = unsigned({
    from: witnessAddress(seat), previous, parents: parents.map(({ hash }) => hash), links, approves: [], lastSummary: zeroHash,
    lastSummaryBlock: genesis.hash, lastStableBlock: genesis.hash, timestamp: parameters.genesisTimestamp + timestamp,
  });
  const level = Math.max(...parents.map((parent) => parent.level)) + 1;
  return { hash: block.hash, block, level, witnessedLevel: 0, bestParent: parents[0]?.hash ?? null };
}

const root: Entry = { hash: genesis.hash, block: genesis, level: 0, witnessedLevel: 0, bestParent: null };

async function settle(mci: number, firstIndex: number, blocks: readonly Entry[]): Promise<StableBatch> {
  for (const { hash } of blocks) await store.blocks.put(hash, Buffer.alloc(0));
  const trunk = blocks.at(-1)!;
  const batch = { mci, trunk: trunk.hash, timestamp: trunk.block.timestamp, firstIndex, blocks };
  executor.submit(batch);
  await executor.settled();
  return batch;
}

test('rule 7: a transaction that two blocks link runs once, in the first of the order; both commit to its receipt', async () => {
  const link = await transfer(rich, 0);
  const [a, b] = [entry(0, [root], [link]), entry(1, [root], [link])];
  const trunk = entry(2, [a, b], []);
  await settle(2, 1, [a, b, trunk]);
  const [first, second] = [a, b].map(({ hash }) => executor.chain.record(hash)!);
  expect([first!.transactions, second!.transactions]).toEqual([[link], []]);
  expect(second!.receiptsRoot).toBe(first!.receiptsRoot);
  const receipt = executor.chain.receipt(link)!;
  expect(first!.receiptsRoot).toBe(receiptsRoot([encodeReceipt({ ...receipt, gasUsed: BigInt(receipt.gasUsed) })]));
  expect([receipt.block, receipt.index, receipt.status]).toEqual([a.hash, 1, 1]);
  expect(new StateReading(store, parameters, () => 0).account(rich.address.toLowerCase()).nonce).toBe(1);
});

test('rule 8: no money and a wrong nonce give status 0 and gas 0, and change nothing', async () => {
  const links = [await transfer(poor, 0), await transfer(rich, 7)];
  const a = entry(0, [root], links);
  await settle(1, 1, [a]);
  expect(links.map((link) => executor.chain.receipt(link)).map((each) => [each?.status, each?.gasUsed])).toEqual([[0, '0x0'], [0, '0x0']]);
  const state = new StateReading(store, parameters, () => 0);
  expect([rich, poor].map(({ address }) => state.account(address.toLowerCase()).nonce)).toEqual([0, 0]);
});

test('rule 9: the second block with a root has status 1, its author\'s next too; their links run all the same', async () => {
  const link = await transfer(rich, 0);
  const honest = entry(0, [root], []);
  const twin = entry(0, [root], [link], zeroHash, 1);
  const next = entry(0, [twin], [], twin.hash, 1);
  const trunk = entry(1, [next, honest], [], zeroHash, 1);
  await settle(3, 1, [honest, twin, next, trunk]);
  expect([honest, twin, next, trunk].map(({ hash }) => executor.chain.record(hash)?.status)).toEqual([0, 1, 1, 0]);
  expect(executor.chain.receipt(link)?.status).toBe(1);
});

test('rule 11: the summary hashes block, neighbours, receipts, order and time', async () => {
  const a = entry(0, [root], [await transfer(rich, 0)]);
  const b = entry(0, [a], [], a.hash, 5);
  await settle(1, 1, [a]);
  await settle(2, 2, [b]);
  const [of, below] = [executor.chain.record(b.hash)!, executor.chain.record(a.hash)!];
  expect(of.summary).toBe(summaryHash({
    blockHash: b.hash, previousSummary: below.summary, parentSummaries: [below.summary], receiptsRoot: of.receiptsRoot,
    skipSummaries: [], status: 0, stableIndex: 2, timestamp: parameters.genesisTimestamp + 5,
  }));
});

test('an MCI handed in again runs no second time, and another order for it stops the node', async () => {
  const a = entry(0, [root], [await transfer(rich, 0)]);
  const batch = await settle(1, 1, [a]);
  executor.submit(batch);
  await executor.settled();
  expect(executor.chain.point()).toEqual({ mci: 1, hash: a.hash, nextIndex: 2 });
  expect(() => executor.submit({ ...batch, blocks: [entry(3, [root], [])] })).toThrow(FinalOrderDisputed);
});

test('fees go to nobody: what the sender lacks is value and gas, and no witness gains', async () => {
  await settle(1, 1, [entry(0, [root], [await transfer(rich, 0, 7n)])]);
  const state = new StateReading(store, parameters, () => 0);
  const balances = [rich.address, poor.address, witnessAddress(0)].map((address) => state.account(address.toLowerCase()).balance);
  expect(balances).toEqual([10n ** 18n - 7n - 21_000n * 1_000_000_000n, 7n, 0n]);
});

test('rules 11 and section 4: an epoch\'s first trunk block links the skip list and names the set elected, and its work is paid', async () => {
  let [at, previous] = [root, zeroHash];
  for (let mci = 1; mci <= 100; mci += 1) {
    at = entry(0, [at], [], previous, mci);
    previous = at.hash;
    await settle(mci, mci, [at]);
  }
  const { chain } = executor;
  const summaryAt = (mci: number): string => chain.record(chain.trunkAt(mci)!)!.summary;
  expect(chain.record(chain.trunkAt(9)!)!.skipSummaries).toEqual([]);
  expect(chain.record(chain.trunkAt(10)!)!.skipSummaries).toEqual([summaryAt(0)]);
  expect(chain.record(at.hash)!.skipSummaries).toEqual([summaryAt(0), summaryAt(90)].sort());
  // Nobody sent an approve: fewer than W, so the old set serves epoch 2 as well.
  expect([0, 1, 2, 3].map((epoch) => chain.witnesses(epoch))).toEqual([document.witnesses, document.witnesses, document.witnesses, undefined]);
  const receipt = encodeReceipt({
    status: 1, gasUsed: 0n, bloom: logsBloom([witnessSetLog(2, document.witnesses)]), logs: [witnessSetLog(2, document.witnesses)],
  });
  expect(chain.record(at.hash)!.receiptsRoot).toBe(receiptsRoot([receipt]));
  expect(chain.work(0)).toEqual([{ witness: witnessAddress(0), points: 300, wei: 200n * 10n ** 18n }]);
  expect(new StateReading(store, parameters, () => 0).account(witnessAddress(0)).balance).toBe(200n * 10n ** 18n);
});

test('section 4: an approve counts once, from the stake list, in its own epoch, with a proof that holds', async () => {
  const chainId = parameters.chainId;
  const draw = (key: string, epoch: number, anchor = genesis.hash): string => drawTicket(key, { epoch, anchor, chainId });
  const good = draw(staker.privateKey, 0);
  const approves: [string, 0 | 1][] = [
    [draw(rich.privateKey, 0), 0],
    [draw(staker.privateKey, 1), 0],
    [draw(staker.privateKey, 0, zeroHash), 0],
    [good, 1],
  ];
  for (const [raw] of approves) await store.approves.put(keccak256(raw), raw);
  const listed = approves.map(([raw]) => keccak256(raw));
  const a = entry(0, [root], []);
  const block = { ...a, block: { ...a.block, approves: listed } };
  await settle(1, 1, [block]);
  expect(listed.map((hash) => executor.chain.approveReceipt(hash)!.status)).toEqual(approves.map(([, status]) => status));
  expect(executor.chain.epochApproves(0).map(({ from, approve }) => [from, approve])).toEqual([[staker.address.toLowerCase(), keccak256(good)]]);
  expect(executor.chain.record(a.hash)!.receiptsRoot)
    .toBe(receiptsRoot(listed.map((hash) => encodeApproveReceipt(executor.chain.approveReceipt(hash)!))));
  // Listed again by another block: the same receipt, and no second count.
  const b = entry(1, [block], [], zeroHash, 1);
  await settle(2, 2, [{ ...b, block: { ...b.block, approves: [keccak256(good)] } }]);
  expect(executor.chain.epochApproves(0)).toHaveLength(1);
});

test('section 4: a witness that forked in an epoch is paid nothing for it', async () => {
  let at = root;
  const previous = [zeroHash, zeroHash];
  const twin = entry(0, [root], [], zeroHash, 1);
  for (let mci = 1; mci <= 100; mci += 1) {
    const seat = mci % 2;
    at = entry(seat, [at], [], previous[seat], mci + 1);
    previous[seat] = at.hash;
    await settle(mci, mci === 1 ? 1 : mci + 1, mci === 1 ? [twin, at] : [at]);
  }
  expect(executor.chain.work(0)!.map(({ witness }) => witness)).toEqual([witnessAddress(1)]);
});
