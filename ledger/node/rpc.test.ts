// The door's answers, method by method, on a chain with two anchors and a transfer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interface, id, zeroPadValue, toBeHex } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { decodeBlock, encodeSummary, summaryHash } from '@oort/ledger-chain';
import { contractAbis, localParameters } from '@oort/schema';
import { developmentWallet } from './development-accounts';
import { localGenesis } from './local-genesis';
import { openNode } from './node';
import type { OlympusNode } from './node';

type Fields = { readonly [key: string]: Json };

const directory = mkdtempSync(join(tmpdir(), 'olympus-'));
const platform = developmentWallet(8);
const anchors = new Interface(contractAbis.Anchors);
const anchored = id('Anchored(uint64,bytes32)');
let node: OlympusNode;
let at: string;
let receipts: Fields[];

const ask = async (method: string, ...params: Json[]): Promise<Fields> => (await node.request(method, params)) as Fields;
const list = async (method: string, ...params: Json[]): Promise<readonly Fields[]> =>
  (await node.request(method, params)) as unknown as readonly Fields[];

async function send(data: string, nonce: number): Promise<Fields> {
  const raw = await platform.signTransaction({ to: at, data, nonce, gasLimit: 200_000n, gasPrice: 1_000_000_000n, type: 0, chainId: 97031 });
  const hash = await node.request('eth_sendRawTransaction', [raw]);
  for (;;) {
    const receipt = await node.request('eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return receipt as Fields;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

beforeAll(async () => {
  node = await openNode({ directory, genesis: localGenesis(platform.address, localParameters) });
  at = String((await ask('olympus_contracts'))['Anchors']);
  receipts = [];
  for (const nonce of [0, 1]) receipts.push(await send(anchors.encodeFunctionData('anchor', [nonce + 1, id(`root ${nonce}`)]), nonce));
});

afterAll(async () => {
  await node.close();
  rmSync(directory, { recursive: true, force: true });
});

test('eth_getLogs filters by block, address and topics, alternatives included', async () => {
  const size = (value: number): string => zeroPadValue(toBeHex(value), 32);
  const count = async (filter: Json): Promise<number> => (await list('eth_getLogs', filter)).length;
  const all = { fromBlock: 'earliest', toBlock: 'latest' };
  expect(await count({ ...all, address: at })).toBe(2);
  expect(await count({ ...all, address: [at, platform.address], topics: [anchored] })).toBe(2);
  expect(await count({ ...all, topics: [null, size(2)] })).toBe(1);
  expect(await count({ ...all, topics: [[anchored, id('other')], [size(1), size(2)]] })).toBe(2);
  expect(await count({ ...all, topics: [anchored, null, size(1)] })).toBe(0);
  expect(await count({ ...all, address: platform.address })).toBe(0);
  expect(await count({ blockHash: receipts[1]!['blockHash']! })).toBe(1);
  expect(await count({ fromBlock: receipts[0]!['blockNumber']!, toBlock: receipts[0]!['blockNumber']! })).toBe(1);
});

test('polling filters give each log once', async () => {
  const filter = await node.request('eth_newFilter', [{ address: at }]);
  const blocks = await node.request('eth_newBlockFilter', []);
  expect(await list('eth_getFilterChanges', filter)).toEqual([]);
  const receipt = await send(anchors.encodeFunctionData('anchor', [3, id('root 2')]), 2);
  expect((await list('eth_getFilterChanges', filter)).map((log) => log['transactionHash'])).toEqual([receipt['transactionHash']]);
  expect(await list('eth_getFilterChanges', filter)).toEqual([]);
  expect(await list('eth_getFilterChanges', blocks)).toContain(receipt['blockHash']);
  expect(await node.request('eth_uninstallFilter', [filter])).toBe(true);
  await expect(node.request('eth_getFilterChanges', [filter])).rejects.toMatchObject({ code: 'FILTER_UNKNOWN', rpcCode: -32000 });
});

test('blocks by number and by hash are one line without gaps', async () => {
  const latest = Number(await node.request('eth_blockNumber'));
  let parent = `0x${'00'.repeat(32)}`;
  for (let number = 0; number <= latest; number += 1) {
    const block = await ask('eth_getBlockByNumber', `0x${number.toString(16)}`, false);
    expect([block['number'], block['parentHash']]).toEqual([`0x${number.toString(16)}`, parent]);
    expect(await ask('eth_getBlockByHash', block['hash']!, false)).toEqual(block);
    parent = String(block['hash']);
  }
  expect(await node.request('eth_getBlockByNumber', [`0x${(latest + 1).toString(16)}`, false])).toBeNull();
  const full = await ask('eth_getBlockByHash', receipts[0]!['blockHash']!, true);
  expect((full['transactions'] as unknown as Fields[]).map((each) => [each['hash'], each['blockNumber']]))
    .toEqual([[receipts[0]!['transactionHash'], receipts[0]!['blockNumber']]]);
});

test('state is read at the present, also pinned to it, and in the past; the future is refused', async () => {
  const data = anchors.encodeFunctionData('latest', []);
  const call = { to: at, data };
  const present = await node.request('eth_call', [call, 'latest']);
  const block = (await ask('eth_getBlockByNumber', 'latest', false))['hash']!;
  expect(await node.request('eth_call', [call, { blockHash: block }])).toBe(present);
  expect(await node.request('eth_call', [call, 'earliest'])).toMatch(/^0x0*$/);
  expect(await node.request('eth_getTransactionCount', [developmentWallet(0).address, 'earliest'])).toBe('0x0');
  await expect(node.request('eth_call', [call, '0xffff'])).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' });
  expect(await node.request('eth_getStorageAt', [at, '0x0', 'latest'])).toMatch(/^0x[0-9a-f]{64}$/);
});

test('a revert carries its bytes with code 3', async () => {
  const data = anchors.encodeFunctionData('anchor', [1, id('no growth')]);
  await expect(node.request('eth_call', [{ from: platform.address, to: at, data }]))
    .rejects.toMatchObject({ rpcCode: 3, data: expect.stringMatching(/^0x[0-9a-f]{8}/) as unknown });
});

test('an estimate is enough and not wasteful', async () => {
  const data = anchors.encodeFunctionData('anchor', [50, id('estimate')]);
  const estimate = BigInt(String(await node.request('eth_estimateGas', [{ from: platform.address, to: at, data }])));
  const used = BigInt(String((await send(data, 3))['gasUsed']));
  expect(estimate >= used && estimate < (used * 13n) / 10n).toBe(true);
});

test('a filter of logs gives all of them again, one of pending transactions each hash once', async () => {
  const logs = await node.request('eth_newFilter', [{ address: at, fromBlock: 'earliest' }]);
  const pending = await node.request('eth_newPendingTransactionFilter', []);
  const receipt = await send(anchors.encodeFunctionData('anchor', [60, id('root 60')]), 4);
  expect(await node.request('eth_getFilterChanges', [pending])).toEqual([receipt['transactionHash']]);
  expect(await node.request('eth_getFilterChanges', [pending])).toEqual([]);
  const all = await list('eth_getFilterLogs', logs);
  expect(all.at(-1)).toMatchObject({ transactionHash: receipt['transactionHash'] });
  expect(await list('eth_getFilterLogs', logs)).toEqual(all);
  await expect(node.request('eth_getFilterLogs', [pending])).rejects.toMatchObject({ code: 'FILTER_UNKNOWN' });
});

test('what is not done is refused, not passed over; a range that ends before it begins is a slip', async () => {
  const call = { to: at, data: '0x' };
  const overrides = { [at]: { balance: '0x1' } };
  for (const method of ['eth_call', 'eth_estimateGas']) {
    await expect(node.request(method, [call, 'latest', overrides])).rejects.toMatchObject({ rpcCode: -32602, message: 'overrides are not supported' });
  }
  await expect(node.request('eth_getLogs', [{ fromBlock: '0x2', toBlock: '0x1' }])).rejects.toMatchObject({ rpcCode: -32000, message: 'invalid block range params' });
  expect(await list('eth_getLogs', { fromBlock: '0xffffff' })).toEqual([]);
  expect(await node.request('eth_syncing')).toBe(false);
  expect(await node.request('nodes')).toEqual([]);
});

test('a transaction is found by its place too, and there are no uncles', async () => {
  const [{ transactionHash: hash, blockHash, blockNumber, transactionIndex } = {}] = receipts as unknown as readonly { readonly [key: string]: Json }[];
  expect(await ask('eth_getTransactionByBlockHashAndIndex', blockHash ?? '', transactionIndex ?? '')).toMatchObject({ hash });
  expect(await ask('eth_getTransactionByBlockNumberAndIndex', blockNumber ?? '', transactionIndex ?? '')).toMatchObject({ hash });
  expect(await node.request('eth_getTransactionByBlockNumberAndIndex', [blockNumber ?? '', '0x63'])).toBeNull();
  expect(await node.request('eth_getUncleCountByBlockNumber', ['latest'])).toBe('0x0');
  expect(await node.request('web3_sha3', ['0x'])).toBe(id(''));
});

test('fees are what the parameters say', async () => {
  expect(await node.request('eth_gasPrice')).toBe('0x3b9aca00');
  expect(await node.request('eth_maxPriorityFeePerGas')).toBe('0x0');
  expect(await ask('eth_feeHistory', '0x2', 'latest', [50])).toMatchObject({
    baseFeePerGas: ['0x3b9aca00', '0x3b9aca00', '0x3b9aca00'], reward: [['0x0'], ['0x0']],
  });
});

describe('Olympus\'s own methods', () => {
  test('block, its state and its summary agree', async () => {
    const hash = receipts[0]!['blockHash']!;
    const [block, state, summary] = [await ask('block', hash), await ask('block_state', hash), await ask('block_summary', hash)];
    expect(block['links']).toEqual([receipts[0]!['transactionHash']]);
    expect(state).toMatchObject({ is_stable: true, status: 0, stable_index: Number(receipts[0]!['blockNumber']) });
    const parts = {
      blockHash: String(hash), previousSummary: String(summary['previous_summary']),
      parentSummaries: summary['parent_summaries'] as string[], receiptsRoot: String(summary['receipts_root']),
      skipSummaries: summary['skiplist_summaries'] as string[], status: 0 as const,
      stableIndex: Number(summary['stable_index']), timestamp: Number(summary['mc_timestamp']),
    };
    expect(summaryHash(parts)).toBe(summary['summary']);
    expect(encodeSummary(parts)).toMatch(/^0x/);
    expect((await ask('eth_getBlockByHash', hash, false))['stateRoot']).toBe(summary['summary']);
    expect((await list('block_states', [hash, id('nothing')]))).toEqual([state, null]);
  });

  test('stable_blocks pages through the order', async () => {
    const page = await ask('stable_blocks', 0, 3);
    expect([(page['blocks'] as unknown[]).length, page['next_index']]).toEqual([3, 3]);
    await expect(node.request('stable_blocks', [0, 101])).rejects.toMatchObject({ rpcCode: -32602 });
  });

  test('witnesses, balances, genesis', async () => {
    expect(await node.request('witness_list', [0])).toHaveLength(4);
    expect(await ask('accounts_balances', [at])).toEqual({ [at]: '0x0' });
    expect((await ask('olympus_genesis'))['witnesses']).toEqual(await node.request('witness_list', [0]));
    expect(await node.request('olympus_genesisHash')).toBe(node.genesisHash);
  });

  test('the trunk block of MCI 10 also links the summary of MCI 0', async () => {
    const latest = Number(await node.request('eth_blockNumber'));
    const linking: Json[] = [];
    for (let number = 0; number <= latest; number += 1) {
      const { hash } = await ask('eth_getBlockByNumber', `0x${number.toString(16)}`, false);
      const linked = (await ask('block_summary', hash!))['skiplist_summaries'] as string[];
      if (linked.length > 0) linking.push([(await ask('block_state', hash!))['mci']!, linked]);
    }
    const genesis = await ask('block_summary', node.genesisHash);
    expect(linking[0]).toEqual([10, [genesis['summary']]]);
  });
});

test('the proof travels as hex that decodes', async () => {
  const proof = await ask('olympus_receiptProof', receipts[0]!['transactionHash']!);
  expect(decodeBlock(String(proof['block'])).links).toEqual([receipts[0]!['transactionHash']]);
});

describe('tracing', () => {
  test('every instruction of a final transaction, run again on the state that it met', async () => {
    const { transactionHash, gasUsed } = receipts[1]!;
    const trace = await ask('debug_traceTransaction', transactionHash!, { enableMemory: true });
    const steps = trace['structLogs'] as unknown as readonly Fields[];
    expect([trace['failed'], trace['gas']]).toEqual([false, Number(gasUsed)]);
    expect(steps[0]).toMatchObject({ pc: 0, op: 'PUSH1', depth: 1, gasCost: 3, stack: [] });
    const stores = steps.filter((step) => step['op'] === 'SSTORE');
    expect(stores.some((step) => Object.values(step['storage'] as Fields).includes(id('root 1').slice(2)))).toBe(true);
    const bare = await ask('debug_traceTransaction', transactionHash!, { disableStack: true, disableStorage: true, limit: 5 });
    expect((bare['structLogs'] as unknown as readonly Fields[]).map((step) => Object.keys(step)))
      .toEqual(Array.from({ length: 5 }, () => ['pc', 'op', 'gas', 'gasCost', 'depth']));
  });

  test('the calls of a transaction, with its logs', async () => {
    const { transactionHash, gasUsed } = receipts[0]!;
    const config = { tracer: 'callTracer', tracerConfig: { withLog: true } };
    const call = await ask('debug_traceTransaction', transactionHash!, config);
    expect(call).toMatchObject({ type: 'CALL', from: platform.address.toLowerCase(), to: at, gas: '0x30d40', gasUsed, value: '0x0' });
    expect((call['logs'] as unknown as readonly Fields[]).map((log) => (log['topics'] as readonly string[])[0])).toEqual([anchored]);
  });

  test('a call that nobody signed: what it calls inside, and why it fails', async () => {
    const inner = `0x600060006000600073${at.slice(2)}5afa60006000f3`;
    const created = await ask('debug_traceCall', { data: inner }, 'latest', { tracer: 'callTracer' });
    expect(created).toMatchObject({ type: 'CREATE', calls: [{ type: 'STATICCALL', to: at, from: created['to'], error: 'execution reverted' }] });
    const flat = await ask('debug_traceCall', { data: inner }, 'latest', { tracer: 'callTracer', tracerConfig: { onlyTopCall: true } });
    expect(flat['calls']).toBeUndefined();
    const refused = { from: developmentWallet(1).address, to: at, data: anchors.encodeFunctionData('anchor', [9, id('root 9')]) };
    expect(await ask('debug_traceCall', refused, 'latest', { tracer: 'callTracer' })).toMatchObject({ type: 'CALL', error: 'execution reverted' });
    expect(await ask('debug_traceCall', { data: '0x56' }, 'latest', { tracer: 'callTracer' })).toMatchObject({ error: expect.stringMatching(/stack underflow/) as string });
  });

  test('what cannot be traced is refused in words that tools know', async () => {
    await expect(node.request('debug_traceTransaction', [id('nothing')])).rejects.toMatchObject({ rpcCode: -32000, message: 'transaction not found' });
    await expect(node.request('debug_traceTransaction', [receipts[0]!['transactionHash']!, { tracer: '4byteTracer' }]))
      .rejects.toMatchObject({ message: 'tracer not found: "4byteTracer"' });
    await expect(node.request('debug_traceCall', [{}, 'latest', { stateOverrides: {} }])).rejects.toMatchObject({ rpcCode: -32602 });
  });
});

test('Prometheus reads where the node stands, at the door of JSON-RPC', async () => {
  const door = await node.listen({ port: 0 });
  let lines: readonly string[] = [];
  const value = (name: string): number => Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
  let response: Response;
  // A block is on disk a moment before it is counted: the two meet once the last ones of the trunk are through.
  do {
    response = await fetch(`${door.url}/metrics`);
    lines = (await response.text()).split('\n');
  } while (value('oort_chain_blocks_total{status="ordered"}') < value('oort_chain_stable_index')
    || value('oort_chain_stable_index') !== Number(await node.request('eth_blockNumber')));
  expect(response.headers.get('content-type')).toContain('version=0.0.4');
  expect([value('oort_chain_pending_transactions'), value('oort_chain_halted'), value('oort_chain_peers')]).toEqual([0, 0, 0]);
  expect(value('oort_chain_transactions_total')).toBeGreaterThan(2);
  expect(value('oort_chain_blocks_total{status="ordered"}')).toBe(value('oort_chain_stable_index'));
  expect(value('oort_chain_blocks_total{status="fork"}')).toBe(0);
  expect([value('oort_chain_held_blocks{for="summary"}'), value('oort_chain_held_blocks{for="transaction"}')]).toEqual([0, 0]);
  expect(value('oort_chain_execution_seconds_total')).toBeGreaterThan(0);
  await door.close();
});
