// A node that was away for long, and those who would have it believe a history of their own making.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRlp, keccak256, toBeHex } from 'ethers';
import { decodeBlock, encodeBlock, localParameters, signBlock } from '@oort/ledger-chain';
import { openChainStore, StableChain, type ChainStore } from '@oort/ledger-execution';
import { loadPeerIdentity, openPeerNetwork, type Carried } from '@oort/ledger-network';
import { developmentWallet, localAllocations } from './development-accounts';
import { documentOf } from './genesis-document';
import { growHistory } from './grown-history';
import { bytesOf, hexOf } from './hex-bytes';
import { historyPage, type HistoryPage } from './history-page';
import { openNode, type OlympusNode } from './node';
import { outlineOf, type Outline } from './outline';
import { newWitnessKey } from './witness-keys';

const directory = mkdtempSync(join(tmpdir(), 'oort-away-'));
const keys = Array.from({ length: 4 }, () => newWitnessKey());
const parameters = localParameters({ epochLength: 40 });
const wallet = developmentWallet(0);
const document = documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations: localAllocations(), deployments: [] });
const emptyRoot = '56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';
const levels = 150;
let height = 0;

/** The last one moves more than there is. */
async function transfers(count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, nonce) => wallet.signTransaction({
    type: 2, chainId: parameters.chainId, nonce, to: `0x${'42'.repeat(20)}`, value: nonce === count - 1 ? 10n ** 40n : 1n, gasLimit: 21_000, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n,
  })));
}

beforeAll(async () => {
  const raws = await transfers(20);
  const transactions = (level: number): string[] => (level % 5 === 0 ? raws.slice(level / 5 - 1, level / 5) : []);
  height = await growHistory({ directory: join(directory, 'true'), document, keys, blocks: levels, transactions });
  // What thieves of every witness's key would sign over a state of their own, in which there is so much.
  const rich = bytesOf(encodeRlp(['0x', toBeHex(10n ** 41n), `0x${emptyRoot}`, keccak256('0x')]));
  await growHistory({
    directory: join(directory, 'forged'), document, keys, blocks: levels, transactions,
    spoilt: (store) => { void store.state.put(Buffer.concat([Buffer.from('a'), bytesOf(wallet.address)]), rich); },
  });
});

afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

interface Status { readonly last_stable_block_index: number; readonly last_stable_mci: number; readonly halted: string | null }
const statusOf = (node: OlympusNode): Promise<Status> => node.request('status', []) as Promise<unknown> as Promise<Status>;

async function until(met: () => boolean | Promise<boolean>, told: () => string): Promise<void> {
  for (const end = Date.now() + 60_000; !await met(); await sleep(10)) if (Date.now() > end) throw new Error(`not in time: ${told()}`);
}

test('it is shown an outline per pair of epochs, then runs every block, and stands where the others stand', async () => {
  const there = await openNode({ directory: join(directory, 'true'), document, keys: [], network: { port: 0, peers: [] } });
  const lines: string[] = [];
  const away = await openNode({ directory: join(directory, 'away'), document, keys: [], statesKept: 10, network: { peers: [there.peerAddress ?? ''] }, log: (_, event, fields) => { lines.push(`${event} ${JSON.stringify(fields)}`); } });
  await until(async () => (await statusOf(away)).last_stable_block_index === height - 1, () => lines.join('; '));
  const [here, others] = await Promise.all([away, there].map((node) => node.request('stable_blocks', [height - 1, 1])));
  expect(here).toEqual(others);
  const summaryOf = (node: OlympusNode): Promise<unknown> => node.request('eth_getBlockByNumber', [`0x${(height - 1).toString(16)}`, false]);
  expect(await summaryOf(away)).toEqual(await summaryOf(there));
  const balance = (index: number): Promise<unknown> => away.request('eth_getBalance', [wallet.address, `0x${index.toString(16)}`]);
  expect(await balance(height - 8)).toMatch(/^0x/);
  await expect(balance(height - 20)).rejects.toMatchObject({ code: 'STATE_NOT_KEPT' });
  expect(lines.join()).not.toMatch(/refused|banned/);
  await away.close();
  await there.close();
}, 120_000);

interface Liar {
  readonly of: 'true' | 'forged';
  readonly outline?: (outline: Outline) => Outline;
  readonly page?: (page: HistoryPage) => HistoryPage;
}

const liars: readonly (readonly [told: RegExp, who: string, liar: Liar])[] = [
  [/HISTORY_UNLINKED/, 'leaves a summary out', { of: 'true', outline: ({ summaries, citations }) => ({ summaries: summaries.filter((_, index) => index !== 1), citations }) }],
  [/HISTORY_UNLINKED/, 'changes a summary', { of: 'true', outline: ({ summaries, citations }) => ({ summaries: summaries.map((wire, index) => (index === 2 ? `${wire.slice(0, -2)}00` : wire)), citations }) }],
  [/HISTORY_UNSIGNED/, 'has one signer where two are needed', { of: 'true', outline: ({ summaries, citations }) => ({ summaries, citations: citations.slice(0, 1) }) }],
  [/HISTORY_UNSIGNED/, 'signs as witnesses of its own', { of: 'true', outline: ({ summaries, citations }) => ({ summaries, citations: citations.map((wire) => {
    const { privateKey, address } = newWitnessKey();
    return encodeBlock(signBlock({ ...decodeBlock(wire), from: address }, privateKey));
  }) }) }],
  [/HISTORY_UNSIGNED/, 'signs for witnesses without their keys', { of: 'true', outline: ({ summaries, citations }) => ({ summaries, citations: citations.map((wire) => `${wire.slice(0, -40)}${'11'.repeat(19)}00`) }) }],
  [/HISTORY_OUT_OF_ORDER/, 'swaps blocks', { of: 'true', page: (page) => ({ ...page, items: swapped(page.items) }) }],
  [/HISTORY_OUT_OF_ORDER/, 'sends other blocks than its outline names', { of: 'true', page: (page) => ({ ...page, items: page.items.filter(({ kind }, index) => kind !== 'block' || index > 0) }) }],
  [/HISTORY_BLOCK_INVALID","rule":"SIGNATURE_NOT_OF_AUTHOR/, 'changes a signature', { of: 'true', page: changedBlock((wire) => `${wire.slice(0, -40)}${'11'.repeat(19)}00`) }],
  [/HISTORY_BLOCK_INVALID","rule":"MALFORMED_BLOCK/, 'sends bytes', { of: 'true', page: changedBlock((wire) => wire.slice(0, -2)) }],
  [/HISTORY_INCOMPLETE/, 'leaves transactions out', { of: 'true', page: (page) => ({ ...page, items: page.items.filter(({ kind }) => kind !== 'transaction') }) }],
  [/HISTORY_BLOCK_INVALID","rule":"LAST_SUMMARY_WRONG/, 'has the keys of all witnesses, and another state', { of: 'forged' }],
];

test.each(liars)('%p names what is wrong where somebody %s', async (told, who, { of, outline = same, page = same }) => {
  const store = openChainStore(join(directory, of, 'chain'));
  const chain = new StableChain(store);
  const lines: string[] = [];
  const name = `victim-${who.replaceAll(' ', '-')}`;
  const victim = await openNode({ directory: join(directory, name), document, keys: [], network: { port: 0, peers: [] }, log: (_, event, fields) => { lines.push(`${event} ${JSON.stringify(fields)}`); } });
  const liar = await openPeerNetwork({
    identity: loadPeerIdentity(join(directory, `liar-${name}`)), chainId: parameters.chainId, genesis: victim.genesisHash, peers: [victim.peerAddress ?? ''],
    onPeer: (peer) => { peer.send({ kind: 'tips', tips: [], pending: [], nextIndex: height }); },
    onMessage: (peer, message) => {
      if (message.kind === 'outline-of') peer.send({ kind: 'outline', mci: message.mci, ...outline(outlineOf(message.mci, { chain, parameters, unstable: () => [] }) ?? { summaries: [], citations: [] }) });
      if (message.kind === 'history') peer.send({ kind: 'page', ...page(historyPage(message.from, { chain, find: (hash) => find(store, hash) })) });
    },
  });
  await until(() => lines.some((line) => line.startsWith('history.refused')), () => lines.join('; '));
  expect(lines.find((line) => line.startsWith('history.refused'))).toMatch(told);
  expect(await statusOf(victim)).toMatchObject({ halted: null });
  await liar.close();
  await victim.close();
  await store.root.close();
});

function same<T>(value: T): T {
  return value;
}

function find(store: ChainStore, hash: string): Carried | null {
  const block = store.blocks.get(hash);
  if (block !== undefined) return { kind: 'block', bytes: Buffer.from(block) };
  const raw = store.transactions.get(hash);
  return raw === undefined ? null : { kind: 'transaction', bytes: bytesOf(raw) };
}

/** Two blocks of the page in each other's place. */
function swapped(items: readonly Carried[]): readonly Carried[] {
  const places = items.flatMap(({ kind }, index) => (kind === 'block' ? [index] : []));
  const [one, other] = [places[7] ?? 0, places[8] ?? 0];
  return items.map((item, index) => (index === one ? items[other] : index === other ? items[one] : item) ?? item);
}

function changedBlock(change: (wire: string) => string): (page: HistoryPage) => HistoryPage {
  return (page) => {
    const at = page.items.findIndex(({ kind }) => kind === 'block');
    return { ...page, items: page.items.map((item, index) => (index === at ? { ...item, bytes: bytesOf(change(hexOf(item.bytes))) } : item)) };
  };
}
