// A node is asked on a running chain for leaves of what it signed: it shows them by itself, also of what it was told to delete and after a
// restart. What comes of those that it has lost: ledger/contracts/leaf-court.test.ts, cli/chain-leaf.test.ts.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Contract, JsonRpcProvider, parseEther, type ContractTransactionReceipt, type ContractTransactionResponse, type HDNodeWallet } from 'ethers';
import { commitPiece, type SignedForCourt } from '@oort/algorithms-possession';
import { newDeviceKey } from '@oort/kernel-identity';
import { localParameters as chainParameters } from '@oort/ledger-chain';
import { developmentWallet } from '@oort/ledger-node/development-accounts';
import { documentOf } from '@oort/ledger-node/genesis-document';
import { localGenesis } from '@oort/ledger-node/local-genesis';
import { openNode, type OlympusNode } from '@oort/ledger-node/node';
import { newWitnessKey } from '@oort/ledger-node/witness-keys';
import { openAnswerable } from '@oort/node-agents-agent/pieces/answerable';
import { openDiskStore } from '@oort/node-agents-agent/pieces/disk-store';
import { ChainAway, openLeafCourt } from '@oort/node-agents-agent/pieces/leaf-court';
import { startPieceServer, type PieceServer } from '@oort/node-agents-agent/pieces/server';
import type { PieceStore } from '@oort/node-agents-agent/pieces/port';
import { contractAbis, localParameters } from '@oort/schema';
import { PieceClient } from '@oort/subgraphs-storage/data-path/piece-client';
import { callsFor, convictCall } from '@oort/subgraphs-ledger/react';

const directory = mkdtempSync(join(tmpdir(), 'oort-disputed-leaf-'));
const parameters = { ...localParameters, leafAnswerSeconds: 3_600 };
const [platformKey, nodeKey] = [newDeviceKey(), newDeviceKey()];
const nodeId = 'node_1';
const pool = developmentWallet(2);
let chain: OlympusNode;
let rpc: string;
let provider: JsonRpcProvider;
let agent: { readonly server: PieceServer; readonly store: PieceStore; readonly courtKey: string; stop(): Promise<void> };
const client = new PieceClient({ platformKey, now: () => new Date() });
const said: string[] = [];

type Account = HDNodeWallet;

beforeAll(async () => {
  const witnesses = Array.from({ length: 4 }, () => newWitnessKey());
  const genesis = localGenesis(developmentWallet(8).address, parameters);
  const document = documentOf({ parameters: chainParameters(), witnesses: witnesses.map(({ address }) => address), allocations: genesis.allocations, deployments: genesis.deployments });
  chain = await openNode({ directory: join(directory, 'chain'), document, keys: witnesses, genesis, network: { port: 0, peers: [] }, pace: { gapMs: 1, turnPauseMs: 20 } });
  rpc = (await chain.listen({ port: 0 })).url;
  provider = new JsonRpcProvider(rpc, undefined, { staticNetwork: true, pollingInterval: 20, cacheTimeout: -1 });
  await call(pool, 'StakingPools', 'createPool', [500], parseEther('20'));
  agent = await startNode();
  await call(pool, 'LeafCourt', 'enlist', [agent.courtKey]);
  await (await pool.connect(provider).sendTransaction({ to: agent.courtKey, value: parseEther('1') })).wait();
});

afterAll(async () => {
  await agent.stop();
  await client.close();
  provider.destroy();
  await chain.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The part of an agent that keeps pieces. */
async function startNode(chainAt = rpc): Promise<typeof agent> {
  const disk = await openDiskStore(join(directory, 'disk'));
  const seat = await openLeafCourt(join(directory, 'agent'), { rpc: chainAt, pool: pool.address });
  const answerable = await openAnswerable(disk, { seat, pollMs: 50, directory: join(directory, 'agent'), log: (line) => { said.push(line); }, now: () => new Date() });
  const server = await startPieceServer({ store: answerable.living, nodeId, key: nodeKey, platformPublicKey: platformKey.publicKey, answerable, now: () => new Date() });
  const ending = new AbortController();
  const defending = answerable.defend((root, index) => server.answerOf(root, index), ending.signal);
  return { server, store: disk, courtKey: answerable.seat.node, async stop() { ending.abort(); await defending; seat.close(); await server.close(); await disk.close(); } };
}

const seen = (): { readonly nodeId: string; readonly endpoint: string; readonly publicKey: string } => ({ nodeId, endpoint: agent.server.endpoint, publicKey: nodeKey.publicKey });
const asNode = (): Parameters<PieceClient['inventory']>[0] => seen() as Parameters<PieceClient['inventory']>[0];

async function call(from: Account, name: 'LeafCourt' | 'StakingPools', method: string, args: readonly unknown[], value = 0n): Promise<ContractTransactionReceipt> {
  const contract = await contractAt(name, from);
  const sent = await contract.getFunction(method)(...args, { value }) as ContractTransactionResponse;
  return await sent.wait(1, 60_000) as ContractTransactionReceipt;
}

async function contractAt(name: 'LeafCourt' | 'StakingPools', wallet: Account): Promise<Contract> {
  const { [name]: address = '' } = await provider.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  return new Contract(address, contractAbis[name], wallet.connect(provider));
}

async function keep(...pieces: readonly string[]): Promise<void> {
  for (const pieceId of pieces) {
    const bytes = randomBytes(10_000);
    await client.put(asNode(), 'account', pieceId, bytes, commitPiece(bytes));
  }
}

async function signedNow(): Promise<SignedForCourt> {
  const { court } = await client.inventory(asNode());
  if (court === undefined) throw new TypeError('the node signed nothing for the chain');
  return court;
}

/** As the platform does it when a challenge failed. Answers the dispute's id. */
async function doubt(made: SignedForCourt, index: number): Promise<string> {
  const data = { nodeId, root: made.root.slice(2), beacon: '0x00', blockNumber: 1, draws: 8, proven: 7, failed: [{ index, pieceId: null, reason: 'corrupt' }], dispute: { ...made, index } };
  const event = { id: 'audited', type: 'PossessionAudited', data } as unknown as Parameters<typeof callsFor>[0];
  const [asked] = callsFor(event, { anchoredSize: 1, rewardsAddress: pool.address, leafBondWei: parameters.leafBondWei });
  const receipt = await call(developmentWallet(3), 'LeafCourt', asked?.method ?? '', asked?.args ?? [], asked?.valueWei);
  const court = await contractAt('LeafCourt', pool);
  return String(receipt.logs.map((log) => court.interface.parseLog(log)).find((log) => log?.name === 'LeafDisputed')?.args['disputeId']);
}

/** LeafCourt.Stage: 1 open, 2 answered, 3 unanswered. */
async function stageOf(disputeId: string): Promise<bigint> {
  return (await (await contractAt('LeafCourt', pool)).getFunction('disputes').staticCall(disputeId) as readonly bigint[])[4] ?? 0n;
}

async function untilAnswered(disputeId: string): Promise<void> {
  while (await stageOf(disputeId) === 1n) await sleep(50);
  expect({ stage: await stageOf(disputeId), said }).toMatchObject({ stage: 2n });
}

const stake = async (): Promise<bigint> => (await (await contractAt('StakingPools', pool)).getFunction('stakeOf').staticCall(pool.address) as readonly bigint[])[0] ?? 0n;

it('shows what is disputed by itself, though it was deleted and the node was started anew', async () => {
  await keep('piece_a', 'piece_b', 'piece_c');
  const made = await signedNow();
  expect(made).toMatchObject({ pool: pool.address, node: agent.courtKey, leaves: 9 });
  await untilAnswered(await doubt(made, 0));
  await client.delete(asNode(), 'piece_b');
  expect(await client.list(asNode())).not.toContain('piece_b');
  await untilAnswered(await doubt(made, 4));
  await agent.stop();
  const disputed = await doubt(made, 5);
  // It starts though the chain is away, and signs nothing for it meanwhile.
  agent = await startNode('http://127.0.0.1:9');
  expect((await client.inventory(asNode())).court).toBeUndefined();
  await agent.stop();
  agent = await startNode();
  await untilAnswered(disputed);
  expect((await signedNow()).leaves).toBe(6);
  expect(await stake()).toBe(parseEther('20'));
});

it('what a node has lost it cannot show, and nobody may say so before its time is over', async () => {
  await keep('piece_d');
  const made = await signedNow();
  // Behind its own back.
  await agent.store.delete('piece_d');
  const disputed = await doubt(made, 7);
  while (!said.some((line) => line.includes('is disputed and not here'))) await sleep(50);
  const { method, args } = convictCall(disputed);
  await expect(call(developmentWallet(4), 'LeafCourt', method, args)).rejects.toThrow(/revert/);
  expect(await stageOf(disputed)).toBe(1n);
});

it('a node that never saw the chain does not say that it can be asked there', async () => {
  await expect(openLeafCourt(join(directory, 'another'), { rpc: 'http://127.0.0.1:9', pool: pool.address })).rejects.toThrow(ChainAway);
});
