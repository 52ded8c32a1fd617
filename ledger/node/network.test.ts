// Nodes with a store and a key of their own each, linked by real sockets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localParameters, signBlock, encodeBlock, zeroHash } from '@oort/ledger-chain';
import { loadPeerIdentity, openPeerNetwork } from '@oort/ledger-network';
import { developmentWallet, localAllocations } from './development-accounts';
import { documentOf } from './genesis-document';
import { openNode, type NodeOptions, type OlympusNode } from './node';
import { newWitnessKey } from './witness-keys';

const directory = mkdtempSync(join(tmpdir(), 'oort-chain-network-'));
const keys = Array.from({ length: 4 }, () => newWitnessKey());
const parameters = localParameters({ witnessCount: 4 });
const document = documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations: localAllocations(), deployments: [] });
const nodes = new Map<string, OlympusNode>();
const lines: string[] = [];

async function start(name: string, key: number | null, more: Partial<NodeOptions> = {}): Promise<OlympusNode> {
  const known = [...nodes.values()].flatMap(({ peerAddress }) => (peerAddress === null ? [] : [peerAddress]));
  const node = await openNode({
    directory: join(directory, name), document, keys: keys.filter((_, index) => index === key),
    network: { port: 0, peers: known }, log: (_, event, fields) => { lines.push(`${name}: ${event} ${JSON.stringify(fields)}`); }, ...more,
  });
  nodes.set(name, node);
  return node;
}

async function stop(name: string): Promise<void> {
  await nodes.get(name)?.close();
  nodes.delete(name);
}

afterAll(async () => {
  for (const name of [...nodes.keys()]) await stop(name);
  rmSync(directory, { recursive: true });
});

const ask = <T>(node: OlympusNode, method: string, params: readonly unknown[] = []): Promise<T> => node.request(method, params as never) as Promise<T>;
interface Status { readonly syncing: boolean; readonly last_stable_block_index: number; readonly last_stable_mci: number; readonly halted: string | null; readonly pending_transactions: number }

let nonce = 0;
async function send(node: OlympusNode): Promise<string> {
  const raw = await developmentWallet(0).signTransaction({
    type: 2, chainId: parameters.chainId, nonce, to: `0x${'42'.repeat(20)}`, value: 1n, gasLimit: 21_000, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n,
  });
  nonce += 1;
  return ask<string>(node, 'eth_sendRawTransaction', [raw]);
}

async function final(node: OlympusNode, hash: string): Promise<unknown> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const receipt = await ask<{ readonly status: string } | null>(node, 'eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return receipt.status;
    await sleep(20);
  }
  throw new Error(`not final in time; ${JSON.stringify(await ask(node, 'status'))}; ${lines.slice(-8).join('; ')}`);
}

async function agree(some: readonly OlympusNode[]): Promise<void> {
  const heads = await Promise.all(some.map(async (node) => (await ask<Status>(node, 'status')).last_stable_block_index));
  const index = Math.min(...heads);
  const blocks = await Promise.all(some.map((node) => ask<{ readonly hash: string; readonly stateRoot: string }>(node, 'eth_getBlockByNumber', [`0x${index.toString(16)}`, false])));
  expect(new Set(blocks.map(({ hash, stateRoot }) => `${hash} ${stateRoot}`)).size).toBe(1);
}

const node = (name: string): OlympusNode => {
  const found = nodes.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

test('four witnesses in four nodes make a transaction final everywhere, and an observer that comes later sees the same', async () => {
  for (const index of [0, 1, 2, 3]) await start(`w${index}`, index);
  const hash = await send(node('w0'));
  for (const one of nodes.values()) expect(await final(one, hash)).toBe('0x1');
  const observer = await start('observer', null);
  expect(await final(observer, hash)).toBe('0x1');
  expect(await final(node('w3'), await send(observer))).toBe('0x1');
  await agree([...nodes.values()]);
  expect(await ask<unknown[]>(observer, 'peers')).toHaveLength(4);
  expect(await ask(observer, 'net_peerCount')).toBe('0x4');
  const known = await ask<{ readonly address: string; readonly linked: boolean }[]>(observer, 'nodes');
  expect(known.filter(({ linked }) => linked).map(({ address }) => address).sort()).toEqual([0, 1, 2, 3].map((index) => node(`w${index}`).peerAddress).sort());
}, 200_000);

test('three go on while one is away; it catches up by the final order, and its account of everything is the same', async () => {
  await stop('w3');
  let last = '';
  for (let round = 0; round < 16; round += 1) last = await send(node('w0')).then(async (hash) => { await final(node('w0'), hash); return hash; });
  await start('w3', 3);
  expect(await final(node('w3'), last)).toBe('0x1');
  expect(lines.some((line) => line.startsWith('w3: history.catchingUp'))).toBe(true);
  await agree([...nodes.values()]);
}, 200_000);

test('a witness that has lost its disk goes on behind its own last block and forks nothing', async () => {
  await stop('w2');
  rmSync(join(directory, 'w2'), { recursive: true });
  await start('w2', 2);
  for (let round = 0; round < 5; round += 1) expect(await final(node('w2'), await send(node('w1')))).toBe('0x1');
  const statuses = await Promise.all([...nodes.values()].map((one) => ask<Status>(one, 'status')));
  expect(statuses.map(({ halted }) => halted)).toEqual(statuses.map(() => null));
  const { last_stable_block_index: index } = await ask<Status>(node('w0'), 'status');
  const states = await Promise.all(Array.from({ length: Math.min(index, 100) }, async (_, back) => (await ask<{ readonly blocks: readonly { readonly status?: number }[] }>(node('w0'), 'stable_blocks', [index - back, 1])).blocks[0]?.status ?? 0));
  expect(states.filter((status) => status !== 0)).toEqual([]);
}, 200_000);

test('who sends a forged block, or a history of its own making, is banned, and the chain goes on', async () => {
  const stranger = newWitnessKey();
  const genesis = node('w0').genesisHash;
  const forged = signBlock({
    from: stranger.address, previous: zeroHash, parents: [genesis], links: [], approves: [], lastSummary: zeroHash, lastSummaryBlock: genesis, lastStableBlock: genesis,
    timestamp: Math.floor(Date.now() / 1000),
  }, stranger.privateKey);
  const bytes = Buffer.from(encodeBlock(forged).slice(2), 'hex');
  const asked: string[] = [];
  const liar = await openPeerNetwork({
    identity: loadPeerIdentity(join(directory, 'liar')), chainId: parameters.chainId, genesis, peers: [node('w0').peerAddress ?? ''],
    onPeer: (peer) => { peer.send({ kind: 'tips', tips: [], pending: [], nextIndex: 1_000_000 }); },
    onMessage: (peer, message) => {
      asked.push(message.kind);
      if (message.kind !== 'outline-of') return;
      peer.send({ kind: 'block', bytes });
      peer.send({ kind: 'outline', mci: message.mci, summaries: [], citations: [] });
    },
  });
  for (const end = Date.now() + 60_000; !lines.some((line) => line.startsWith('w0:') && line.includes('peer.banned')) && Date.now() < end;) await sleep(20);
  expect(lines.filter((line) => line.startsWith('w0:') && line.includes('peer.banned')).join()).toMatch(/banned/);
  expect(asked).toContain('outline-of');
  expect(await ask<string>(node('w0'), 'olympus_metrics')).toContain('oort_chain_refused_blocks_total{code="AUTHOR_NOT_A_WITNESS"} 1');
  await liar.close();
  expect(await final(node('w1'), await send(node('w0')))).toBe('0x1');
}, 200_000);
