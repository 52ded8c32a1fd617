// Olympus with four witnesses in this process: how long from sending a transaction to its receipt, one at a time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { developmentWallet, openNode } from '@oort/ledger-node';
import { figure, type Figure } from './figure';

const transactions = 21;
const pollMs = 2;

export async function ledgerFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-ledger-'));
  const node = await openNode({ directory });
  try {
    const wallet = developmentWallet(0);
    const chainId = Number(await node.request('eth_chainId', []));
    const times: number[] = [];
    for (let nonce = 0; nonce < transactions; nonce += 1) {
      const raw = await wallet.signTransaction({ to: wallet.address, nonce, gasLimit: 21_000n, gasPrice: 2_000_000_000n, type: 0, chainId });
      const started = performance.now();
      const hash = await node.request('eth_sendRawTransaction', [raw]);
      while ((await node.request('eth_getTransactionReceipt', [hash])) === null) {
        await new Promise((resolve) => { setTimeout(resolve, pollMs); });
      }
      times.push(performance.now() - started);
    }
    const median = times.sort((one, other) => one - other)[(transactions - 1) / 2] ?? Infinity;
    return [figure({ name: 'send to stable, 4 witnesses, median', unit: 'ms', better: 'lower', ours: median, aim: { kind: 'absolute', value: 300 } })];
  } finally {
    await node.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
