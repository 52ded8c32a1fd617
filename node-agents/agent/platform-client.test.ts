// A device whose clock is wrong, against a door that tells the time.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newDeviceKey } from '@oort/kernel-identity';
import { platformClient } from './platform-client';

let server: Server;
let url: string;
let stamps: string[] = [];
const directories: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    stamps.push(JSON.stringify(request.headers));
    request.resume().on('end', () => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"fine":true}}'); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => { stamps = []; });

/** Each a device of its own, since a device remembers what its clock is off by. */
const clientAt = (offsetMs: number) => {
  const directory = mkdtempSync(join(tmpdir(), 'oort-platform-client-'));
  directories.push(directory);
  return platformClient({ platform: url, ingest: url, directory, key: newDeviceKey(), nodeId: 'node_1', clock: () => new Date(Date.now() + offsetMs) });
};
const hour = 3_600_000;
const offset = (date: Date): number => Math.abs(date.getTime() - Date.now());

describe('a client on a device', () => {
  it.each([-hour, 24 * hour])('whose clock is off by %d ms goes by the platform\'s from its first answer on', async (offsetMs) => {
    const client = clientAt(offsetMs);
    expect(offset(client.now())).toBeGreaterThan(hour / 2);
    await client.graphql('{ fine }', {});
    expect(offset(client.now())).toBeLessThan(5000);
    await client.graphql('{ fine }', {});
    const times = stamps.map((headers) => Date.parse(/\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(headers)?.[0] ?? ''));
    expect(Math.abs((times[0] ?? 0) - Date.now())).toBeGreaterThan(hour / 2);
    expect(Math.abs((times[1] ?? 0) - Date.now())).toBeLessThan(5000);
  });

  it('whose clock is about right is left alone', async () => {
    const client = clientAt(1500);
    await client.graphql('{ fine }', {});
    expect(client.now().getTime() - Date.now()).toBeGreaterThan(1000);
  });
});
