// A device that leaves, against a door that is played.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newDeviceKey } from '@oort/kernel-identity';
import type { Identity } from './enrolment';
import { drainNode, leaveNetwork } from './leaving';
import { writeState } from './state-file';

let server: Server;
let status = 'active';
const signers: (string | undefined)[] = [];
const directory = mkdtempSync(join(tmpdir(), 'oort-leaving-'));

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => { body += part.toString(); }).on('end', () => {
      signers.push(JSON.stringify(request.headers).includes('node_1') ? 'node_1' : undefined);
      const field = body.includes('drainNode(') ? 'drainNode' : 'retireNode';
      if (field === 'drainNode') status = 'draining';
      const refused = field === 'retireNode' && status !== 'draining';
      const answer = refused ? { __typename: 'Refusal', code: 'NOT_DRAINING', message: 'Drain the node first.' } : { __typename: 'Node', status: field === 'drainNode' ? 'draining' : 'retired' };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: { [field]: answer } }));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const identity: Identity = { nodeId: 'node_1', kind: 'edge', operator: '0x', key: newDeviceKey(), platformPublicKey: '', platform: url, ingest: url };
  writeState(join(directory, 'identity.json'), identity);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

describe('a device that leaves', () => {
  it('drains first, by its own key', async () => {
    await expect(leaveNetwork(directory)).rejects.toMatchObject({ code: 'LEAVING_REFUSED', message: 'Drain the node first.' });
    expect(await drainNode(directory)).toBe('draining');
    expect(signers).toEqual(['node_1', 'node_1']);
  });

  it('keeps its place while results wait to be sent, and then forgets its key', async () => {
    mkdirSync(join(directory, 'results'));
    writeFileSync(join(directory, 'results', 'job_1.1.json'), '{}');
    await expect(leaveNetwork(directory)).rejects.toMatchObject({ message: expect.stringContaining('1 results wait') as string });
    rmSync(join(directory, 'results', 'job_1.1.json'));
    expect(await leaveNetwork(directory)).toBe('retired');
    expect(existsSync(join(directory, 'identity.json'))).toBe(false);
    await expect(drainNode(directory)).rejects.toMatchObject({ code: 'LEAVING_REFUSED' });
  });
});
