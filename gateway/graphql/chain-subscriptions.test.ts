// The chain as a client of the gateway sees it: final blocks in their order, and what becomes of a transaction, over a running node.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interface, Transaction, id } from 'ethers';
import { parse } from 'graphql';
import { memoryStore } from '@oort/kernel-eventstore';
import { developmentWallet, localGenesis, openNode, type OlympusNode } from '@oort/ledger-node';
import { contractAbis, localParameters, type RequestContext } from '@oort/schema';
import { createLedgerSubgraph, type LedgerPorts } from '@oort/subgraphs-ledger';
import { composeSupergraph } from './compose';
import { serveSupergraph, type ServedSupergraph } from './supergraph';

const wallet = developmentWallet(0);
const context = {} as unknown as RequestContext;
let directory: string;
let node: OlympusNode;
let served: ServedSupergraph;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'oort-chain-gateway-'));
  node = await openNode({ directory, genesis: localGenesis(wallet.address, localParameters) });
  const store = memoryStore();
  // What its loops need besides is not here: they are not started.
  const ports = { store, rawStore: store, ledger: node, platformKey: `0x${'11'.repeat(32)}`, now: () => new Date(), timers: { onFire: () => undefined } } as unknown as LedgerPorts;
  const subgraph = await createLedgerSubgraph(ports);
  served = await serveSupergraph(composeSupergraph([subgraph]), [subgraph], () => undefined);
});

afterAll(async () => {
  await served.stop();
  await node.close();
  rmSync(directory, { recursive: true, force: true });
});

const operation = (text: string): Parameters<ServedSupergraph['subscribe']>[0] =>
  ({ source: text, document: parse(text), operationName: null, variables: {}, context });

function sign(nonce: number, call: { readonly to?: string; readonly data?: string }): Promise<string> {
  return wallet.signTransaction({ ...call, nonce, gasLimit: 100_000n, gasPrice: 2_000_000_000n, type: 0, chainId: 97_031 });
}

async function states(hash: string, sendWhenUnknown: string): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const events = await served.subscribe(operation(`subscription { transactionFateChanged(hash: "${hash}") { state blockNumber summary } }`));
  for await (const { data, errors } of events) {
    expect(errors).toBeUndefined();
    const fate = data?.['transactionFateChanged'] as { readonly state: string };
    if (fate.state === 'UNKNOWN') await node.request('eth_sendRawTransaction', [sendWhenUnknown]);
    seen.push(fate);
  }
  return seen;
}

test('a transaction is followed from nowhere to final, and its block comes with the final blocks', async () => {
  const raw = await sign(0, { to: developmentWallet(1).address });
  const hash = String(Transaction.from(raw).hash);
  const blocks = await served.subscribe(operation('subscription { stableBlockAdded(after: 0) { number hash summary transactions } }'));
  const fates = await states(hash, raw) as readonly { readonly state: string; readonly blockNumber: number; readonly summary: string }[];
  expect([fates[0]?.state, fates.at(-1)?.state]).toEqual(['UNKNOWN', 'FINAL']);
  const final = fates.at(-1);
  let number = 1;
  for await (const { data } of blocks) {
    const block = data?.['stableBlockAdded'] as { readonly number: number; readonly summary: string; readonly transactions: readonly string[] };
    expect(block.number).toBe(number);
    number += 1;
    if (!block.transactions.includes(hash)) continue;
    expect([block.number, block.summary]).toEqual([final?.blockNumber, final?.summary]);
    break;
  }
  const { data } = await served.execute(operation(
    `{ transactionFate(hash: "${hash}") { state finalSince } chainEpoch { number firstMci lastMci witnesses { address } work { witness } } }`));
  expect(data).toMatchObject({ transactionFate: { state: 'FINAL' }, chainEpoch: { number: 0, firstMci: 0, lastMci: 99, work: null } });
  expect((data?.['chainEpoch'] as { readonly witnesses: readonly unknown[] }).witnesses).toHaveLength(4);
});

test('one that fails says so', async () => {
  // Creation of a contract whose code reverts at once.
  const raw = await sign(1, { data: '0x60006000fd' });
  expect((await states(String(Transaction.from(raw).hash), raw)).at(-1)).toMatchObject({ state: 'FAILED' });
});

test('blocks, transactions with the logs of the platform\'s contracts, accounts and witnesses are what the node has', async () => {
  const ask = async (text: string): Promise<Record<string, unknown>> => {
    const { data, errors } = await served.execute(operation(text));
    expect(errors).toBeUndefined();
    return data as Record<string, unknown>;
  };
  const { systemContracts } = await ask('{ systemContracts { name address } }') as { readonly systemContracts: readonly { readonly name: string; readonly address: string }[] };
  const to = systemContracts.find(({ name }) => name === 'Anchors')?.address ?? '';
  const raw = await sign(2, { to, data: new Interface(contractAbis.Anchors).encodeFunctionData('anchor', [7, id('root')]) });
  const hash = String(Transaction.from(raw).hash);
  await states(hash, raw);
  const { chainTransaction } = await ask(`{ chainTransaction(hash: "0x${hash.slice(2).toUpperCase()}") { hash to nonce final succeeded blockNumber logs { contract event args } } }`);
  expect(chainTransaction).toMatchObject({ hash, to, nonce: 2, final: true, succeeded: true, logs: [{ contract: 'Anchors', event: 'Anchored' }] });
  const { chainBlocks } = await ask('{ chainBlocks(first: 3) { totalCount edges { cursor node { number hash transactions } } pageInfo { hasNextPage hasPreviousPage endCursor } } }') as
    { readonly chainBlocks: { readonly edges: readonly { readonly node: { readonly number: number } }[]; readonly pageInfo: { readonly endCursor: string } } };
  const [newest] = chainBlocks.edges.map(({ node: { number } }) => number);
  expect(chainBlocks.edges.map(({ node: { number } }) => number)).toEqual([0, 1, 2].map((offset) => (newest ?? 0) - offset));
  expect(chainBlocks).toMatchObject({ totalCount: (newest ?? 0) + 1, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
  const older = await ask(`{ chainBlocks(first: 1, after: "${chainBlocks.pageInfo.endCursor}") { edges { node { number hash } } } }`);
  expect(older['chainBlocks']).toMatchObject({ edges: [{ node: { number: (newest ?? 0) - 3 } }] });
  const { witnesses, contract, person, nobody } = await ask(`{
    witnesses { address } contract: chainAccount(address: "${to.toLowerCase()}") { address contract nonce }
    person: chainAccount(address: "${wallet.address}") { nonce balanceWei contract } nobody: chainAccount(address: "0x12") { nonce } }`);
  expect(witnesses).toHaveLength(4);
  expect(contract).toMatchObject({ address: to, contract: 'Anchors' });
  expect(person).toMatchObject({ nonce: 3, contract: null, balanceWei: String(BigInt(await node.request('eth_getBalance', [wallet.address]) as string)) });
  expect(nobody).toBeNull();
});

test('a listener that leaves is let go at once', async () => {
  const events = await served.subscribe(operation('subscription { stableBlockAdded { number } }'));
  const waiting = events.next();
  await events.return?.();
  expect(await waiting).toMatchObject({ done: true });
});

test('what is no hash is refused', async () => {
  const { errors } = await served.execute(operation('{ transactionFate(hash: "0x12") { state } }'));
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});
