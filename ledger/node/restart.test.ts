// SIGKILL at any moment, then a start on the same directory: nothing acknowledged is lost, nothing runs twice.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonRpcProvider, Wallet } from 'ethers';
import { developmentWallet } from './development-accounts';
import { openNode } from './node';
import type { OlympusNode } from './node';

const directory = mkdtempSync(join(tmpdir(), 'olympus-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function startProcess(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const program = `
    const { openNode } = require(${JSON.stringify(join(__dirname, 'index.ts'))});
    openNode({ directory: ${JSON.stringify(directory)} })
      .then((node) => node.listen({ port: 0 }))
      .then(({ url }) => process.stdout.write(url + '\\n'));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('exit', (code) => reject(new RangeError(`the node ended with ${String(code)}`)));
  });
  return { child, url };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => void child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Sends until the process dies; answers the nonces that were acknowledged. */
async function sendUntilKilled(url: string, wallet: Wallet, to: string, first: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let nonce = first; nonce < first + 400; nonce += 1) {
    const raw = await wallet.signTransaction({ to, value: 1n, nonce, gasLimit: 21_000n, gasPrice: 1_000_000_000n, type: 0, chainId: 97031 });
    try {
      const response = await fetch(url, {
        method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransaction', params: [raw] }),
      });
      const { result } = (await response.json()) as { readonly result?: string };
      if (typeof result === 'string') acknowledged.push(result);
    } catch {
      return acknowledged;
    }
  }
  return acknowledged;
}

test('four kills under load', async () => {
  const wallet = new Wallet(developmentWallet(0).privateKey);
  const to = Wallet.createRandom().address;
  const acknowledged: string[] = [];
  const delaysMs = [40, 170, 330, 90];
  for (const delayMs of delaysMs) {
    const { child, url } = await startProcess();
    const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true });
    const first = await provider.getTransactionCount(wallet.address, 'pending');
    provider.destroy();
    const sending = sendUntilKilled(url, wallet, to, first);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await kill(child);
    acknowledged.push(...(await sending));
  }
  const node = await openNode({ directory });
  for (const hash of acknowledged) {
    for (;;) {
      const receipt = (await node.request('eth_getTransactionReceipt', [hash])) as { readonly status: string } | null;
      if (receipt === null) await new Promise((resolve) => setTimeout(resolve, 10));
      else {
        expect(receipt.status).toBe('0x1');
        break;
      }
    }
  }
  const nonce = Number(await node.request('eth_getTransactionCount', [wallet.address]));
  expect(acknowledged.length).toBeGreaterThan(4);
  // Each ran once: as many wei as nonces. One that was on disk, but whose answer the kill cut off, counts in both.
  expect(nonce).toBeGreaterThanOrEqual(acknowledged.length);
  expect(BigInt((await node.request('eth_getBalance', [to])) as string)).toBe(BigInt(nonce));
  expect(await node.request('status')).toMatchObject({ halted: null });
  await node.close();
}, 60_000);

test('a clock set back by a day stops nothing', async () => {
  const day = 86_400_000;
  const later = await openNode({ directory, now: () => new Date(Date.now() + day) });
  const wallet = new Wallet(developmentWallet(1).privateKey);
  const send = async (node: OlympusNode): Promise<void> => {
    const nonce = Number(await node.request('eth_getTransactionCount', [wallet.address]));
    const raw = await wallet.signTransaction({ to: wallet.address, nonce, gasLimit: 21_000n, gasPrice: 1_000_000_000n, type: 0, chainId: 97031 });
    const hash = await node.request('eth_sendRawTransaction', [raw]);
    while ((await node.request('eth_getTransactionReceipt', [hash])) === null) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await send(later);
  await later.close();
  const now = await openNode({ directory });
  await send(now);
  expect(await now.request('status')).toMatchObject({ halted: null });
  await now.close();
});

test('a second instance on the same data is refused', async () => {
  const first = await openNode({ directory });
  await expect(openNode({ directory })).rejects.toMatchObject({ code: 'CHAIN_LOCKED' });
  await first.close();
});

test('a second start takes the genesis on disk and composes nothing', async () => {
  const first = await openNode({ directory });
  // The run before may have left blocks to write.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const [hash, status] = [first.genesisHash, await first.request('status')];
  await first.close();
  const second = await openNode({ directory });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(second.genesisHash).toBe(hash);
  expect(await second.request('status')).toEqual(status);
  await second.close();
});
