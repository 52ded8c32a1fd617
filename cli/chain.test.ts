// A network of processes on one machine, as a newcomer starts it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JsonRpcProvider, parseEther } from 'ethers';
import { developmentWallet } from '@oort/ledger-node';

const directory = mkdtempSync(join(tmpdir(), 'oort-devnet-'));
let devnet: ChildProcess;
let said = '';
let rpc = 0;

/** Where so many ports in a row are free: chance, checked. */
async function freeRow(length: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 20_000);
    const servers = Array.from({ length }, (_, index) => createServer().listen(first + index, '127.0.0.1'));
    const free = await Promise.all(servers.map((server) => Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)])));
    await Promise.all(servers.filter((server) => server.address() as AddressInfo | null).map((server) => new Promise((resolve) => { server.close(resolve); })));
    if (!free.includes(false)) return first;
  }
}

beforeAll(async () => {
  rpc = await freeRow(8);
  devnet = spawn(process.execPath, [
    '--require', 'tsx/cjs', join(__dirname, 'main.ts'), 'chain', 'devnet', '--witnesses', '4', '--data', directory, '--rpc', String(rpc), '--listen', String(rpc + 4),
  ], { stdio: ['ignore', 'pipe', 'pipe'], cwd: join(__dirname, '..') });
  for (const stream of [devnet.stdout, devnet.stderr]) stream?.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  for (const end = Date.now() + 150_000; !said.includes('the network runs');) {
    if (Date.now() > end || devnet.exitCode !== null) throw new Error(`the network did not start: ${said}`);
    await sleep(100);
  }
}, 200_000);

afterAll(async () => {
  if (devnet.exitCode === null) {
    devnet.kill('SIGTERM');
    await once(devnet, 'exit');
  }
  rmSync(directory, { recursive: true });
});

test('what is sent to one witness is final at all, and Ctrl-C ends every process', async () => {
  const providers = Array.from({ length: 4 }, (_, index) => new JsonRpcProvider(`http://127.0.0.1:${rpc + index}`, undefined, { staticNetwork: true, pollingInterval: 100 }));
  const [first] = providers;
  if (first === undefined) throw new Error('no witness');
  const sent = await developmentWallet(0).connect(first).sendTransaction({ to: `0x${'42'.repeat(20)}`, value: parseEther('1') });
  for (const provider of providers) {
    expect((await provider.waitForTransaction(sent.hash, 1, 60_000))?.status).toBe(1);
    expect(await provider.getBalance(`0x${'42'.repeat(20)}`)).toBe(parseEther('1'));
    expect(await provider.send('peers', [])).toHaveLength(3);
    provider.destroy();
  }
  devnet.kill('SIGINT');
  await once(devnet, 'exit');
  await expect(fetch(`http://127.0.0.1:${rpc}`)).rejects.toThrow();
}, 200_000);
