// A node that keeps pieces on a device whose clock is wrong, against a door that tells the time and nothing else.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderStatement, type OrderAction } from '@oort/algorithms-possession';
import { newDeviceKey, signWith } from '@oort/kernel-identity';
import { startAgent, type RunningAgent } from './agent';
import type { Identity } from './enrolment';
import { openDiskStore } from './pieces/disk-store';
import { writeState } from './state-file';

const day = 24 * 3600 * 1000;
const platformKey = newDeviceKey();
const directory = mkdtempSync(join(tmpdir(), 'oort-clock-'));
let server: Server;
let asked: Promise<void>;
let agent: RunningAgent | null = null;

beforeAll(async () => {
  let tell: () => void = () => undefined;
  asked = new Promise((resolve) => { tell = resolve; });
  server = createServer((request, response) => {
    request.resume().once('end', () => { response.writeHead(503).end('{}', tell); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
});

afterAll(async () => {
  await agent?.close();
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

async function ask(action: OrderAction, method: string, body?: Buffer): Promise<number> {
  const statement = orderStatement({ action, nodeId: 'node_1', pieceId: 'piece_1', accountId: 'account_1', maximumBytes: 100, expiresAt: new Date(Date.now() + 60_000).toISOString(), serial: method });
  const authorization = `Oort-Order ${statement.toString('base64url')}.${signWith(platformKey, statement)}`;
  return (await fetch(`${agent?.endpoint ?? ''}/pieces/piece_1`, { method, headers: { authorization }, ...(body === undefined ? {} : { body }) })).status;
}

it('obeys the platform\'s orders by the platform\'s clock', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeState(join(directory, 'identity.json'), { nodeId: 'node_1', kind: 'super', operator: '0x', key: newDeviceKey(), platformPublicKey: platformKey.publicKey, platform: url, ingest: url } satisfies Identity);
  writeState(join(directory, 'benchmark.json'), { atMs: Date.now() + day });
  const clock = (): Date => new Date(Date.now() + day);
  agent = await startAgent({ kind: 'super', directory, platform: url, ingest: url, clock, environment: {}, log: () => undefined }, { lanes: [], pieces: openDiskStore });
  await asked;
  // The answer is on its way to the agent still.
  while (await ask('put', 'PUT', Buffer.from('bytes')) === 403) await new Promise((resolve) => { setTimeout(resolve, 20); });
  expect([await ask('put', 'PUT', Buffer.from('bytes')), await ask('get', 'GET')]).toEqual([201, 200]);
});
