// `oort agent join`: a node on this machine.
import { hostname } from 'node:os';
import { resolve } from 'node:path';
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
  });
  const kind = kinds.find((one) => one === values.kind);
  if (kind === undefined) throw new UsageRefused(`--kind is one of ${kinds.join(', ')}`);
  const agent = await starts[kind]({
    token: required(values.token, '--token'), operator: required(values.operator, '--operator'),
    platform: values.platform, ingest: values.ingest, directory: resolve(required(values.data, '--data')), name: values.name,
  });
  process.stdout.write(`${JSON.stringify({ ready: true, nodeId: agent.nodeId, endpoint: agent.endpoint })}\n`);
  await new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { done(); });
    // Started by a platform on this machine: it ends with it, however that ended.
    process.once('disconnect', () => { done(); });
  });
  await agent.close();
}
