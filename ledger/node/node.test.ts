// The whole node through the stock client: ethers over HTTP, WebSocket and in process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract, Interface, JsonRpcProvider, Wallet, WebSocketProvider, id, parseEther } from 'ethers';
import { contractAbis, localParameters as platformParameters } from '@oort/schema';
import { artifact } from '@oort/ledger-contracts';
import type { RpcServer } from '@oort/ledger-rpc';
import { developmentWallet } from './development-accounts';
import { localGenesis } from './local-genesis';
import { openNode } from './node';
import type { OlympusNode } from './node';

const directory = mkdtempSync(join(tmpdir(), 'olympus-'));
const platform = developmentWallet(8);
let node: OlympusNode;
let server: RpcServer;
let provider: JsonRpcProvider;

beforeAll(async () => {
  node = await openNode({ directory, genesis: localGenesis(platform.address, platformParameters) });
  server = await node.listen({ port: 0 });
  provider = new JsonRpcProvider(server.url, undefined, { staticNetwork: true, polling: true, pollingInterval: 20, cacheTimeout: -1 });
});

afterAll(async () => {
  provider.destroy();
  await node.close();
  rmSync(directory, { recursive: true, force: true });
});

async function contractAt(name: keyof typeof contractAbis, runner: Wallet | JsonRpcProvider): Promise<Contract> {
  const addresses = (await provider.send('olympus_contracts', [])) as Record<string, string>;
  return new Contract(addresses[name] ?? '', contractAbis[name], runner);
}

describe('money', () => {
  test('a transfer is final, and fees go to nobody', async () => {
    const [from, to] = [developmentWallet(1).connect(provider), Wallet.createRandom().address];
    const before = await provider.getBalance(from.address);
    const sent = await from.sendTransaction({ to, value: parseEther('2') });
    const receipt = await sent.wait();
    expect(receipt?.status).toBe(1);
    expect(await provider.getBalance(to)).toBe(parseEther('2'));
    expect(await provider.getBalance(from.address)).toBe(before - parseEther('2') - receipt!.gasUsed * receipt!.gasPrice);
    const block = await provider.getBlock(receipt!.blockNumber);
    expect(await provider.getBalance(block!.miner)).toBe(0n);
    expect(block!.transactions).toContain(sent.hash);
  });

  test.each([0, 1, 2])('takes transactions of type %i', async (type) => {
    const from = developmentWallet(2).connect(provider);
    const receipt = await (await from.sendTransaction({ type, to: from.address, value: 1n })).wait();
    expect([receipt?.status, receipt?.type]).toEqual([1, type]);
  });

  test('a burst of one account runs in order, each once', async () => {
    const from = developmentWallet(3).connect(provider);
    const to = Wallet.createRandom().address;
    const first = await from.getNonce('pending');
    const sent = await Promise.all(Array.from({ length: 50 }, (_, offset) =>
      from.sendTransaction({ to, value: 1n, nonce: first + offset, gasLimit: 21_000n, gasPrice: 2_000_000_000n, type: 0 })));
    const receipts = await Promise.all(sent.map((each) => each.wait()));
    expect(receipts.map((receipt) => receipt?.status)).toEqual(Array.from({ length: 50 }, () => 1));
    expect(await provider.getBalance(to)).toBe(50n);
    expect(await from.getNonce('pending')).toBe(first + 50);
  });

  test('one that cannot pay when its turn comes gets status 0 and no gas used', async () => {
    const poor = Wallet.createRandom();
    const cost = 21_000n * 2_000_000_000n;
    await (await developmentWallet(4).connect(provider).sendTransaction({ to: poor.address, value: cost + 10n })).wait();
    const [a, b] = await Promise.all([0, 1].map((nonce) => poor.signTransaction({
      to: platform.address, value: 10n, nonce, gasLimit: 21_000n, gasPrice: 2_000_000_000n, type: 0, chainId: 97031,
    })));
    const hashes = await Promise.all([a, b].map((raw) => provider.send('eth_sendRawTransaction', [raw])));
    const receipts = await Promise.all(hashes.map((hash: string) => provider.waitForTransaction(hash)));
    expect(receipts.map((receipt) => [receipt?.status, receipt?.gasUsed])).toEqual([[1, 21_000n], [0, 0n]]);
  });
});

describe('contracts', () => {
  test('the system contracts stand from genesis on and log', async () => {
    const anchors = await contractAt('Anchors', platform.connect(provider) as unknown as Wallet);
    const root = id('root');
    const receipt = await (await anchors['anchor']!(7n, root)).wait();
    expect(await anchors['latest']!()).toEqual([7n, root]);
    const logs = await provider.getLogs({ address: await anchors.getAddress(), fromBlock: 0 });
    expect(logs.map((log) => log.transactionHash)).toContain(receipt.hash);
    const parsed = new Interface(contractAbis.Anchors).parseLog(logs[0]!);
    expect([parsed?.name, parsed?.args[0]]).toEqual(['Anchored', 7n]);
  });

  test('a stranger may not anchor: the estimate carries the revert', async () => {
    const anchors = await contractAt('Anchors', developmentWallet(5).connect(provider) as unknown as Wallet);
    await expect(anchors['anchor']!(8n, id('root'))).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
  });

  test('anybody may deploy one', async () => {
    const from = developmentWallet(6).connect(provider);
    const compiled = artifact().contracts['DefiPool']!;
    const receipt = await (await from.sendTransaction({ data: compiled.initCode })).wait();
    expect(receipt?.status).toBe(1);
    expect((await provider.getCode(receipt!.contractAddress!)).length).toBeGreaterThan(100);
  });
});

describe('the door', () => {
  test('refuses with the codes and words that clients know', async () => {
    const from = developmentWallet(7).connect(provider);
    await (await from.sendTransaction({ to: from.address })).wait();
    await expect(from.sendTransaction({ to: from.address, nonce: 0, value: 1n })).rejects.toMatchObject({ code: 'NONCE_EXPIRED' });
    const poor = Wallet.createRandom().connect(provider);
    await expect(poor.sendTransaction({ to: from.address, value: 1n })).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    await expect(provider.send('eth_nothing', [])).rejects.toMatchObject({ info: { error: { code: -32601 } } });
    await expect(provider.send('eth_getBalance', ['0x12'])).rejects.toMatchObject({ error: { code: -32602 } });
    await expect(provider.send('eth_sendRawTransaction', ['0x1234'])).rejects.toMatchObject({ error: { code: -32000 } });
    // EIP-3860: the EVM would not even read it, so it must not get as far as a block.
    const long = await from.signTransaction({ data: `0x${'00'.repeat(49_153)}`, nonce: 1, gasLimit: 9_000_000n, gasPrice: 1_000_000_000n, chainId: 97031 });
    await expect(node.request('eth_sendRawTransaction', [long])).rejects.toMatchObject({ code: 'TRANSACTION_MALFORMED' });
  });

  test('answers batches, and says what is no JSON', async () => {
    const post = async (body: string): Promise<unknown> => (await fetch(server.url, { method: 'POST', body })).json();
    expect(await post('[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","id":2,"method":"net_version","params":[]},3]'))
      .toEqual([
        { jsonrpc: '2.0', id: 1, result: '0x17b07' },
        { jsonrpc: '2.0', id: 2, result: '97031' },
        { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'invalid request' } },
      ]);
    expect(await post('{')).toMatchObject({ error: { code: -32700 } });
  });

  test('the same bytes twice are one transaction', async () => {
    const from = developmentWallet(7).connect(provider);
    const raw = await from.signTransaction(await from.populateTransaction({ to: from.address }));
    const hashes = await Promise.all([1, 2, 3].map(() => node.request('eth_sendRawTransaction', [raw])));
    expect(new Set(hashes).size).toBe(1);
    await provider.waitForTransaction(hashes[0] as string);
    expect(await node.request('eth_sendRawTransaction', [raw])).toBe(hashes[0]);
  });

  test('pushes new heads and logs over WebSocket', async () => {
    const socket = new WebSocketProvider(server.url.replace('http', 'ws'));
    const anchors = await contractAt('Anchors', platform.connect(provider) as unknown as Wallet);
    const head = new Promise((resolve) => void socket.once('block', resolve));
    const log = new Promise((resolve) => void socket.once({ address: anchors.target as string }, resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const sent = await anchors['anchor']!(9n, id('another'));
    expect(typeof (await head)).toBe('number');
    expect(await log).toMatchObject({ transactionHash: sent.hash });
    await socket.destroy();
  });
});

test('a socket has so many subscriptions and no more, and one that is given up makes room', async () => {
  const socket = new WebSocketProvider(server.url.replace('http', 'ws'));
  const subscribe = (): Promise<string> => socket.send('eth_subscribe', ['newPendingTransactions']) as Promise<string>;
  const ids = await Promise.all(Array.from({ length: 1000 }, subscribe));
  expect(new Set(ids).size).toBe(1000);
  await expect(subscribe()).rejects.toMatchObject({ error: { code: -32000, message: 'too many subscriptions' } });
  expect(await socket.send('eth_unsubscribe', [ids[0]])).toBe(true);
  expect(await subscribe()).toMatch(/^0x/);
  await socket.destroy();
});

test('a silent chain writes once more for those who poll, and then nothing', async () => {
  const own = mkdtempSync(join(tmpdir(), 'oort-echo-'));
  const silent = await openNode({ directory: own, echoesMs: [500] });
  const door = await silent.listen({ port: 0 });
  const height = async (): Promise<number> => Number(await silent.request('eth_blockNumber', []));
  // Looks so seldom that the transaction is final, and the chain silent, long before the first look.
  const seldom = new JsonRpcProvider(door.url, undefined, { staticNetwork: true, pollingInterval: 300, cacheTimeout: -1 });
  try {
    const { hash } = await developmentWallet(1).connect(seldom).sendTransaction({ to: platform.address, value: 1n });
    expect((await seldom.waitForTransaction(hash))?.status).toBe(1);
    for (let before = -1; before !== await height();) {
      before = await height();
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    expect(await silent.request('status', [])).toMatchObject({ halted: null, pending_transactions: 0 });
  } finally {
    seldom.destroy();
    await silent.close();
    rmSync(own, { recursive: true, force: true });
  }
});
