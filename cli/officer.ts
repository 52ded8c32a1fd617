// `oort officer`: a pool's place among the officers, who slip tasks with known answers among the others and are paid for it.
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEther, getBytes, JsonRpcProvider, Wallet, type Contract } from 'ethers';
import { keyForContract } from '@oort/algorithms-vrf';
import { contentIdOf } from '@oort/kernel-content';
import { messageOf } from '@oort/kernel-wire';
import { onnxReferee } from '@oort/subgraphs-audit';
import { addressesOf, addressOf, contractOf, send, type Chain } from './chain-stake';
import { readKey } from './key-file';
import { OfficerDesk, OfficerRefused, type DeskOptions } from './officer-desk';
import type { OfficerModel } from './officer-phantoms';
import { readOptions, required, UsageRefused } from './usage';

const usage = 'oort officer enrol|serve|show|take|resign|leave --key FILE';
const pollMs = 1_000;
const mostPhantoms = 128;
const stages = ['none', 'drawn', 'committed', 'shown', 'paid', 'denied'];

type Values = { readonly [name: string]: string | readonly string[] | undefined };

export async function officerCommand(commandLine: readonly string[]): Promise<void> {
  const { values, positionals: [verb = '', ...others] } = readOptions(commandLine, {
    key: { type: 'string' }, 'officer-key': { type: 'string' }, pool: { type: 'string' }, model: { type: 'string', multiple: true }, inputs: { type: 'string' },
    phantoms: { type: 'string' }, platform: { type: 'string', default: 'http://127.0.0.1:4000' }, rpc: { type: 'string', default: 'http://127.0.0.1:8765' },
  });
  if (others.length > 0 || !['enrol', 'serve', 'show', 'take', 'resign', 'leave'].includes(verb)) throw new UsageRefused(usage);
  const wallet = new Wallet(readKey(required(values.key, '--key')));
  const provider = new JsonRpcProvider(values.rpc, undefined, { staticNetwork: true, pollingInterval: 200, cacheTimeout: -1 });
  try {
    const chain: Chain = { provider, addresses: await addressesOf(provider, values.rpc) };
    if (chain.addresses['OfficerCourt'] === undefined) throw new OfficerRefused(`the chain at ${values.rpc} has no OfficerCourt`);
    const court = contractOf(chain, 'OfficerCourt', wallet);
    const pool = values.pool === undefined ? wallet.address : addressOf(values.pool, '--pool');
    if (verb === 'serve') return await serve({ wallet: wallet.connect(provider), pool, court, provider }, values);
    if (verb === 'enrol') await enrol(court, values['officer-key'] === undefined ? wallet : new Wallet(readKey(values['officer-key'])));
    if (verb === 'resign') await send(court, 'resign', []);
    if (verb === 'leave') await send(court, 'withdrawDeposit', []);
    if (verb === 'take') await send(court, 'takeEarned', []);
    process.stdout.write(`${JSON.stringify(await shown(court, pool), null, 2)}\n`);
  } finally {
    provider.destroy();
  }
}

/** Puts the deposit down. The court is the pool's; the key is its own unless another draws and speaks for it. */
async function enrol(court: Contract, key: Wallet): Promise<void> {
  const { deposit } = await court.getFunction('terms').staticCall() as { readonly deposit: bigint };
  const { x, y } = keyForContract(getBytes(key.signingKey.compressedPublicKey));
  await send(court, 'enrol', [x, y], deposit);
}

async function shown(court: Contract, pool: string): Promise<object> {
  const [{ speaker, since, leftAt, idle, deposit }, period, earned, fund] = await Promise.all([
    court.getFunction('officers').staticCall(pool), court.getFunction('period').staticCall(), court.getFunction('earned').staticCall(pool), court.getFunction('fund').staticCall(),
  ]) as unknown as readonly [{ readonly speaker: string; readonly since: bigint; readonly leftAt: bigint; readonly idle: bigint; readonly deposit: bigint }, bigint, bigint, bigint];
  const { stage } = await court.getFunction('seatOf').staticCall(period, pool) as { readonly stage: bigint };
  return {
    officer: pool, serves: since !== 0n && leftAt === 0n, ...(since === 0n ? {} : { speaker, deposit: formatEther(deposit), periodsIdle: Number(idle) }),
    period: Number(period), seat: stages[Number(stage)] ?? String(stage), earned: formatEther(earned), fund: formatEther(fund),
  };
}

interface Serving { readonly wallet: Wallet; readonly pool: string; readonly court: Contract; readonly provider: JsonRpcProvider }

async function serve({ wallet, pool, court, provider }: Serving, values: Values): Promise<void> {
  const { since, speaker } = await court.getFunction('officers').staticCall(pool) as { readonly since: bigint; readonly speaker: string };
  if (since === 0n) throw new OfficerRefused(`${pool} is no officer: oort officer enrol`);
  if (speaker !== wallet.address) throw new OfficerRefused(`${pool} enrolled with the key of ${speaker}, not with this one`);
  const { quota } = await court.getFunction('terms').staticCall() as { readonly quota: bigint };
  const say = (line: string): void => { process.stdout.write(`${line}\n`); };
  const fault = faultFrom(process.env['OORT_OFFICER_FAULT']);
  const idle = fault === 'none-injected';
  const desk = new OfficerDesk({
    wallet, pool, court, chainId: (await provider.getNetwork()).chainId, platform: String(values['platform']), fault, say,
    models: idle ? [] : modelsOf(values['model']), inputs: idle ? [] : inputsOf(values['inputs']), phantoms: countOf(values['phantoms'], Number(quota)),
  });
  const stop = untilStopped();
  let refused = '';
  while (!stop.aborted) {
    await desk.turn().then(() => { refused = ''; }, (error: unknown) => {
      // A platform or a chain that does not answer is asked again; the same trouble is told once.
      const why = messageOf(error).slice(0, 300);
      if (why !== refused) say(`not now: ${why}`);
      refused = why;
    });
    await sleep(pollMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Set on purpose, so that others can be seen to notice. */
function faultFrom(named: string | undefined): DeskOptions['fault'] {
  if (named === undefined || named === '') return null;
  if (named !== 'none-injected' && named !== 'never-sent') throw new UsageRefused(`OORT_OFFICER_FAULT knows none-injected and never-sent, not ${named}`);
  process.stderr.write(`the officer cheats on purpose: ${named}\n`);
  return named;
}

function modelsOf(files: Values[string]): readonly OfficerModel[] {
  const all = (Array.isArray(files) ? files : []) as readonly string[];
  if (all.length === 0) throw new UsageRefused('--model FILE.onnx is missing: a model that customers use, as oort model pull fetches it');
  return all.map((file) => {
    if (!existsSync(file)) throw new UsageRefused(`there is no model ${file}`);
    const bytes = readFileSync(file);
    const contentId = contentIdOf(bytes);
    const referee = onnxReferee({ get: () => Promise.resolve(bytes) });
    return { contentId, answer: (inputs) => referee.answer(contentId, inputs) };
  });
}

/** One input a line: a list of numbers. */
function inputsOf(file: Values[string]): readonly (readonly number[])[] {
  if (typeof file !== 'string' || !existsSync(file)) throw new UsageRefused('--inputs FILE is missing: inputs that nobody else has, a JSON list of numbers a line');
  const rows = readFileSync(file, 'utf8').split('\n').filter((line) => line.trim() !== '').map(rowOf);
  if (rows.length === 0) throw new UsageRefused(`${file} holds no inputs`);
  return rows;
}

function rowOf(line: string, index: number): readonly number[] {
  const row: unknown = parsed(line);
  if (!Array.isArray(row) || row.length === 0 || !row.every((each) => typeof each === 'number')) throw new UsageRefused(`line ${index + 1} of the inputs is no list of numbers`);
  return row;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** More than the quota, since some may never be asked. */
function countOf(text: Values[string], quota: number): number {
  const count = text === undefined ? Math.min(2 * quota, mostPhantoms) : Number(text);
  if (!Number.isInteger(count) || count < quota || count > mostPhantoms) throw new UsageRefused(`--phantoms is ${quota} to ${mostPhantoms}`);
  return count;
}

function untilStopped(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => { controller.abort(); });
  return controller.signal;
}
