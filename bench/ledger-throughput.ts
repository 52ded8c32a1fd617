// How many transactions a second become final, beside anvil in the same run: four witnesses in one process, which run everything once, and
// four processes, each of which checks and runs everything itself. Anvil is one process that neither flushes nor agrees with anybody.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interface } from 'ethers';
import { compileToken } from '@oort/e2e';
import { localParameters, type GenesisDocument } from '@oort/ledger-chain';
import { developmentWallet, documentOf, localAllocations, newWitnessKey, type WitnessKey } from '@oort/ledger-node';
import { nodeEngineOptions } from '@oort/ledger-node/engine-options';
import { figure, type Figure } from './figure';
import { funds, gasPrice, plainTransfers, post, request, senders, throughput, tokenTransfers, type Load } from './ledger-load';
import { installPeers } from './peers';
import { ServerProcesses } from './server-processes';

/** Enough that most of it runs when the code is warm, and that a second more or less, since anvil ends a block a second, is a tenth of it at most. */
const each = { plain: 800, token: 800 } as const;
const { chainId } = localParameters();
const erc20 = new Interface(['function transfer(address to, uint256 value) returns (bool)']);

interface Work { readonly plain: Load; readonly token: Load; readonly bytecode: string }
interface Rates { readonly plain: number; readonly token: number; readonly cpuPlain: number }

export async function throughputFigures(): Promise<readonly Figure[]> {
  const plain = await plainTransfers(each.plain, 0, chainId);
  // Nonce 0 of the deployer on a fresh chain: the token has the same address everywhere.
  const token = await tokenTransfers(each.token, each.plain, chainId, tokenAddress);
  const work = { plain, token, bytecode: compileToken().bytecode };
  const anvil = await ofAnvil(work);
  const one = await ofOurs(work, 1);
  const four = await ofOurs(work, 4);
  const peer = (value: number | undefined): { readonly name: string; readonly value: number } | null => (value === undefined ? null : { name: 'anvil', value });
  const rate = (name: string, ours: number, theirs: number | undefined, aim: number): Figure =>
    figure({ name, unit: 'tx/s', better: 'higher', ours, peer: peer(theirs), aim: { kind: 'ratio', value: aim } });
  return [
    rate('plain transfers, 4 witnesses that share one executor', one.plain, anvil?.plain, 0.8),
    rate('ERC-20 transfers, 4 witnesses that share one executor', one.token, anvil?.token, 0.8),
    rate('plain transfers, 4 replicas in 4 processes', four.plain, anvil?.plain, 0.25),
    rate('ERC-20 transfers, 4 replicas in 4 processes', four.token, anvil?.token, 0.25),
    figure({ name: 'CPU of all witnesses, a plain transfer, one executor', unit: 'ms', better: 'lower', ours: one.cpuPlain, peer: peer(anvil?.cpuPlain) }),
    figure({ name: 'CPU of all witnesses, a plain transfer, 4 replicas', unit: 'ms', better: 'lower', ours: four.cpuPlain, peer: peer(anvil?.cpuPlain) }),
  ];
}

async function measured(url: string, { plain, token, bytecode }: Work, cpuSeconds: () => number): Promise<Rates> {
  const before = cpuSeconds();
  const plainRate = await throughput(url, plain);
  const cpuPlain = (cpuSeconds() - before) * 1000 / (each.plain * senders.length);
  await handOut(url, bytecode);
  return { plain: plainRate, token: await throughput(url, token), cpuPlain };
}

const deployer = developmentWallet(0);
const tokenAddress = '0x5FbDB2315678afecb367f032d93F642f64180aa3';

/** Deploys the token and gives each sender some. */
async function handOut(url: string, bytecode: string): Promise<void> {
  const deploy = await deployer.signTransaction({ data: `${bytecode}${(10n ** 24n).toString(16).padStart(64, '0')}`, nonce: 0, gasLimit: 3_000_000n, gasPrice, type: 0, chainId });
  await request(url, 'eth_sendRawTransaction', [deploy]);
  const shares = await Promise.all(senders.map(({ address }, number) => deployer.signTransaction({
    to: tokenAddress, data: erc20.encodeFunctionData('transfer', [address, 10n ** 18n]), nonce: number + 1, gasLimit: 100_000n, gasPrice, type: 0, chainId,
  })));
  for (const raw of shares) await request(url, 'eth_sendRawTransaction', [raw]);
  while (Number(await request(url, 'eth_getTransactionCount', [deployer.address, 'latest'])) < shares.length + 1) {
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

async function ofOurs(work: Work, processes: 1 | 4): Promise<Rates> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-throughput-'));
  const servers = new ServerProcesses();
  try {
    const keys = Array.from({ length: 4 }, () => newWitnessKey());
    const document = genesis(keys);
    const first = processes === 1 ? await started(servers, directory, document, keys, []) : await network(servers, directory, document, keys);
    return await measured(first, work, () => servers.cpuSeconds());
  } finally {
    await servers.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function genesis(keys: readonly WitnessKey[]): GenesisDocument {
  const allocations = { ...localAllocations(), ...Object.fromEntries(senders.map(({ address }) => [address.toLowerCase(), BigInt(funds).toString()])) };
  return documentOf({ parameters: localParameters(), witnesses: keys.map(({ address }) => address), allocations, deployments: [] });
}

async function network(servers: ServerProcesses, directory: string, document: GenesisDocument, keys: readonly WitnessKey[]): Promise<string> {
  const urls: string[] = [];
  const peers: string[] = [];
  for (const [number, key] of keys.entries()) {
    const port = await freePort();
    urls.push(await started(servers, join(directory, String(number)), document, [key], [...peers], port));
    peers.push(`127.0.0.1:${port}`);
  }
  for (const url of urls) {
    while ((await request(url, 'peers', []) as readonly unknown[]).length < keys.length - 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return urls[0] ?? '';
}

async function started(
  servers: ServerProcesses, directory: string, document: GenesisDocument, keys: readonly WitnessKey[], peers: readonly string[], port?: number,
): Promise<string> {
  const options = { directory, document, keys, ...(port === undefined ? {} : { network: { port, peers } }) };
  return (await servers.start('ledger-server.ts', [JSON.stringify(options)], 'main', { NODE_OPTIONS: nodeEngineOptions }))['url'] ?? '';
}

async function ofAnvil(work: Work): Promise<Rates | null> {
  const servers = new ServerProcesses();
  try {
    const port = await freePort();
    const child = startAnvil(port);
    if (child === null) return null;
    servers.watch(child.pid ?? 0, async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    });
    const url = `http://127.0.0.1:${port}`;
    for (;;) {
      try {
        await post(url, '[]');
        break;
      } catch {
        await new Promise((resolve) => { setTimeout(resolve, 50); });
      }
    }
    for (const { address } of senders) await request(url, 'anvil_setBalance', [address, funds]);
    return await measured(url, work, () => servers.cpuSeconds());
  } finally {
    await servers.close();
  }
}

/** The binary of the platform's package, which is beside anvil's own; null, with a line on stderr, where it cannot be had. */
function startAnvil(port: number): ChildProcess | null {
  const folder = join(__dirname, 'peers', 'chain');
  try {
    installPeers('peers/chain');
    const own = join(folder, 'node_modules', '@foundry-rs');
    const platform = readdirSync(own).find((name) => name.startsWith('anvil-'));
    return spawn(join(own, platform ?? '', 'bin', 'anvil'), ['--port', String(port), '--chain-id', String(chainId), '--silent', ...anvilOptions], { stdio: 'ignore' });
  } catch (error) {
    process.stderr.write(`without anvil: ${String(error)}\n`);
    return null;
  }
}

/** It is at its fastest when it makes blocks by the clock and they are not full. */
const anvilOptions = ['--block-time', '1', '--gas-limit', '1000000000', '--no-request-size-limit'];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
