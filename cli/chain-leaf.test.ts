// A dispute from the command line: of what the public feed says that a node signed for, on a chain of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract, JsonRpcProvider, Wallet, getBytes, id, parseEther, type ContractTransactionResponse } from 'ethers';
import { developmentWallet, localGenesis, openNode, type OlympusNode } from '@oort/ledger-node';
import { contractAbis, localParameters } from '@oort/schema';
import { chainLeaf } from './chain-leaf';
import { chainStake } from './chain-stake';
import { printed } from './fixture-command';

const directory = mkdtempSync(join(tmpdir(), 'oort-leaf-'));
const [pool, doubter, nodeKey] = [developmentWallet(1), developmentWallet(2), new Wallet(id('the key of a node'))];
const [poolFile, doubterFile] = [join(directory, 'pool.key'), join(directory, 'doubter.key')];
const made = { pool: pool.address, node: nodeKey.address, root: `0x${'7d'.repeat(32)}`, leaves: 40, madeAt: Math.floor(Date.now() / 1000) };
let node: OlympusNode;
let feed: Server;
let rpc = '';
let platform = '';

beforeAll(async () => {
  writeFileSync(poolFile, pool.privateKey, { mode: 0o600 });
  writeFileSync(doubterFile, doubter.privateKey, { mode: 0o600 });
  node = await openNode({ directory, genesis: localGenesis(developmentWallet(8).address, { ...localParameters, leafAnswerSeconds: 1, inventorySeconds: 3_600 }) });
  rpc = (await node.listen({ port: 0 })).url;
  const provider = new JsonRpcProvider(rpc, undefined, { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 });
  const { LeafCourt: court = '', StakingPools: pools = '' } = await provider.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const created = await new Contract(pools, contractAbis.StakingPools, pool.connect(provider)).getFunction('createPool')(500, { value: parseEther('10') }) as ContractTransactionResponse;
  await created.wait(1, 60_000);
  const signature = await nodeKey.signMessage(getBytes(String(await new Contract(court, contractAbis.LeafCourt, provider).getFunction('inventoryId').staticCall(made))));
  provider.destroy();
  const { root, leaves, ...signed } = made;
  const events = [
    { type: 'NodeJoined', data: {} }, { type: 'InventoryCommitted', data: { nodeId: 'node_1', root: root.slice(2), leaves, court: { ...signed, signature } } },
    { type: 'InventoryCommitted', data: { nodeId: 'node_2', root: root.slice(2), leaves } },
  ];
  feed = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: { events: { edges: events.map((each) => ({ node: each })), pageInfo: { endCursor: null } } } }));
  });
  await new Promise<void>((resolve) => { feed.listen(0, '127.0.0.1', resolve); });
  platform = `http://127.0.0.1:${String((feed.address() as AddressInfo).port)}`;
}, 120_000);

afterAll(async () => {
  feed.close();
  await node.close();
  rmSync(directory, { recursive: true });
});

async function ran(command: typeof chainLeaf, ...commandLine: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await printed(() => command([...commandLine, '--rpc', rpc]))) as Record<string, unknown>;
}

const leaf = (...commandLine: readonly string[]): Promise<Record<string, unknown>> => ran(chainLeaf, ...commandLine);
const disputed = (nodeId: string): readonly string[] => ['dispute', '--node-id', nodeId, '--index', '7', '--platform', platform, '--key', doubterFile];

test('a node is enlisted, disputed and convicted; what may be taken stays meanwhile', async () => {
  await expect(leaf(...disputed('node_1'))).rejects.toThrow(/dispute was refused: NotEnlisted/);
  await leaf('enlist', '--node', nodeKey.address, '--key', poolFile);
  const open = await leaf(...disputed('node_1'));
  expect(open).toMatchObject({ leaf: 'open', by: doubter.address, index: 7, inventory: { pool: pool.address, leaves: 40, openDisputes: 1, slashed: false } });
  expect(await ran(chainStake, 'show', '--pool', pool.address)).toMatchObject({ heldForCases: '0.1' });
  const dispute = String(open['dispute']);
  // Each refusal and each command takes a block, and the chain's time goes on with them.
  for (;;) {
    const done = await leaf('convict', '--dispute', dispute, '--key', doubterFile).catch((error: unknown) => String(error));
    if (typeof done !== 'string') break;
    expect(done).toMatch(/AnswerRuns/);
    await leaf('dismiss', '--node', nodeKey.address, '--key', poolFile);
    await leaf('enlist', '--node', nodeKey.address, '--key', poolFile);
  }
  expect(await leaf('show', '--dispute', dispute)).toMatchObject({ leaf: 'missing', inventory: { openDisputes: 0, slashed: true } });
  expect(await ran(chainStake, 'show', '--pool', pool.address)).toMatchObject({ own: '9.9' });
}, 180_000);

test.each([
  [['doubt'], /enlist\|dismiss\|dispute/],
  [['enlist', '--node', '0x12', '--key', poolFile], /--node is an address/],
  [['convict', '--dispute', '0x12', '--key', poolFile], /--dispute is 32 bytes/],
  [['show', '--dispute', `0x${'00'.repeat(32)}`], /is no dispute/],
  [['dispute', '--node-id', 'node_1', '--index', '-1', '--key', doubterFile], /--index/],
])('%j is refused in one line', async (commandLine, line) => {
  await expect(leaf(...commandLine)).rejects.toThrow(line);
}, 60_000);

test('a node that signed nothing for the chain cannot be asked there', async () => {
  await expect(leaf(...disputed('node_2'))).rejects.toThrow(/node_2 has signed no inventory/);
}, 60_000);
