// `oort agent join`: a node on this machine.
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { drainNode, installGpu, leaveNetwork } from '@oort/node-agents-agent';
import { startArchiveAgent } from '@oort/node-agents-archive-agent';
import { startEdgeAgent } from '@oort/node-agents-edge-agent';
import { startSuperAgent } from '@oort/node-agents-super-agent';
import { readOptions, required, UsageRefused } from './usage';

const kinds = ['super', 'archive', 'edge'] as const;
const starts = { super: startSuperAgent, archive: startArchiveAgent, edge: startEdgeAgent } as const;

export async function joinAgent(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, {
    kind: { type: 'string' }, token: { type: 'string' }, operator: { type: 'string' }, platform: { type: 'string', default: 'http://127.0.0.1:4000' },
    ingest: { type: 'string', default: 'http://127.0.0.1:4100' }, data: { type: 'string' }, name: { type: 'string', default: hostname() },
    'piece-store': { type: 'string' }, cache: { type: 'string' }, region: { type: 'string' }, pool: { type: 'string' }, rpc: { type: 'string', default: 'http://127.0.0.1:8765' },
  });
  const kind = kinds.find((one) => one === values.kind);
  if (kind === undefined) throw new UsageRefused(`--kind is one of ${kinds.join(', ')}`);
  const pieceStore = values['piece-store'];
  if (pieceStore !== undefined && kind !== 'super') throw new UsageRefused('--piece-store is for super nodes');
  if (values.pool !== undefined && kind === 'edge') throw new UsageRefused('--pool is for nodes that keep pieces');
  const cacheBytes = bytesOf(values.cache);
  if (cacheBytes !== null && kind !== 'edge') throw new UsageRefused('--cache is for edge nodes');
  const agent = await starts[kind]({
    ...(values.token === undefined ? {} : { token: values.token }), ...(values.operator === undefined ? {} : { operator: values.operator }),
    platform: values.platform, ingest: values.ingest, directory: values.data === undefined ? join(homedir(), '.oort', `agent-${kind}`) : resolve(values.data), name: values.name,
    ...(values.pool === undefined ? {} : { court: { pool: values.pool, rpc: values.rpc } }),
    ...(pieceStore === undefined ? {} : { pieceStore }), ...(cacheBytes === null ? {} : { cacheBytes }), ...(values.region === undefined ? {} : { region: values.region }),
  });
  process.stdout.write(`${JSON.stringify({ ready: true, nodeId: agent.nodeId, endpoint: agent.endpoint })}\n`);
  await new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { done(); });
    // Started by a platform on this machine: it ends with it, however that ended.
    process.once('disconnect', () => { done(); });
  });
  await agent.close();
}

/** `500M` and `20G` are of 1024. Throws UsageRefused. */
function bytesOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, digits, unit = ''] = /^(\d{1,12})([KMGT]?)$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) === 0) throw new UsageRefused(`--cache is a size like 20G, not "${text}"`);
  return Number(digits) * 1024 ** ' KMGT'.indexOf(unit === '' ? ' ' : unit);
}

/** `oort agent gpu install`: before joining. */
export function gpuCommand([asked = '', ...rest]: readonly string[]): Promise<void> {
  if (asked !== 'install') throw new UsageRefused('oort agent gpu install --data DIR');
  const { values } = readOptions(rest, { data: { type: 'string' } });
  const { gpu, runtimeClass } = installGpu(resolve(required(values.data, '--data')));
  process.stdout.write(`${gpu.name}, ${gpu.memoryMb} MiB: ${runtimeClass}\n`);
  return Promise.resolve();
}

/** Work and pieces move away; the agent goes on running meanwhile. */
export async function drainAgent(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string' } });
  process.stdout.write(`${await drainNode(resolve(required(values.data, '--data')))}\n`);
}

/** For good, once drained and once all results are taken. */
export async function leaveAgent(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string' } });
  process.stdout.write(`${await leaveNetwork(resolve(required(values.data, '--data')))}\n`);
}
