// Section 4 under load: witnesses and candidates in one process, sets that change from epoch to epoch, joining and leaving.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract, JsonRpcProvider, Wallet, parseEther } from 'ethers';
import { contractAbis, localParameters as platformParameters } from '@oort/schema';
import type { Json } from '@oort/kernel-wire';
import { localParameters } from '@oort/ledger-chain';
import { NotProven, verifyReceipt } from '@oort/ledger-verifier';
import type { ReceiptProof } from '@oort/ledger-verifier';
import { developmentWallet } from './development-accounts';
import { localGenesis } from './local-genesis';
import { openNode } from './node';
import type { OlympusNode } from './node';

const directory = mkdtempSync(join(tmpdir(), 'olympus-'));
const keys = Array.from({ length: 7 }, (_, seat) => new Wallet(`0x${String(seat + 1).repeat(64)}`));
const addresses = keys.map((key) => key.address.toLowerCase());
const epochLength = 10;
let node: OlympusNode;
let provider: JsonRpcProvider;

async function start(): Promise<void> {
  const platform = developmentWallet(8);
  const genesis = localGenesis(platform.address, { ...platformParameters, poolLockSeconds: 0 });
  const funds = Object.fromEntries(addresses.slice(4).map((address) => [address, parseEther('100').toString()]));
  node = await openNode({
    directory, parameters: localParameters({ epochLength }), pace: { gapMs: 1, turnPauseMs: 150 },
    genesis: { ...genesis, allocations: { ...genesis.allocations, ...funds } },
  });
  const { url } = await node.listen({ port: 0 });
  provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, polling: true, pollingInterval: 10, cacheTimeout: -1 });
}

async function stop(): Promise<void> {
  provider.destroy();
  await node.close();
}

beforeAll(async () => {
  writeFileSync(join(directory, 'witness-keys.json'), JSON.stringify(keys.map((key) => key.privateKey)));
  await start();
});
afterAll(async () => {
  await stop();
  rmSync(directory, { recursive: true, force: true });
});

const epochNow = async (): Promise<number> => Number(((await node.request('status', [])) as { readonly epoch: number }).epoch);
const setOf = async (epoch: number): Promise<string[]> => (await node.request('witness_list', [epoch])) as string[];

/** Transfers, each waited for, until the chain is in this epoch. */
async function loadUntil(epoch: number): Promise<void> {
  const wallet = developmentWallet(1).connect(provider);
  while ((await epochNow()) < epoch) {
    const nonce = await wallet.getNonce();
    await ran(wallet.sendTransaction({ to: addresses[0]!, value: 1n, nonce, gasLimit: 21_000n, gasPrice: 2_000_000_000n, type: 0 }));
  }
}

async function pools(seat: number): Promise<Contract> {
  const { StakingPools } = (await node.request('olympus_contracts', [])) as { readonly StakingPools: string };
  return new Contract(StakingPools, contractAbis.StakingPools, keys[seat]!.connect(provider));
}

async function ran(sent: Promise<{ readonly hash: string }>): Promise<void> {
  const { hash } = await sent;
  for (;;) {
    const receipt = await node.request('eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return expect(receipt).toMatchObject({ status: '0x1' });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('candidates that fill a pool are drawn, serve, are paid, and leave again', async () => {
  expect(await setOf(0)).toEqual(addresses.slice(0, 4));
  for (const seat of [4, 5, 6]) await ran((await pools(seat)).getFunction('createPool')(500, { value: parseEther('25') }));
  const joined = await epochNow();
  await loadUntil(joined + 6);

  const sets = await Promise.all(Array.from({ length: joined + 7 }, (_, epoch) => setOf(epoch)));
  for (const set of sets) expect(new Set(set).size).toBe(4);
  expect(sets[1]).toEqual(sets[0]);
  const served = new Set(sets.flat());
  expect([...served].filter((address) => addresses.slice(4).includes(address)).length).toBeGreaterThan(0);
  expect(new Set(sets.map((set) => [...set].sort().join())).size).toBeGreaterThan(1);

  // Each elected set is what the receipts of its approves say: the four largest draws.
  const closed = joined + 3;
  const approves = (await node.request('epoch_approves', [closed])) as { from: string; output: string; approve: string }[];
  if (approves.length >= 4) {
    const largest = [...approves].sort((a, b) => (a.output > b.output ? -1 : 1)).slice(0, 4).map(({ from }) => from);
    expect(await setOf(closed + 2)).toEqual(largest);
    expect(await node.request('approve_receipt', [approves[0]!.approve])).toMatchObject({ status: 1, epoch: closed, from: approves[0]!.from });
  }

  const work = (await node.request('epoch_work_transaction', [closed])) as { shares: { witness: string; points: number; wei: string }[] };
  const paid = work.shares.reduce((sum, { wei }) => sum + BigInt(wei), 0n);
  expect(paid <= parseEther('200') && paid > parseEther('199.9')).toBe(true);
  const [first] = work.shares;
  expect(await provider.getBalance(first!.witness)).toBeGreaterThan(0n);
  // Ten MCIs, each with one block of the trunk.
  expect(work.shares.reduce((sum, { points }) => sum + points, 0)).toBeGreaterThanOrEqual(3 * epochLength);
});

const json = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;

/** Sends a transfer and waits until its receipt can be proven. */
async function provable(): Promise<{ readonly transaction: string; readonly proof: ReceiptProof }> {
  const wallet = developmentWallet(2).connect(provider);
  const nonce = await wallet.getNonce();
  const sent = await wallet.sendTransaction({ to: addresses[0]!, value: 1n, nonce, gasLimit: 21_000n, gasPrice: 2_000_000_000n, type: 0 });
  await ran(Promise.resolve(sent));
  for (;;) {
    const proof = (await node.request('olympus_receiptProof', [sent.hash])) as unknown as ReceiptProof | null;
    if (proof !== null) return { transaction: sent.hash, proof };
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a receipt that elected candidates vouch for is proven from the genesis hash, through the sets elected before', async () => {
  const genesis = await node.request('olympus_genesis', []);
  // Until somebody signs who is not of the genesis set.
  for (;;) {
    const { transaction, proof } = await provable();
    const claim = { genesisHash: node.genesisHash, transaction, genesis };
    const { signers } = verifyReceipt({ ...claim, proof: json(proof) });
    if (signers.every((signer) => addresses.indexOf(signer) < 4)) continue;
    const refused = (sets: readonly unknown[]): void =>
      expect(() => verifyReceipt({ ...claim, proof: json({ ...proof, sets }) })).toThrow(NotProven);
    refused([]);
    // A receipt without the chain's own log elects nobody.
    refused([{ ...proof, sets: [] }, ...proof.sets]);
    // One bit of the elected set, and the root does not hold it.
    const [first, ...later] = proof.sets;
    const last = first!.receiptProof.at(-1)!;
    const flipped = `${last.slice(0, -1)}${last.endsWith('0') ? '1' : '0'}`;
    refused([{ ...first, receiptProof: [...first!.receiptProof.slice(0, -1), flipped] }, ...later]);
    return;
  }
});

test('who leaves the stake list draws no more, and the chain goes on over a restart', async () => {
  await ran((await pools(4)).getFunction('requestExit')(addresses[4]!, parseEther('25')));
  const left = await epochNow();
  await stop();
  await start();
  await loadUntil(left + 3);
  for (const epoch of [left + 3, left + 4]) expect(await setOf(epoch)).not.toContain(addresses[4]);
  expect(await node.request('status', [])).toMatchObject({ halted: null });
});
