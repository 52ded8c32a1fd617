// A disk that lies at random: `npm run disk-lies -- --trials 20 --seed 1`. Each trial turns some bytes of a copy of a store, anywhere in the
// file, looks it through and mends it from a peer, in a process of its own since LMDB may end whoever reads a page that leads nowhere.
// In the end every store must hold what the whole one holds, or must have been whole: the bytes lay where nothing is stored.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, cpSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { localParameters } from '@oort/ledger-chain';
import { openChainStore } from '@oort/ledger-execution';
import { developmentWallet, localAllocations } from './development-accounts';
import { documentOf } from './genesis-document';
import { growHistory } from './grown-history';
import { openNode } from './node';
import { newWitnessKey } from './witness-keys';

const cli = join(__dirname, '..', '..', 'cli', 'main.ts');
const turnedBytes = 48;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { trials: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' }, blocks: { type: 'string', default: '200' } } });
  const directory = mkdtempSync(join(tmpdir(), 'oort-disk-lies-'));
  const whole = join(directory, 'whole');
  const keys = Array.from({ length: 4 }, () => newWitnessKey());
  const parameters = localParameters();
  const document = documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations: localAllocations(), deployments: [] });
  const raws = await Promise.all(Array.from({ length: 40 }, (_, nonce) => developmentWallet(0).signTransaction({
    type: 2, chainId: parameters.chainId, nonce, to: `0x${'42'.repeat(20)}`, value: 1n, gasLimit: 21_000, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n,
  })));
  await growHistory({ directory: whole, document, keys, blocks: Number(values.blocks), transactions: (level) => raws.slice(level - 1, level) });
  writeFileSync(join(directory, 'genesis.json'), JSON.stringify({ document, deployments: [] }));
  for (let trial = 0; trial < Number(values.trials); trial += 1) cpSync(whole, join(directory, `lied-${trial}`), { recursive: true });
  const expected = await contentOf(whole);
  const counts = { untouched: 0, fetched: 0, ranAgain: 0, fromPeers: 0, failed: 0 };
  const peer = await openNode({ directory: whole, document, keys: [], network: { port: 0, peers: [] } });
  try {
    for (let trial = 0; trial < Number(values.trials); trial += 1) {
      const place = join(directory, `lied-${trial}`);
      const at = lie(join(place, 'chain', 'data.mdb'), `${values.seed}/${trial}`);
      const checked = await oort('check', '--data', place);
      const repaired = await oort('repair', '--data', place, '--genesis', join(directory, 'genesis.json'), '--peers', peer.peerAddress ?? '');
      const again = await oort('check', '--data', place);
      const found = again.code === 0 ? await contentOf(place) : 'damaged';
      const same = found.slice(0, 64) === expected.slice(0, 64);
      const how = !same || repaired.code !== 0 ? 'failed' : repaired.said.includes('nothing to mend') ? 'untouched' : repaired.said.includes('put back') ? 'fetched' : checked.told.includes('read at all') ? 'fromPeers' : 'ranAgain';
      counts[how] += 1;
      process.stdout.write(`${trial} at ${at}: ${how}; ${(checked.said || checked.told).split('\n')[0] ?? ''}${how === 'failed' ? `; ${repaired.told || repaired.said} ${again.said} ${again.told}` : ''}\n`);
      rmSync(place, { recursive: true, force: true });
    }
  } finally {
    await peer.close();
    rmSync(directory, { recursive: true, force: true });
  }
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  if (counts.failed > 0) process.exitCode = 1;
}

/** A digest of the state at the same height, and of the final order up to there. */
async function contentOf(directory: string): Promise<string> {
  const store = openChainStore(join(directory, 'chain'));
  try {
    const digest = createHash('sha256');
    for (const { key, value } of store.state.getRange({})) digest.update(key).update(value);
    for (const { key, value } of store.byIndex.getRange({})) digest.update(`${String(key)} ${value} ${store.stable.get(value)?.summary ?? ''}`);
    return digest.digest('hex');
  } finally {
    await store.root.close();
  }
}

function lie(path: string, seed: string): number {
  const { size } = statSync(path);
  const at = 8192 + Number(BigInt(`0x${createHash('sha256').update(seed).digest('hex').slice(0, 12)}`) % BigInt(size - 8192 - turnedBytes));
  const file = openSync(path, 'r+');
  const bytes = Buffer.alloc(turnedBytes);
  readSync(file, bytes, 0, turnedBytes, at);
  writeSync(file, bytes.map((byte) => byte ^ 0xa5), 0, turnedBytes, at);
  closeSync(file);
  return at;
}

interface Ended { readonly code: number | null; readonly said: string; readonly told: string }

/** The peer lives in this process, so it must not be held up. */
function oort(...commandLine: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', cli, 'chain', ...commandLine], { stdio: ['ignore', 'pipe', 'pipe'], cwd: join(__dirname, '..', '..') });
    let [said, told] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { told += chunk.toString(); });
    child.once('close', (code) => { resolve({ code, said, told }); });
  });
}

void main();
