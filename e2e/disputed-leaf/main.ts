// A node whose pool answers for it is asked on the chain: it shows a leaf that a stranger names; then its disk rots, the platform's
// challenge fails, and nobody has to do anything for a part of its pool's stake to go. `npm run disputed-leaf -- [--dir DIR]`; two minutes.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Contract, parseEther } from 'ethers';
import { contentIdOf } from '@oort/kernel-content';
import { contractAbis } from '@oort/schema';
import { setStage, StageFailed, type Stage } from '../adversaries/stage';
import { cli, endAll } from '../loop/processes';
import { createReport, type Report } from '../loop/report';
import type { AgentProcess } from '../loop/step';

interface FeedEvent { readonly type: string; readonly data: Readonly<Record<string, unknown>> }
interface Page { readonly events: { readonly edges: readonly { readonly node: FeedEvent }[]; readonly pageInfo: { readonly endCursor: string | null } } }

const feedQuery = 'query Feed($after: String) { events(after: $after, first: 1000) { edges { node { type data } } pageInfo { endCursor } } }';
const { values: options } = parseArgs({ options: { dir: { type: 'string' } } });
const run = promisify(execFile);

async function main(report: Report): Promise<boolean> {
  const directory = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'oort-disputed-leaf-')) : resolve(options.dir);
  mkdirSync(directory, { recursive: true });
  report.begin(1, 'A platform, six nodes with stakes, and one that may be asked on the chain');
  const stage = await setStage(directory, { OORT_INVENTORY_SECONDS: '5' }, report, [['super', 6]]);
  const node = stage.agent('super-1');
  await fill(stage);
  const inventory = await answerable(stage, node);
  report.end();
  report.begin(2, 'A stranger asks for a leaf');
  const shown = await oort(stage, ['chain', 'leaf', 'dispute', '--node-id', node.nodeId, '--index', String(Number(inventory.data['leaves']) - 1), '--platform', new URL(stage.context.urls.graphql).origin, '--key', keyOf(stage, stage.agent('super-2'))]);
  await stage.context.eventually('the leaf', async () => (await oort(stage, ['chain', 'leaf', 'show', '--dispute', String(shown['dispute'])]))['leaf'] === 'shown', 60_000);
  stage.context.check('the node showed it by itself', true, String(shown['dispute']));
  report.end();
  report.begin(3, 'The disk of the node rots, and it goes on to say that it has its pieces');
  await slashed(stage, node);
  report.end();
  await endAll();
  const held = report.summary();
  if (held && options.dir === undefined) rmSync(directory, { recursive: true, force: true });
  return held;
}

/** Enough that every node holds some of it. */
async function fill({ context: { urls, customer } }: Stage): Promise<void> {
  for (let each = 0; each < 12; each += 1) {
    const bytes = randomBytes(50_000);
    const response = await fetch(`${urls.ingest}/content/${contentIdOf(bytes)}`, { method: 'PUT', body: bytes, headers: { authorization: `Bearer ${customer.token}`, 'content-type': 'application/octet-stream' } });
    if (!response.ok) throw new StageFailed('NOT_TAKEN', `content was answered with ${response.status}`);
  }
}

/** Starts the node with its pool, which enlists the key that it made; answers its first inventory that was signed for the chain. */
async function answerable(stage: Stage, node: AgentProcess): Promise<FeedEvent> {
  const { context } = stage;
  await node.start({ OORT_POOL: node.operator.address, OORT_CHAIN_RPC: context.urls.chain });
  const found = await context.eventually('an inventory signed for the chain', () => newest(stage, node), 120_000);
  const { node: key } = found.data['court'] as { readonly node: string };
  await oort(stage, ['chain', 'leaf', 'enlist', '--node', key, '--key', keyOf(stage, node)]);
  await (await node.operator.sendTransaction({ to: key, value: parseEther('0.1') })).wait();
  context.check('it has signed what it holds, and its pool answers for it', true, `${String(found.data['leaves'])} leaves`);
  return found;
}

async function slashed(stage: Stage, node: AgentProcess): Promise<void> {
  const { context } = stage;
  const { StakingPools: at = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const pools = new Contract(at, contractAbis.StakingPools, context.chain);
  const stake = async (): Promise<bigint> => (await pools.getFunction('stakeOf').staticCall(node.operator.address) as readonly bigint[])[0] ?? 0n;
  const before = await stake();
  const needles = join(node.directory, 'pieces', 'needles');
  for (const file of readdirSync(needles)) writeFileSync(join(needles, file), Buffer.alloc(statSync(join(needles, file)).size), { flag: 'r+' });
  const failed = await context.eventually('the challenge that fails', async () => (await feed(stage)).find(({ type, data }) => type === 'PossessionAudited' && data['nodeId'] === node.nodeId && data['dispute'] !== undefined), 120_000);
  context.check('what it could not show is disputed on the chain', true, `leaf ${String((failed.data['dispute'] as { readonly index: number }).index)}`);
  const left = await context.eventually('the slash', async () => { const now = await stake(); return now < before ? now : null; }, 120_000);
  context.check('a hundredth of its pool is gone', left === before - before / 100n, `${before - left} wei`);
}

const newest = async (stage: Stage, node: AgentProcess): Promise<FeedEvent | undefined> =>
  (await feed(stage)).filter(({ type, data }) => type === 'InventoryCommitted' && data['nodeId'] === node.nodeId && data['court'] !== undefined).at(-1);

async function feed({ context }: Stage): Promise<readonly FeedEvent[]> {
  const found: FeedEvent[] = [];
  for (let after: string | null = null; ;) {
    const { events }: Page = await context.graphql<Page>(feedQuery, { after });
    found.push(...events.edges.map(({ node }) => node));
    if (events.edges.length < 1000) return found;
    after = events.pageInfo.endCursor;
  }
}

function keyOf({ directory }: Stage, { name, operator }: AgentProcess): string {
  const file = join(directory, `${name}.key`);
  writeFileSync(file, operator.privateKey, { mode: 0o600 });
  return file;
}

async function oort({ context }: Stage, commandLine: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await run(process.execPath, ['--require', 'tsx/cjs', cli, ...commandLine, '--rpc', context.urls.chain]);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

async function failed(error: unknown): Promise<never> {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  await endAll();
  process.exit(1);
}

main(createReport((line) => { process.stdout.write(`${line}\n`); })).then((held) => { process.exit(held ? 0 : 1); }, failed);
