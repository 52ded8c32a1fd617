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
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
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

/** Sends one after the other, and kills the node as soon as it has acknowledged so many: the chain is then at work on them, at any point
 *  of it. Answers what was acknowledged. */
async function sendAndKill({ child, url }: { readonly child: ChildProcess; readonly url: string }, wallet: Wallet, to: string, killAfter: number): Promise<string[]> {
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true });
  const first = await provider.getTransactionCount(wallet.address, 'pending');
  provider.destroy();
  const acknowledged: string[] = [];
  let killed: Promise<void> | null = null;
  for (let nonce = first; ; nonce += 1) {
    const raw = await wallet.signTransaction({ to, value: 1n, nonce, gasLimit: 21_000n, gasPrice: 1_000_000_000n, type: 0, chainId: 97031 });
    try {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransaction', params: [raw] }) });
      const { result } = (await response.json()) as { readonly result?: string };
      if (typeof result === 'string') acknowledged.push(result);
    } catch {
      // It is dead.
      await killed;
      return acknowledged;
    }
    // One more is under way when the signal comes.
    if (acknowledged.length >= killAfter) killed ??= kill(child);
  }
}

async function statusOf(node: OlympusNode, hash: unknown): Promise<string> {
  for (;;) {
    const receipt = (await node.request('eth_getTransactionReceipt', [hash as string])) as { readonly status: string } | null;
    if (receipt !== null) return receipt.status;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('four kills under load', async () => {
  const wallet = new Wallet(developmentWallet(0).privateKey);
  const to = Wallet.createRandom().address;
  const acknowledged: string[] = [];
  for (const killAfter of [1, 12, 30, 5]) acknowledged.push(...(await sendAndKill(await startProcess(), wallet, to, killAfter)));
  const node = await openNode({ directory });
  for (const hash of acknowledged) expect(await statusOf(node, hash)).toBe('0x1');
  // One that was on disk, but whose answer the kill cut off, may still be under way.
  while ((await node.request('status', []) as { readonly pending_transactions: number }).pending_transactions > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const nonce = Number(await node.request('eth_getTransactionCount', [wallet.address]));
  // Each ran once: as many wei as nonces.
  expect(nonce).toBeGreaterThanOrEqual(acknowledged.length);
  expect(BigInt((await node.request('eth_getBalance', [to])) as string)).toBe(BigInt(nonce));
  expect(await node.request('status')).toMatchObject({ halted: null });
  await node.close();
}, 300_000);

test('a clock set back by a day stops nothing', async () => {
  const day = 86_400_000;
  const later = await openNode({ directory, now: () => new Date(Date.now() + day) });
  const wallet = new Wallet(developmentWallet(1).privateKey);
  const send = async (node: OlympusNode): Promise<void> => {
    const nonce = Number(await node.request('eth_getTransactionCount', [wallet.address]));
    const raw = await wallet.signTransaction({ to: wallet.address, nonce, gasLimit: 21_000n, gasPrice: 1_000_000_000n, type: 0, chainId: 97031 });
    const hash = await node.request('eth_sendRawTransaction', [raw]);
    expect(await statusOf(node, hash)).toBe('0x1');
  };
  await send(later);
  await later.close();
  const now = await openNode({ directory });
  await send(now);
  expect(await now.request('status')).toMatchObject({ halted: null });
  await now.close();
}, 120_000);

test('a second instance on the same data is refused', async () => {
  const first = await openNode({ directory });
  await expect(openNode({ directory })).rejects.toMatchObject({ code: 'CHAIN_LOCKED' });
  await first.close();
});

/** When the last run's work is done: nothing has been written for a while, nothing is pending. */
async function silent(node: OlympusNode): Promise<unknown> {
  let status = await node.request('status');
  for (let same = 0; same < 20;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = await node.request('status');
    same = JSON.stringify(now) === JSON.stringify(status) && (now as { readonly pending_transactions: number }).pending_transactions === 0 ? same + 1 : 0;
    status = now;
  }
  return status;
}

test('a second start takes the genesis on disk and composes nothing', async () => {
  const first = await openNode({ directory, echoesMs: [] });
  const [hash, status] = [first.genesisHash, await silent(first)];
  await first.close();
  const second = await openNode({ directory, echoesMs: [] });
  expect(second.genesisHash).toBe(hash);
  expect(await silent(second)).toEqual(status);
  await second.close();
}, 120_000);
