// `oort chain export|import|check|repair`: the final order as a file, and a store that is looked through and mended.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault } from '@oort/kernel-wire';
import type { Hex } from '@oort/ledger-chain';
import { openChainStore } from '@oort/ledger-execution';
import { checkChain, exportChain, importChain, repairChain } from '@oort/ledger-node';
import type { ChainCheck } from '@oort/ledger-node';
import { logOf, readGenesis, statesKept } from './chain';
import type { Genesis } from './chain';
import { readOptions, required, UsageRefused } from './usage';

class ChainDamaged extends Fault {
  constructor(where: string, count: number) { super('CHAIN_DAMAGED', `${where}: ${count} ${count === 1 ? 'thing is' : 'things are'} damaged; oort chain repair mends them`); }
}

/** What the operating system answers to a page of the store that leads nowhere. */
class StoreUnreadable extends Fault {
  constructor(where: string, how: string) { super('CHAIN_STORE_UNREADABLE', `${where} cannot be read at all (${how}); oort chain repair gets everything from peers`); }
}

const named = 20;

export async function exportCommand(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string' }, to: { type: 'string' } });
  const directory = existing(required(values.data, '--data'));
  const file = resolve(required(values.to, '--to'));
  const said = teller();
  const { next, summary } = await exportChain({ directory, file, onProgress: (index, of) => { said(`${index - 1} of ${of - 1} blocks`); } });
  process.stdout.write(`${file}: ${next - 1} blocks in their final order; the last has the summary ${summary}\n`);
}

export async function importCommand(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string' }, genesis: { type: 'string' }, from: { type: 'string' }, 'states-kept': { type: 'string' } });
  const genesis = readGenesis(required(values.genesis, '--genesis'));
  const file = resolve(required(values.from, '--from'));
  if (!existsSync(file)) throw new UsageRefused(`there is no ${file}`);
  const said = teller();
  const started = performance.now();
  const next = await importChain({
    directory: resolve(required(values.data, '--data')), file, document: genesis.document, codes: codesOf(genesis), ...statesKept(values['states-kept']),
    onProgress: (index, part) => { said(`${index - 1} blocks final, ${Math.floor(part * 100)} % of the file`); },
  });
  process.stdout.write(`${next - 1} blocks are final here, each checked and run, after ${Math.round((performance.now() - started) / 100) / 10} s\n`);
}

export async function checkCommand(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string' }, signatures: { type: 'boolean', default: false }, here: { type: 'boolean', default: false } });
  const directory = existing(required(values.data, '--data'));
  if (values.here) {
    process.stdout.write(JSON.stringify(await checkHere(directory, values.signatures)));
    return;
  }
  const { blocks, transactions, values: count, damages } = await checkApart(directory, values.signatures);
  for (const { database, key, why } of damages.slice(0, named)) process.stdout.write(`${database}${key === null ? '' : ` ${key}`} ${why}\n`);
  if (damages.length > named) process.stdout.write(`and ${damages.length - named} more\n`);
  if (damages.length > 0) throw new ChainDamaged(directory, damages.length);
  process.stdout.write(`whole: ${blocks} blocks, ${transactions} transactions, ${count} values; order, hashes, receipts roots and summaries agree\n`);
}

export async function repairCommand(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string' }, genesis: { type: 'string' }, peers: { type: 'string', default: '' }, 'states-kept': { type: 'string' } });
  const directory = existing(required(values.data, '--data'));
  const genesis = readGenesis(required(values.genesis, '--genesis'));
  const readable = await checkApart(directory, false).then(() => true, (error: unknown) => {
    if (error instanceof StoreUnreadable) return false;
    throw error;
  });
  const { damages, fetched, setAside, nextIndex } = await repairChain({
    directory, document: genesis.document, codes: codesOf(genesis), peers: values.peers.split(',').filter((peer) => peer !== ''), readable, log: logOf('text', 'info'), ...statesKept(values['states-kept']),
  });
  if (readable && damages.length === 0) process.stdout.write('whole: there is nothing to mend\n');
  else if (setAside === null) process.stdout.write(`mended: ${fetched} fetched from peers by hash and put back\n`);
  else process.stdout.write(`mended: every block up to ${nextIndex - 1} was run again, ${fetched} things came from peers; the old store lies in ${setAside}\n`);
}

async function checkHere(directory: string, signatures: boolean): Promise<ChainCheck> {
  const store = openChainStore(join(directory, 'chain'));
  try {
    return await checkChain(store, { signatures });
  } finally {
    await store.root.close();
  }
}

/** In a process of its own: a page of the store that leads nowhere ends whoever reads it. */
function checkApart(directory: string, signatures: boolean): Promise<ChainCheck> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [
      '--require', 'tsx/cjs', join(__dirname, 'main.ts'), 'chain', 'check', '--here', '--data', directory, ...(signatures ? ['--signatures'] : []),
    ], { stdio: ['ignore', 'pipe', 'pipe'], cwd: join(__dirname, '..') });
    let [said, told] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { told += chunk.toString(); });
    child.once('error', failed);
    child.once('close', (code, signal) => {
      if (code === 0) done(JSON.parse(said) as ChainCheck);
      else failed(new StoreUnreadable(directory, signal ?? told.trim().split('\n').at(-1) ?? String(code)));
    });
  });
}

function existing(data: string): string {
  const directory = resolve(data);
  if (!existsSync(join(directory, 'chain', 'data.mdb'))) throw new UsageRefused(`there is no chain in ${directory}`);
  return directory;
}

function codesOf({ deployments }: Genesis): ReadonlyMap<string, Hex> {
  return new Map(deployments.map(({ name, initCode }) => [name, initCode]));
}

/** Where it stands, at most once a second, on stderr. */
function teller(): (line: string) => void {
  let last = Date.now();
  return (line) => {
    if (Date.now() - last < 1_000) return;
    last = Date.now();
    process.stderr.write(`${line}\n`);
  };
}
