import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentIdOf, diskContentStore } from '@oort/kernel-content';
import { newDeviceKey, signRequest } from '@oort/kernel-identity';
import { envelopeBytes, memoryBus, sealEnvelope, type Envelope, type TelemetryBus } from '@oort/kernel-telemetry';
import { openIngestDoor, type IngestDoor } from './door';

const key = newDeviceKey();
const nodeId = 'node_1';
let directory: string;
let telemetry: TelemetryBus;
let door: IngestDoor;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'oort-ingest-'));
  telemetry = memoryBus();
  door = await openIngestDoor({
    port: 0, telemetry, content: diskContentStore(directory),
    credentials: {
      session: (token) => (token === 'good' ? { accountId: 'account_1' } : null),
      nodeKey: (id) => Promise.resolve(id === nodeId ? key.publicKey : null),
      now: () => new Date(),
    },
  });
});

afterAll(async () => {
  await door.close();
  await telemetry.close();
  rmSync(directory, { recursive: true });
});

async function send(method: string, path: string, body?: Buffer | string, headers: Record<string, string> = {}): Promise<{ status: number; code: string | null; bytes: Buffer }> {
  const response = await fetch(`${door.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get('content-type') === 'application/json';
  const code = isJson ? (JSON.parse(bytes.toString()) as { error?: { code: string } }).error?.code ?? null : null;
  return { status: response.status, code, bytes };
}

function sealed(sequence: number, topic = 'heartbeats', previousHash: string | null = null): Envelope {
  return sealEnvelope({ nodeId, key, sequence, previousHash, topic, payload: { at: sequence }, now: new Date() });
}

describe('telemetry', () => {
  it('publishes envelopes that hold, one or many', async () => {
    expect((await send('POST', '/telemetry', envelopeBytes(sealed(0)))).status).toBe(202);
    expect((await send('POST', '/telemetry', JSON.stringify([sealed(1), sealed(2)]))).status).toBe(202);
    const stop = new AbortController();
    const seen: number[] = [];
    await telemetry.consume('heartbeats', 'test', ({ value }) => {
      seen.push((JSON.parse(value.toString()) as Envelope).sequence);
      if (seen.length === 3) stop.abort();
      return Promise.resolve();
    }, stop.signal);
    expect(seen).toEqual([0, 1, 2]);
  });

  it.each([
    ['no JSON', 'x', 400, 'BAD_REQUEST'],
    ['something else', '{}', 422, 'ENVELOPE_REJECTED'],
    ['a stranger\'s envelope', JSON.stringify({ ...sealed(3), nodeId: 'node_2' }), 401, 'UNAUTHENTICATED'],
    ['a changed envelope', JSON.stringify({ ...sealed(3), payload: 1 }), 422, 'ENVELOPE_REJECTED'],
    ['a topic that does not exist', JSON.stringify(sealed(3, 'gossip')), 422, 'UNKNOWN_TOPIC'],
    ['a good envelope beside a bad one', JSON.stringify([sealed(3), {}]), 422, 'ENVELOPE_REJECTED'],
  ])('refuses %s', async (_, body, status, code) => {
    expect(await send('POST', '/telemetry', body)).toMatchObject({ status, code });
  });
});

describe('content', () => {
  const bytes = Buffer.from('a piece of work');
  const path = `/content/${contentIdOf(bytes)}`;
  const asNode = (method: string, body: Buffer): Record<string, string> => ({ ...signRequest({ nodeId, key, method, path, body, now: new Date() }) });

  it('keeps what a node signed and gives it to an account', async () => {
    expect((await send('PUT', path, bytes, asNode('PUT', bytes))).status).toBe(201);
    expect((await send('GET', path, undefined, { authorization: 'Bearer good' })).bytes).toEqual(bytes);
    expect((await send('GET', path, undefined, asNode('GET', Buffer.alloc(0)))).status).toBe(200);
  });

  it.each([
    ['a stranger that puts', 'PUT', path, bytes, {}, 401, 'UNAUTHENTICATED'],
    ['a stranger that gets', 'GET', path, undefined, {}, 401, 'UNAUTHENTICATED'],
    ['a signature over other bytes', 'PUT', path, Buffer.from('other'), asNode('PUT', bytes), 401, 'UNAUTHENTICATED'],
    ['bytes of another id', 'PUT', path, Buffer.from('other'), asNode('PUT', Buffer.from('other')), 422, 'CONTENT_MISMATCH'],
    ['an id that nothing has', 'GET', `/content/${contentIdOf(createHash('sha256').update('x').digest())}`, undefined, { authorization: 'Bearer good' }, 404, 'CONTENT_MISSING'],
    ['another method', 'DELETE', path, undefined, { authorization: 'Bearer good' }, 405, 'METHOD_NOT_ALLOWED'],
    ['another path', 'GET', '/etc', undefined, {}, 404, 'NOT_FOUND'],
  ])('refuses %s', async (_, method, where, body, headers, status, code) => {
    expect(await send(method, where, body, headers)).toMatchObject({ status, code });
  });
});
