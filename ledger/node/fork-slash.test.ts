// A witness that forks among honest ones: its two blocks become final, anybody finds them, and the contract takes its stake, once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Contract, JsonRpcProvider, Wallet, parseEther, type ContractTransactionResponse } from 'ethers';
import { contractAbis, localParameters as platformParameters } from '@oort/schema';
import { encodeBlock, localParameters, signBlock, zeroHash, type Block } from '@oort/ledger-chain';
import { loadPeerIdentity, openPeerNetwork } from '@oort/ledger-network';
import { developmentWallet } from './development-accounts';
import { documentOf } from './genesis-document';
import { localGenesis } from './local-genesis';
import { openNode, type OlympusNode } from './node';
import { newWitnessKey } from './witness-keys';

const directory = mkdtempSync(join(tmpdir(), 'oort-fork-slash-'));
const keys = Array.from({ length: 4 }, () => newWitnessKey());
const forker = keys[3]!;
let node: OlympusNode;
let provider: JsonRpcProvider;

beforeAll(async () => {
  const genesis = localGenesis(developmentWallet(8).address, platformParameters);
  const allocations = { ...genesis.allocations, [forker.address]: parseEther('100').toString() };
  const document = documentOf({ parameters: localParameters(), witnesses: keys.map(({ address }) => address), allocations, deployments: genesis.deployments });
  node = await openNode({ directory, document, keys: keys.slice(0, 3), genesis: { ...genesis, allocations }, network: { port: 0, peers: [] }, pace: { gapMs: 1, turnPauseMs: 20 } });
  const { url } = await node.listen({ port: 0 });
  provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, pollingInterval: 20, cacheTimeout: -1 });
}, 60_000);

afterAll(async () => {
  provider.destroy();
  await node.close();
  rmSync(directory, { recursive: true, force: true });
});

async function contract(name: 'StakingPools' | 'ForkCourt', key: string): Promise<Contract> {
  const at = (await node.request('olympus_contracts', [])) as Record<string, string>;
  return new Contract(at[name] ?? '', contractAbis[name], new Wallet(key, provider));
}

async function ran(contract: Contract, method: string, ...args: readonly unknown[]): Promise<void> {
  const sent = (await contract.getFunction(method)(...args)) as ContractTransactionResponse;
  expect((await sent.wait(1, 60_000))?.status).toBe(1);
}

/** Two first blocks, valid each for itself. */
async function twins(): Promise<readonly Block[]> {
  const { genesisHash } = node;
  const { summary } = (await node.request('block_summary', [genesisHash])) as { readonly summary: string };
  return [1, 2].map((late) => signBlock({
    from: forker.address, previous: zeroHash, parents: [genesisHash], links: [], approves: [], lastSummary: summary,
    lastSummaryBlock: genesisHash, lastStableBlock: genesisHash, timestamp: localParameters().genesisTimestamp + late,
  }, forker.privateKey));
}

/** Of the forked block that is final, once there is one. Each transfer makes the honest ones write. */
async function forked(among: readonly Block[]): Promise<string> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    await (await developmentWallet(1).connect(provider).sendTransaction({ to: forker.address, value: 1n })).wait(1, 60_000);
    for (const { hash } of among) {
      const state = (await node.request('block_state', [hash])) as { readonly status?: number; readonly is_stable: boolean } | null;
      if (state?.status === 1) return hash;
    }
    await sleep(20);
  }
  throw new Error('no forked block became final');
}

test('a forking witness is proved and slashed on the chain, once', async () => {
  const pools = await contract('StakingPools', forker.privateKey);
  await ran(pools, 'createPool', 500, { value: parseEther('30') });
  const blocks = await twins();
  const liar = await openPeerNetwork({
    identity: loadPeerIdentity(join(directory, 'liar')), chainId: localParameters().chainId, genesis: node.genesisHash, peers: [node.peerAddress ?? ''],
    onPeer: (peer) => { for (const block of blocks) peer.send({ kind: 'block', bytes: Buffer.from(encodeBlock(block).slice(2), 'hex') }); },
    onMessage: () => undefined,
  });
  const hash = await forked(blocks);
  await liar.close();
  expect(await node.request('olympus_forkProof', [node.genesisHash])).toBeNull();
  const proof = (await node.request('olympus_forkProof', [hash])) as { readonly witness: string; readonly blocks: readonly [string, string] };
  expect(proof.witness).toBe(forker.address);
  expect([...proof.blocks].sort()).toEqual(blocks.map(encodeBlock).sort());

  const reporter = developmentWallet(2);
  const court = await contract('ForkCourt', reporter.privateKey);
  const before = await provider.getBalance(reporter.address);
  await ran(court, 'report', ...proof.blocks);
  expect(await provider.getBalance(reporter.address) - before).toBeGreaterThan(parseEther('2.9'));
  expect([...(await pools.getFunction('stakeOf')(forker.address)) as bigint[]].slice(0, 3)).toEqual([0n, 0n, 0n]);
  await expect(court.getFunction('report').staticCall(proof.blocks[1], proof.blocks[0])).rejects.toThrow(/revert/);
}, 120_000);
