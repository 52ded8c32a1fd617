// How long a node that was away for `--blocks` takes to catch up, and what memory it needs; and the same by a file:
// `npm run away -- --blocks 10000 --epoch-length 100`.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { localParameters } from '@oort/ledger-chain';
import type { GenesisDocument } from '@oort/ledger-chain';
import { openChainStore, StableChain } from '@oort/ledger-execution';
import { logTo } from '@oort/ledger-network';
import { checkChain } from './check-chain';
import { developmentWallet, localAllocations } from './development-accounts';
import { exportChain, importChain } from './export-chain';
import { documentOf } from './genesis-document';
import { growHistory } from './grown-history';
import { openNode } from './node';
import { outlineOf } from './outline';
import { newWitnessKey } from './witness-keys';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { blocks: { type: 'string', default: '10000' }, 'transactions-every': { type: 'string', default: '4' }, 'epoch-length': { type: 'string', default: '100' } } });
  const [blocks, every] = [Number(values.blocks), Number(values['transactions-every'])];
  const directory = mkdtempSync(join(tmpdir(), 'oort-away-'));
  try {
    const keys = Array.from({ length: 4 }, () => newWitnessKey());
    const parameters = localParameters({ epochLength: Number(values['epoch-length']) });
    const document = documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations: localAllocations(), deployments: [] });
    const wallet = developmentWallet(0);
    const raws = await Promise.all(Array.from({ length: Math.ceil(blocks / every) }, (_, nonce) => wallet.signTransaction({
      type: 2, chainId: parameters.chainId, nonce, to: `0x${'42'.repeat(20)}`, value: 1n, gasLimit: 21_000, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n,
    })));
    const grown = performance.now();
    const nextIndex = await growHistory({
      directory: join(directory, 'there'), document, keys, blocks, transactions: (level) => (level % every === 1 ? raws.slice((level - 1) / every, (level - 1) / every + 1) : []),
    });
    report('grown', { blocks, nextIndex, seconds: since(grown) });
    const there = await openNode({ directory: join(directory, 'there'), document, keys: [], network: { port: 0, peers: [] } });
    globalThis.gc?.();
    const before = process.memoryUsage();
    const started = performance.now();
    const [startedCpu, away] = [process.cpuUsage(), await openNode({ directory: join(directory, 'away'), document, keys: [], network: { peers: [there.peerAddress ?? ''] }, log: logTo((line) => { process.stderr.write(line); }, { format: 'text', level: 'warn' }) })];
    let peak = 0;
    for (let index = 0; index < nextIndex - 1; await sleep(50)) {
      index = Number((await away.request('status', []) as { readonly last_stable_block_index: number }).last_stable_block_index);
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    const seconds = since(started);
    const cpu = process.cpuUsage(startedCpu);
    report('caught up', {
      seconds, blocksASecond: Math.round(nextIndex / seconds), cpuSeconds: Math.round((cpu.user + cpu.system) / 1e5) / 10,
      residentBeforeMiB: mebi(before.rss), residentPeakMiB: mebi(peak),
    });
    await away.close();
    await there.close();
    await asFile(directory, document, nextIndex);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same way by a file: out of one node, into another, and both looked through. */
async function asFile(directory: string, document: GenesisDocument, nextIndex: number): Promise<void> {
  const file = join(directory, 'file');
  const store = openChainStore(join(directory, 'there', 'chain'));
  const outline = outlineOf(0, { chain: new StableChain(store), parameters: document.parameters, unstable: () => [] });
  report('first outline', { summaries: outline?.summaries.length ?? 0, bytes: [...(outline?.summaries ?? []), ...(outline?.citations ?? [])].reduce((sum, hex) => sum + hex.length / 2 - 1, 0) });
  await store.root.close();
  const exporting = performance.now();
  await exportChain({ directory: join(directory, 'there'), file });
  report('exported', { seconds: since(exporting), mebibytes: Math.round(statSync(file).size / 1024 ** 2 * 10) / 10 });
  const importing = performance.now();
  await importChain({ directory: join(directory, 'imported'), file, document, codes: new Map() });
  report('imported', { seconds: since(importing), blocksASecond: Math.round(nextIndex / since(importing)) });
  const checking = performance.now();
  const imported = openChainStore(join(directory, 'imported', 'chain'));
  const { blocks, damages } = await checkChain(imported);
  await imported.root.close();
  report('checked', { seconds: since(checking), blocks, damages: damages.length });
}

function report(what: string, figures: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify({ what, ...figures })}\n`);
}

const since = (at: number): number => Math.round(performance.now() - at) / 1000;
const mebi = (bytes: number): number => Math.round(bytes / 1024 ** 2);

void main();
