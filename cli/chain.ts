// `oort chain start|devnet|peers`: a node of a chain by itself, and a network of them on one machine.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { JsonRpcProvider } from 'ethers';
import { Fault, messageOf } from '@oort/kernel-wire';
import { localParameters as localChainParameters, majorityOf, type GenesisDocument } from '@oort/ledger-chain';
import { developmentWallet, documentOf, localGenesis, logLevels, logTo, newWitnessKey, openNode, type Log, type SystemDeployment } from '@oort/ledger-node';
import { nodeEngineOptions } from '@oort/ledger-node/engine-options';
import { localParameters } from '@oort/schema';
import { readKey } from './key-file';
import { readOptions, required, UsageRefused } from './usage';

/** What nodes of one network share. */
export interface Genesis { readonly document: GenesisDocument; readonly deployments: readonly SystemDeployment[] }

class DevnetFailed extends Fault {}

const readyWithinMs = 120_000;

export async function startChain(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, {
    data: { type: 'string' }, genesis: { type: 'string' }, key: { type: 'string' }, rpc: { type: 'string', default: '8765' }, listen: { type: 'string' },
    peers: { type: 'string', default: '' }, address: { type: 'string' }, 'states-kept': { type: 'string' }, log: { type: 'string', default: 'json' }, 'log-level': { type: 'string', default: 'info' },
  });
  const directory = resolve(required(values.data, '--data'));
  const { document, deployments } = readGenesis(required(values.genesis, '--genesis'));
  const keys = values.key === undefined ? [] : [newWitnessKey(readKey(values.key))];
  const { asked, stop } = stopAsked();
  const node = await openNode({
    directory, document, keys, genesis: { allocations: {}, deployments }, log: logOf(values.log, values['log-level']), ...statesKept(values['states-kept']),
    network: {
      peers: values.peers.split(',').filter((peer) => peer !== ''),
      ...(values.listen === undefined ? {} : { port: portOf(values.listen, '--listen') }), ...(values.address === undefined ? {} : { address: values.address }),
    },
    onHalt: (reason) => {
      process.stderr.write(`oort: the chain has halted: ${reason.message}\n`);
      process.exitCode = 1;
      stop();
    },
  });
  const door = await node.listen({ port: portOf(values.rpc, '--rpc') });
  const [witness] = keys;
  process.stdout.write(`${JSON.stringify({ rpc: door.url, peers: node.peerAddress, genesis: node.genesisHash, witness: witness?.address ?? null })}\n`);
  await asked;
  await node.close();
}

export async function chainDevnet(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, {
    witnesses: { type: 'string', default: '4' }, data: { type: 'string', default: '.oort/devnet' }, rpc: { type: 'string', default: '8765' }, listen: { type: 'string', default: '9765' },
  });
  const count = Number(values.witnesses);
  if (!Number.isInteger(count) || count < 1 || count > 14) throw new UsageRefused(`--witnesses is 1 to 14, not "${values.witnesses}"`);
  const directory = resolve(values.data);
  const [rpc, listen] = [portOf(values.rpc, '--rpc'), portOf(values.listen, '--listen')];
  makeNetwork(directory, count);
  const { asked, stop } = stopAsked();
  const children: ChildProcess[] = [];
  const peers = Array.from({ length: count }, (_, index) => `127.0.0.1:${listen + index}`);
  const startOne = async (index: number): Promise<void> => {
    const place = join(directory, `witness-${index + 1}`);
    const child = spawn(process.execPath, [
      nodeEngineOptions, '--require', 'tsx/cjs', join(__dirname, 'main.ts'), 'chain', 'start', '--data', place, '--genesis', join(directory, 'genesis.json'), '--key', join(place, 'witness.key'),
      '--rpc', String(rpc + index), '--listen', String(listen + index), '--peers', peers.filter((_, other) => other !== index).join(),
      // A session of its own, so that Ctrl-C ends it in order.
    ], { stdio: ['ignore', 'pipe', 'inherit'], cwd: join(__dirname, '..'), detached: true });
    children.push(child);
    const told = JSON.parse(await firstLine(child, index)) as { readonly rpc: string; readonly witness: string };
    process.stdout.write(`  witness ${index + 1} of ${count}: ${told.rpc} (${told.witness})\n`);
    child.once('exit', (code, signal) => { process.stderr.write(`oort: witness ${index + 1} ended with ${signal ?? String(code)}\n`); });
  };
  try {
    // Two at a time: a start is mostly the compilation of what it imports.
    for (let first = 0; first < count; first += 2) await Promise.all([first, first + 1].filter((index) => index < count).map(startOne));
    const spare = count - majorityOf(count);
    process.stdout.write(`the network runs: JSON-RPC at http://127.0.0.1:${rpc} and on, chain id ${localChainParameters().chainId}; ${spare === 0 ? 'it needs all of them' : `it goes on while ${spare} of them ${spare === 1 ? 'is' : 'are'} away`}; Ctrl-C ends it\n`);
    process.stdout.write(`an account that holds OORT: ${developmentWallet(0).address}, the first of the mnemonic "test test ... junk"\n`);
    await asked;
  } catch (error) {
    stop();
    throw error;
  } finally {
    await Promise.all(children.map(end));
  }
}

export async function chainPeers(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { rpc: { type: 'string', default: 'http://127.0.0.1:8765' } });
  const provider = new JsonRpcProvider(values.rpc, undefined, { staticNetwork: true });
  process.stdout.write(`${JSON.stringify(await provider.send('peers', []), null, 2)}\n`);
  provider.destroy();
}

/** Once; a second start goes on with what is there. Throws UsageRefused where that is a network of another size. */
function makeNetwork(directory: string, count: number): void {
  const file = join(directory, 'genesis.json');
  if (existsSync(file)) {
    const { length } = readGenesis(file).document.witnesses;
    if (length !== count) throw new UsageRefused(`${directory} holds a network of ${length} witnesses, not ${count}`);
    return;
  }
  const keys = Array.from({ length: count }, () => newWitnessKey());
  for (const [index, { privateKey }] of keys.entries()) {
    const place = join(directory, `witness-${index + 1}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'witness.key'), privateKey, { mode: 0o600, flush: true });
  }
  const { allocations, deployments } = localGenesis(developmentWallet(0).address, localParameters);
  const parameters = localChainParameters({ witnessCount: count });
  const genesis: Genesis = { document: documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations, deployments }), deployments };
  writeFileSync(file, JSON.stringify(genesis), { flush: true });
}

export function readGenesis(file: string): Genesis {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Genesis;
  } catch (error) {
    throw new UsageRefused(`${file} holds no genesis: ${messageOf(error)}`);
  }
}

function portOf(text: string, name: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageRefused(`${name} is a port, not "${text}"`);
  return port;
}

/** On stderr. Throws UsageRefused. */
export function logOf(format: string, level: string): Log {
  if (format !== 'json' && format !== 'text') throw new UsageRefused(`--log is json or text, not "${format}"`);
  const known = logLevels.find((each) => each === level);
  if (known === undefined) throw new UsageRefused(`--log-level is one of ${logLevels.join(', ')}, not "${level}"`);
  return logTo((line) => { process.stderr.write(line); }, { format, level: known });
}

/** Of `--states-kept`. Throws UsageRefused. */
export function statesKept(text: string | undefined): { readonly statesKept?: number } {
  if (text === undefined) return {};
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new UsageRefused(`--states-kept is a count of blocks, not "${text}"`);
  return { statesKept: count };
}

function stopAsked(): { readonly asked: Promise<void>; stop(): void } {
  let stop = (): void => undefined;
  const asked = new Promise<void>((resolve) => { stop = resolve; });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { stop(); });
  return { asked, stop: () => { stop(); } };
}

function firstLine(child: ChildProcess, index: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new DevnetFailed('WITNESS_NOT_READY', `witness ${index + 1} is not ready after ${readyWithinMs / 1000} s`)); }, readyWithinMs);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new DevnetFailed('WITNESS_ENDED', `witness ${index + 1} ended with ${code ?? 'a signal'}`));
    });
    if (child.stdout !== null) createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      resolve(line);
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.removeAllListeners('exit');
    child.once('exit', () => { resolve(); });
    child.kill('SIGTERM');
  });
}
