// A disk that lies: bytes of the store's own file are changed, the node says what is damaged, and it is mended from peers.
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localParameters } from '@oort/ledger-chain';
import { openChainStore } from '@oort/ledger-execution';
import { checkChain, type Damage } from './check-chain';
import { developmentWallet, localAllocations } from './development-accounts';
import { documentOf } from './genesis-document';
import { growHistory } from './grown-history';
import { openNode, type OlympusNode } from './node';
import { repairChain } from './repair-chain';
import { newWitnessKey } from './witness-keys';

const directory = mkdtempSync(join(tmpdir(), 'oort-damaged-'));
const keys = Array.from({ length: 4 }, () => newWitnessKey());
const parameters = localParameters({ epochLength: 40 });
const document = documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations: localAllocations(), deployments: [] });
const target = `0x${'42'.repeat(20)}`;
let whole: OlympusNode;
let height = 0;

beforeAll(async () => {
  const raws = await Promise.all(Array.from({ length: 30 }, (_, nonce) => developmentWallet(0).signTransaction({
    type: 2, chainId: parameters.chainId, nonce, to: target, value: 1n, gasLimit: 21_000, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n,
  })));
  height = await growHistory({ directory: join(directory, 'whole'), document, keys, blocks: 150, transactions: (level) => (level % 5 === 0 ? raws.slice(level / 5 - 1, level / 5) : []) });
  for (const name of ['block', 'transaction', 'state', 'pages', 'alone']) cpSync(join(directory, 'whole'), join(directory, name), { recursive: true });
  whole = await openNode({ directory: join(directory, 'whole'), document, keys: [], network: { port: 0, peers: [] } });
});

afterAll(async () => {
  await whole.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Turns one byte around wherever these bytes stand in the file. */
function damage(name: string, pattern: Buffer, offset = 0): void {
  const path = join(directory, name, 'chain', 'data.mdb');
  const bytes = readFileSync(path);
  const file = openSync(path, 'r+');
  let found = 0;
  for (let at = bytes.indexOf(pattern); at !== -1; at = bytes.indexOf(pattern, at + 1)) {
    writeSync(file, Buffer.of((bytes[at + offset] ?? 0) ^ 0x55), 0, 1, at + offset);
    found += 1;
  }
  closeSync(file);
  expect(found).toBeGreaterThan(0);
}

async function stored<T>(name: string, read: (store: ReturnType<typeof openChainStore>) => T | Promise<T>): Promise<T> {
  const store = openChainStore(join(directory, name, 'chain'));
  try {
    return await read(store);
  } finally {
    await store.root.close();
  }
}

const damagesOf = (name: string): Promise<readonly Damage[]> => stored(name, async (store) => (await checkChain(store, { signatures: true })).damages);
const repaired = (name: string, peers: readonly string[] = [whole.peerAddress ?? '']): ReturnType<typeof repairChain> => repairChain({ directory: join(directory, name), document, codes: new Map(), peers });

async function isWholeAgain(name: string): Promise<void> {
  expect(await damagesOf(name)).toEqual([]);
  const summaryOf = (store: ReturnType<typeof openChainStore>, index: number): unknown => store.stable.get(store.byIndex.get(index) ?? '');
  const states = await stored(name, (store) => [...store.state.getRange({})].map(({ key, value }) => `${key.toString('hex')} ${value.toString('hex')}`));
  expect(states.length).toBeGreaterThan(5);
  const end = await stored(name, (store) => summaryOf(store, height - 1));
  const node = await openNode({ directory: join(directory, name), document, keys: [], network: { peers: [whole.peerAddress ?? ''] } });
  expect(await node.request('eth_getBalance', [target])).toBe('0x1d');
  expect(await node.request('eth_getBlockByNumber', [`0x${(height - 1).toString(16)}`, false])).toEqual(await whole.request('eth_getBlockByNumber', [`0x${(height - 1).toString(16)}`, false]));
  expect(end).toBeDefined();
  await node.close();
}

test('what nobody has touched is whole, with the signature of every block', async () => {
  expect(await damagesOf('alone')).toEqual([]);
});

test('a block at the end: a start refuses by its name, and the block is fetched by its hash', async () => {
  const { hash, wire } = await stored('block', (store) => {
    const found = store.byIndex.get(height - 3) ?? '';
    return { hash: found, wire: Buffer.from(store.blocks.get(found) ?? Buffer.alloc(0)) };
  });
  damage('block', wire, wire.length - 5);
  await expect(openNode({ directory: join(directory, 'block'), document, keys: [] })).rejects.toMatchObject({ code: 'CHAIN_DATA_DAMAGED', detail: { database: 'blocks', key: hash } });
  expect(await damagesOf('block')).toContainEqual({ database: 'blocks', key: hash, why: 'is damaged' });
  expect(await repaired('block')).toMatchObject({ fetched: 1, setAside: null, damages: [{ database: 'blocks', key: hash }] });
  await isWholeAgain('block');
}, 120_000);

test('a transaction long ago: the node runs, tells who asks, and fetches it by its hash while it runs', async () => {
  const { hash, raw } = await stored('transaction', (store) => {
    const [hash = ''] = store.stable.get(store.byIndex.get(5) ?? '')?.transactions ?? [];
    return { hash, raw: store.transactions.get(hash) ?? '' };
  });
  damage('transaction', Buffer.from(JSON.stringify(raw)), 40);
  const alone = await openNode({ directory: join(directory, 'transaction'), document, keys: [] });
  await expect(alone.request('eth_getTransactionByHash', [hash])).rejects.toMatchObject({ code: 'CHAIN_DATA_DAMAGED', detail: { database: 'transactions', key: hash } });
  await alone.close();
  const lines: string[] = [];
  const node = await openNode({
    directory: join(directory, 'transaction'), document, keys: [], network: { peers: [whole.peerAddress ?? ''] }, log: (_, event) => { lines.push(event); },
  });
  // Whoever asks is told, and sets it right for those after.
  await expect(node.request('eth_getTransactionByHash', [hash])).rejects.toMatchObject({ code: 'CHAIN_DATA_DAMAGED' });
  for (const end = Date.now() + 60_000; !lines.includes('store.mended') && Date.now() < end;) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(lines).toContain('store.damaged');
  expect(await node.request('status')).toMatchObject({ halted: null });
  await node.close();
  await isWholeAgain('transaction');
}, 120_000);

test('an account: nobody else can say what stands there, so every block is run again, and the old store is set aside', async () => {
  const account = await stored('state', (store) => Buffer.from(store.state.get(Buffer.concat([Buffer.from('a'), Buffer.alloc(20, 0x42)])) ?? Buffer.alloc(0)));
  damage('state', account, 3);
  expect(await damagesOf('state')).toContainEqual({ database: 'state', key: `0x61${'42'.repeat(20)}`, why: 'is damaged' });
  const repair = await repaired('state', []);
  expect(repair).toMatchObject({ fetched: 0, setAside: join(directory, 'state', 'chain-damaged') });
  expect(existsSync(join(directory, 'state', 'chain-damaged', 'data.mdb'))).toBe(true);
  await isWholeAgain('state');
}, 120_000);

test('a block, and no peer: what cannot be had is named, and nothing is put in its place', async () => {
  const { wire } = await stored('alone', (store) => ({ wire: Buffer.from(store.blocks.get(store.byIndex.get(20) ?? '') ?? Buffer.alloc(0)) }));
  damage('alone', wire, 60);
  await expect(repaired('alone', [])).rejects.toMatchObject({ code: 'CHAIN_NOT_MENDED' });
  expect(existsSync(join(directory, 'alone', 'chain', 'data.mdb'))).toBe(true);
  // A peer has it, and the attempt before is gone on with.
  await repaired('alone');
  await isWholeAgain('alone');
}, 120_000);

test('the whole store: everything comes from peers', async () => {
  const repair = await repairChain({ directory: join(directory, 'pages'), document, codes: new Map(), peers: [whole.peerAddress ?? ''], readable: false });
  expect(repair).toMatchObject({ setAside: join(directory, 'pages', 'chain-damaged') });
  expect(repair.nextIndex).toBeGreaterThan(height - 20);
  expect(await damagesOf('pages')).toEqual([]);
}, 120_000);
