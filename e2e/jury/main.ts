// A node answers otherwise than it committed to. Its whole stake is accused; jurors, each a process with nothing but a key and public
// doors, check the two signed statements and vote; one more votes without looking, and pays for it. What the chain decides is what
// the platform shows.
// `npm run jury -- [--dir DIR]`; two or three minutes.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Contract, id as keccakOfText, Wallet } from 'ethers';
import { contractAbis } from '@oort/schema';
import { setStage, type Stage } from '../adversaries/stage';
import { Traffic } from '../adversaries/traffic';
import { endAll } from '../loop/processes';
import { createReport, type Report } from '../loop/report';
import type { AgentProcess } from '../loop/step';
import { depositOf, sitLazily, voteLazily } from './lazy';

interface Case {
  readonly id: string; readonly status: string; readonly basisPoints: number; readonly amountWei: string | null;
  readonly juries: readonly { readonly jurors: readonly string[]; readonly votes: readonly { readonly juror: string; readonly toSlash: boolean }[] }[];
  readonly verdict: { readonly toSlash: number; readonly toDismiss: number; readonly upheld: boolean } | null;
}

const casesQuery = `query Cases($nodeId: ID) { honestyCases(nodeId: $nodeId) {
  id status basisPoints amountWei juries { jurors votes { juror toSlash } } verdict { toSlash toDismiss upheld } } }`;
const oort = join(__dirname, '..', '..', 'cli', 'main.ts');
const { values: options } = parseArgs({ options: { dir: { type: 'string' } } });
const jurors: ChildProcess[] = [];

async function main(report: Report): Promise<boolean> {
  const directory = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'oort-jury-')) : resolve(options.dir);
  mkdirSync(directory, { recursive: true });
  report.begin(1, 'A platform, six nodes with stakes, and a bench of three jurors');
  const stage = await setStage(directory, {}, report, [['super', 6]]);
  for (const name of ['super-2', 'super-3']) await sit(stage, stage.agent(name));
  const juries = await contractOf(stage, 'JuryCourt');
  const lazy = stage.agent('super-4').operator;
  await sitLazily(juries, new Wallet(lazy.privateKey, stage.context.chain));
  stage.context.check('three jurors are on the bench', await juries.getFunction('benchSize').staticCall() === 3n);
  report.end();
  report.begin(2, 'A node answers otherwise than it committed to');
  await convicted(stage, stage.agent('super-1'));
  report.end();
  for (const juror of jurors) juror.kill('SIGTERM');
  await endAll();
  const held = report.summary();
  if (held && options.dir === undefined) rmSync(directory, { recursive: true, force: true });
  return held;
}

/** Enrols the operator's pool and starts the process that votes for it. */
async function sit({ directory, context }: Stage, agent: AgentProcess): Promise<void> {
  const key = join(directory, `${agent.name}.juror.key`);
  writeFileSync(key, agent.operator.privateKey, { mode: 0o600 });
  const run = (verb: string, more: readonly string[] = []): ChildProcess =>
    spawn(process.execPath, ['--require', 'tsx/cjs', oort, 'juror', verb, '--key', key, '--rpc', context.urls.chain, ...more], { stdio: ['ignore', 'inherit', 'inherit'] });
  const enrolling = run('enrol');
  await new Promise((done) => enrolling.once('exit', done));
  jurors.push(run('serve', ['--platform', context.urls.graphql.replace(/\/graphql$/, '')]));
}

async function convicted(stage: Stage, cheat: AgentProcess): Promise<void> {
  const { context } = stage;
  const pools = await contractOf(stage, 'StakingPools');
  const stake = async (): Promise<bigint> => (await pools.getFunction('stakeOf').staticCall(cheat.operator.address) as readonly bigint[])[0] ?? 0n;
  const before = await stake();
  await cheat.start({ OORT_FAULT: 'reveal-differs' });
  const cases = async (): Promise<readonly Case[]> => (await context.graphql<{ readonly honestyCases: readonly Case[] }>(casesQuery, { nodeId: cheat.nodeId })).honestyCases;
  const traffic = new Traffic(stage);
  context.check('it is accused', await traffic.until('the accusation', 320, async () => (await cases()).some(({ basisPoints }) => basisPoints === 10_000)));
  const { id } = (await cases()).find(({ basisPoints }) => basisPoints === 10_000) ?? { id: '' };
  const of = async (wanted: (found: Case) => boolean): Promise<Case | null> => (await cases()).find((found) => found.id === id && wanted(found)) ?? null;
  const drawn = await context.eventually('a jury', () => of(({ juries }) => juries.length > 0), 120_000);
  context.check('its jury does not hold the accused', drawn.juries[0]?.jurors.length === 3 && !drawn.juries[0].jurors.includes(cheat.operator.address), String(drawn.juries[0]?.jurors));
  const juries = await contractOf(stage, 'JuryCourt');
  const lazy = new Wallet(stage.agent('super-4').operator.privateKey, context.chain);
  const deposit = await depositOf(juries, lazy.address);
  await voteLazily(juries, lazy, id);
  const voted = await context.eventually('all votes', () => of(({ juries }) => juries[0]?.votes.length === 3), 120_000);
  context.check('the two that checked the statements vote to slash, and the one that did not look does not',
    voted.juries[0]?.votes.every(({ juror, toSlash }) => toSlash === (juror.toLowerCase() !== lazy.address.toLowerCase())) === true);
  const settled = await context.eventually('the settlement', () => of(({ status }) => status === 'settled'), 180_000);
  context.check('the verdict is mirrored', settled.verdict?.upheld === true && settled.verdict.toSlash === 2 && settled.verdict.toDismiss === 1, JSON.stringify(settled.verdict));
  const lost = before - await stake();
  context.check('its whole stake is gone, once', lost === before && BigInt(settled.amountWei ?? 0) === lost && lost > 0n, `${lost} wei`);
  context.check('the chain has concluded it', await juries.getFunction('concluded').staticCall(keccakOfText(id)) === true);
  const fined = deposit - await depositOf(juries, lazy.address);
  context.check('who voted without looking lost a tenth of its deposit', fined === deposit / 10n, `${fined} wei of ${deposit}`);
}

async function contractOf({ context }: Stage, name: 'JuryCourt' | 'StakingPools'): Promise<Contract> {
  const { [name]: address = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  return new Contract(address, contractAbis[name], context.chain);
}

async function failed(error: unknown): Promise<never> {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  for (const juror of jurors) juror.kill('SIGTERM');
  await endAll();
  process.exit(1);
}

main(createReport((line) => { process.stdout.write(`${line}\n`); })).then((held) => { process.exit(held ? 0 : 1); }, failed);
