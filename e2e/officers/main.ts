// Two officers with deposits, each a process with nothing but a key and public doors. One commits to phantoms, hands them in, is killed and
// goes on, opens them, and answers who doubts them: a node that cheats is convicted by one of them, and the officer is paid wage and finder's share. The
// other takes its seat and injects nothing: it is paid nothing and fined. Then it shows phantoms that it never sent: the first one doubts them, and
// half its deposit is gone.
// `npm run officers -- [--dir DIR]`; two to three minutes.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Contract, id as keccakOfText, type ContractTransactionResponse, type EventLog } from 'ethers';
import { phantomLeaf, phantomPath, type OfficerSeat, type PhantomOpening } from '@oort/algorithms-honesty';
import { contractAbis } from '@oort/schema';
import { setStage, type Stage } from '../adversaries/stage';
import { Traffic } from '../adversaries/traffic';
import { endAll } from '../loop/processes';
import { createReport, type Report } from '../loop/report';
import type { AgentProcess } from '../loop/step';

const oort = join(__dirname, '..', '..', 'cli', 'main.ts');
const { values: options } = parseArgs({ options: { dir: { type: 'string' } } });
const officers = new Set<ChildProcess>();
const phantoms = 64;
const mostJobs = 640;
const lieMs = 300_000;

/** OfficerCourt.Stage */
const [drawn, committed, shown] = [1n, 2n, 3n];

async function main(report: Report): Promise<boolean> {
  const directory = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'oort-officers-')) : resolve(options.dir);
  mkdirSync(directory, { recursive: true });
  report.begin(1, 'A platform, five nodes with stakes, and two of their operators as officers');
  const stage = await setStage(directory, {}, report, [['super', 5]]);
  const court = await contractOf(stage, 'OfficerCourt');
  const [busy, idle, cheat] = [stage.agent('super-1'), stage.agent('super-2'), stage.agent('super-3')];
  const tools = await toolsOf(stage);
  for (const agent of [busy, idle]) await run(stage, agent, 'enrol');
  const idling = serve(stage, idle, tools, { OORT_OFFICER_FAULT: 'none-injected' });
  const serving = serve(stage, busy, tools);
  const period = await seated(stage, court, [busy, idle]);
  report.end();
  report.begin(2, 'One injects, the other does not');
  const traffic = new Traffic(stage);
  // It keeps nothing, so nothing is lost.
  await killed(serving);
  serve(stage, busy, tools);
  const found = await convicted(stage, traffic, busy, cheat);
  report.end();
  report.begin(3, 'Somebody doubts that a phantom was ever sent');
  await doubted(stage, court, period, busy);
  report.end();
  report.begin(4, 'What each of them gets');
  await bounty(stage, busy, cheat, found);
  await wages(stage, court, period, busy, idle);
  report.end();
  report.begin(5, 'The idle one shows phantoms that it never sent');
  await killed(idling);
  serve(stage, idle, tools, { OORT_OFFICER_FAULT: 'never-sent' });
  await lied(stage, traffic, court, busy, idle);
  report.end();
  for (const officer of officers) officer.kill('SIGTERM');
  await endAll();
  const held = report.summary();
  if (held && options.dir === undefined) rmSync(directory, { recursive: true, force: true });
  return held;
}

/** The model as its owner lets them have it, and pictures that no customer asks about. */
async function toolsOf({ directory, context, modelContentId, pictures }: Stage): Promise<readonly string[]> {
  const [model, inputs] = [join(directory, 'model.onnx'), join(directory, 'inputs.jsonl')];
  const answer = await fetch(`${context.urls.ingest}/content/${modelContentId}`, { headers: { authorization: `Bearer ${context.customer.token}` } });
  writeFileSync(model, Buffer.from(await answer.arrayBuffer()));
  writeFileSync(inputs, pictures.slice(-60).map((row) => JSON.stringify(row)).join('\n'));
  return ['--model', model, '--inputs', inputs, '--phantoms', String(phantoms), '--platform', new URL(context.urls.graphql).origin];
}

function start({ directory, context }: Stage, { name, operator }: AgentProcess, verb: string, more: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const key = join(directory, `${name}.officer.key`);
  writeFileSync(key, operator.privateKey, { mode: 0o600 });
  const commandLine = ['--require', 'tsx/cjs', oort, 'officer', verb, '--key', key, '--rpc', context.urls.chain, ...more];
  return spawn(process.execPath, commandLine, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...environment } });
}

async function run(stage: Stage, agent: AgentProcess, verb: string): Promise<void> {
  const running = start(stage, agent, verb, []);
  const code = await new Promise((done) => running.once('exit', done));
  stage.context.check(`${agent.name}: oort officer ${verb}`, code === 0);
}

function serve(stage: Stage, agent: AgentProcess, tools: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const serving = start(stage, agent, 'serve', tools, environment);
  officers.add(serving);
  return serving;
}

/** The first period in which both have a seat, and the one that works has committed. */
async function seated({ context }: Stage, court: Contract, [busy, idle]: readonly [AgentProcess, AgentProcess]): Promise<bigint> {
  const stageOf = async (period: bigint, { operator }: AgentProcess): Promise<bigint> => (await court.getFunction('seatOf').staticCall(period, operator.address) as { readonly stage: bigint }).stage;
  const period = await context.eventually('a period with both of them', async () => {
    const now = await court.getFunction('period').staticCall() as bigint;
    return now > 0n && await stageOf(now, idle) === drawn && await stageOf(now, busy) === committed ? now : null;
  }, 240_000);
  context.check('both have a seat, and one has committed to phantoms', true, `period ${period}`);
  return period;
}

async function killed(serving: ChildProcess): Promise<void> {
  serving.kill('SIGKILL');
  await new Promise((done) => serving.once('exit', done));
  officers.delete(serving);
}

async function convicted(stage: Stage, traffic: Traffic, busy: AgentProcess, cheat: AgentProcess): Promise<string> {
  const { context } = stage;
  const finder = busy.operator.address.toLowerCase();
  await cheat.start({ OORT_FAULT: 'phantoms-known', OORT_FAULT_FILE: join(stage.directory, 'it-knows-none') });
  const cases = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => (await traffic.feed()).flatMap(({ type, data }) => (type === 'SlashProposed' && data['finder'] === finder ? [data] : []));
  const held = await traffic.until('a case by a phantom of the officer', mostJobs, async () => (await cases()).length > 0);
  const [found] = await cases();
  context.check('a phantom of the officer brings a case against the node that cheats', held && found?.['nodeId'] === cheat.nodeId, `${traffic.asked} jobs asked`);
  const events = await traffic.feed();
  const verdicts = events.filter(({ type, data }) => type === 'VerdictReached' && data['officer'] === finder);
  const failed = verdicts.filter(({ data }) => data['outcome'] === 'fail');
  context.check('by its phantoms only the cheat fails', failed.length > 0 && failed.every(({ data }) => data['nodeId'] === cheat.nodeId), `${failed.length} of ${verdicts.length} fail`);
  const opened = events.filter(({ type }) => type === 'PhantomOpened');
  const ofAll = opened.every(({ data }) => data['holds'] === true && data['officer'] === finder);
  context.check('what it opened is what it had committed to, and what the referee computes', opened.length > 0 && ofAll, `${opened.length} opened`);
  return String(found?.['caseId']);
}

/** The officer answers with the platform's commitment to the task, which the contract looks for in the batch's root. */
async function doubted({ context }: Stage, court: Contract, period: bigint, { operator }: AgentProcess): Promise<void> {
  const told = await context.eventually('what the officer shows', () => logOf(court, 'PhantomsShown', period, operator.address), 120_000);
  const seat: OfficerSeat = { chainId: (await context.chain.getNetwork()).chainId, court: String(court.target), period, officer: operator.address };
  const openings = [...told.args['openings'] as readonly PhantomOpening[]];
  const leaves = openings.map((opening) => (BigInt(opening.salt) === 0n ? opening.task : phantomLeaf(seat, opening)));
  const index = openings.findIndex(({ salt }) => BigInt(salt) !== 0n);
  const { bond } = await court.getFunction('terms').staticCall() as { readonly bond: bigint };
  const asked = await (court.connect(context.customer.wallet) as Contract).getFunction('dispute')(operator.address, period, leaves[index], index, phantomPath(leaves, index), { value: bond }) as ContractTransactionResponse;
  await asked.wait();
  const found = await context.eventually('the answer', () => logOf(court, 'PhantomFound', leaves[index]), 60_000);
  context.check('the officer names the batch in which the platform had committed to it', found.args['officer'] === operator.address, `task ${String(found.args['taskId'])}`);
}

async function bounty(stage: Stage, busy: AgentProcess, cheat: AgentProcess, caseId: string): Promise<void> {
  const { context } = stage;
  const court = await contractOf(stage, 'HonestyCourt');
  const divided = await context.eventually('the settlement', () => logOf(court, 'SlashDivided', keccakOfText(caseId)), 120_000);
  const settled = await logOf(court, 'Settled', keccakOfText(caseId));
  const [amount, share] = [settled?.args['amount'] as bigint, divided.args['toFinder'] as bigint];
  context.check('the pool of the cheat is slashed', amount > 0n && settled?.args['pool'] === cheat.operator.address, `${amount} wei`);
  context.check('a tenth of it is the officer\'s', divided.args['finder'] === busy.operator.address && share === amount / 10n, `${share} wei`);
}

async function wages({ context }: Stage, court: Contract, period: bigint, busy: AgentProcess, idle: AgentProcess): Promise<void> {
  const { wage, deposit } = await court.getFunction('terms').staticCall() as { readonly wage: bigint; readonly deposit: bigint };
  const paid = await context.eventually('the wage', () => logOf(court, 'WagePaid', period, busy.operator.address), 240_000);
  context.check('who worked is paid its wage', paid.args['amount'] === wage, `${String(paid.args['amount'])} wei`);
  await context.eventually('that it takes it', async () => await court.getFunction('earned').staticCall(busy.operator.address) === 0n, 60_000);
  const told = await logOf(court, 'PhantomsShown', period, busy.operator.address);
  context.made('phantoms that the chain was shown', `${String(told?.args['opened'])} of ${phantoms}`);
  const denied = await context.eventually('the end of the idle seat', () => logOf(court, 'WageDenied', period, idle.operator.address), 240_000);
  context.check('who injected nothing is paid nothing, and fined', denied.args['was'] === drawn && denied.args['fine'] === deposit / 10n, `${String(denied.args['fine'])} wei`);
  context.check('no seat of it was ever paid', await logOf(court, 'WagePaid', null, idle.operator.address) === null);
}

/** The other officer counts by the public feed, doubts one of them, and nobody can answer. */
async function lied({ context }: Stage, traffic: Traffic, court: Contract, busy: AgentProcess, liar: AgentProcess): Promise<void> {
  const { deposit } = await court.getFunction('terms').staticCall() as { readonly deposit: bigint };
  const denied = async (): Promise<EventLog | undefined> => (await logsOf(court, 'WageDenied', null, liar.operator.address)).find(({ args }) => args['was'] === shown);
  for (const until = Date.now() + lieMs; Date.now() < until && await denied() === undefined;) {
    await traffic.burst();
    await sleep(1_000);
  }
  const end = await denied();
  context.check('it is convicted without a jury, and half its deposit is gone', end?.args['fine'] === deposit / 2n, `${String(end?.args['fine'])} wei`);
  const [missing] = await logsOf(court, 'PhantomMissing', null, null, liar.operator.address);
  context.check('the officer that doubted has half of that', missing?.args['by'] === busy.operator.address && missing.args['toFinder'] === deposit / 4n, `${String(missing?.args['toFinder'])} wei`);
  const { leftAt } = await court.getFunction('officers').staticCall(liar.operator.address) as { readonly leftAt: bigint };
  context.check('it serves no more', leftAt !== 0n);
}

async function logsOf(contract: Contract, name: string, ...indexed: readonly unknown[]): Promise<readonly EventLog[]> {
  return (await contract.queryFilter(contract.getEvent(name)(...indexed), 0)).filter((log) => 'args' in log);
}

async function logOf(contract: Contract, name: string, ...indexed: readonly unknown[]): Promise<EventLog | null> {
  return (await logsOf(contract, name, ...indexed))[0] ?? null;
}

async function contractOf({ context }: Stage, name: 'OfficerCourt' | 'HonestyCourt'): Promise<Contract> {
  const { [name]: address = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  return new Contract(address, contractAbis[name], context.chain);
}

async function failed(error: unknown): Promise<never> {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  for (const officer of officers) officer.kill('SIGTERM');
  await endAll();
  process.exit(1);
}

main(createReport((line) => { process.stdout.write(`${line}\n`); })).then((held) => { process.exit(held ? 0 : 1); }, failed);
