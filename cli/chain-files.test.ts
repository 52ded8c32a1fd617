// The final order of one node into a file and out of it into another, by the commands themselves.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localParameters } from '@oort/ledger-chain';
import { developmentWallet, documentOf, growHistory, localAllocations, newWitnessKey, openNode } from '@oort/ledger-node';

const directory = mkdtempSync(join(tmpdir(), 'oort-chain-files-'));
const place = (name: string): string => join(directory, name);
const parameters = localParameters();
const keys = Array.from({ length: 4 }, () => newWitnessKey());
const document = documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations: localAllocations(), deployments: [] });
let height = 0;

interface Ended { readonly code: number | null; readonly out: string; readonly told: string }

function oort(...commandLine: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'main.ts'), 'chain', ...commandLine], { stdio: ['ignore', 'pipe', 'pipe'], cwd: join(__dirname, '..') });
    let [out, told] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { told += chunk.toString(); });
    child.once('error', reject);
    child.once('close', (code) => { resolve({ code, out, told }); });
  });
}

const imported = (name: string, file: string): Promise<Ended> => oort('import', '--data', place(name), '--genesis', place('genesis.json'), '--from', place(file));

beforeAll(async () => {
  const raws = await Promise.all(Array.from({ length: 20 }, (_, nonce) => developmentWallet(0).signTransaction({
    type: 2, chainId: parameters.chainId, nonce, to: `0x${'42'.repeat(20)}`, value: 1n, gasLimit: 21_000, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n,
  })));
  height = await growHistory({ directory: place('one'), document, keys, blocks: 100, transactions: (level) => (level % 4 === 0 ? raws.slice(level / 4 - 1, level / 4) : []) });
  writeFileSync(place('genesis.json'), JSON.stringify({ document, deployments: [] }));
});

afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

test('a node that is made from a file stands where the first one stands', async () => {
  expect(await oort('export', '--data', place('one'), '--to', place('whole'))).toMatchObject({ code: 0, out: expect.stringContaining(`${height - 1} blocks in their final order`) });
  // Cut off first, then whole: it goes on where it stopped.
  writeFileSync(place('cut'), readFileSync(place('whole')).subarray(0, -300));
  expect(await imported('two', 'cut')).toMatchObject({ code: 1, told: expect.stringContaining('ends inside a record') });
  expect(await imported('two', 'whole')).toMatchObject({ code: 0, out: expect.stringContaining(`${height - 1} blocks are final here`) });
  const [one, two] = await Promise.all(['one', 'two'].map((name) => openNode({ directory: place(name), document, keys: [] })));
  const last = [`0x${(height - 1).toString(16)}`, false] as const;
  expect(await two?.request('eth_getBlockByNumber', last)).toEqual(await one?.request('eth_getBlockByNumber', last));
  expect(await two?.request('eth_getBalance', [`0x${'42'.repeat(20)}`])).toBe('0x14');
  await one?.close();
  await two?.close();
}, 200_000);

test('check finds a store whole, names what is damaged, and repair mends it', async () => {
  expect(await oort('check', '--data', place('two'), '--signatures')).toMatchObject({ code: 0, out: expect.stringContaining(`whole: ${height} blocks`) });
  const path = join(place('two'), 'chain', 'data.mdb');
  const bytes = readFileSync(path);
  const places: number[] = [];
  // Every one: pages that LMDB has left behind may hold it too.
  for (let at = bytes.indexOf('"index":50,'); at !== -1; at = bytes.indexOf('"index":50,', at + 1)) places.push(at);
  expect(places.length).toBeGreaterThan(0);
  for (const at of places) bytes[at + 8] = 0x39;
  writeFileSync(path, bytes);
  expect(await oort('check', '--data', place('two'))).toMatchObject({
    code: 1, out: expect.stringMatching(/^stable 0x[0-9a-f]{64} is damaged$/m), told: expect.stringContaining('damaged; oort chain repair'),
  });
  expect(await oort('repair', '--data', place('two'), '--genesis', place('genesis.json'))).toMatchObject({ code: 0, out: expect.stringContaining('was run again') });
}, 200_000);
