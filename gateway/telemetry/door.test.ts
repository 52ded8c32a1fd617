import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentIdOf, diskContentStore } from '@oort/kernel-content';
import { newDeviceKey, signRequest } from '@oort/kernel-identity';
import { batchBytes, BusUnreachable, memoryBus, openEnvelope, sealEnvelope, type EnvelopeToSeal, type TelemetryBus } from '@oort/kernel-telemetry';
import { encodeReading } from '@oort/schema/telemetry/readings';
import { openIngestDoor, type IngestDoor } from './door';

const key = newDeviceKey();
const nodeId = 'node_1';
const rights = new Set<string>();
let directory: string;
let telemetry: TelemetryBus;
let door: IngestDoor;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'oort-ingest-'));
  telemetry = memoryBus();
  door = await openIngestDoor({
    port: 0, telemetry, content: diskContentStore(directory),
    access: {
      handedIn: (contentId, by) => { rights.add(`${contentId}/${by}`); return Promise.resolve(); },
      mayFetch: (contentId, reader) => Promise.resolve(rights.has(`${contentId}/${reader}`)),
    },
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

function sealed(sequence: number, change: Partial<EnvelopeToSeal> = {}): Buffer {
  return sealEnvelope({
    nodeId, key, topic: 'heartbeats', epoch: 1, epochReason: 'first', sequence, previousHash: sequence === 0 ? null : 'ab'.repeat(32),
    sealedAtMs: Date.now(), readings: [encodeReading('heartbeats', { atMs: Date.now(), endpoint: '' })], ...change,
  }).bytes;
}

function changed(envelope: Buffer): Buffer {
  const bytes = Buffer.from(envelope);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes;
}

describe('telemetry', () => {
  it('publishes envelopes that hold, one or many, and tells the time', async () => {
    const answer = await send('POST', '/telemetry', batchBytes([sealed(0)]));
    expect(answer.status).toBe(202);
    const { accepted, now } = JSON.parse(answer.bytes.toString()) as { accepted: number; now: string };
    expect([accepted, Math.abs(Date.parse(now) - Date.now()) < 60_000]).toEqual([1, true]);
    expect((await send('POST', '/telemetry', batchBytes([sealed(1), sealed(2)]))).status).toBe(202);
    const stop = new AbortController();
    const seen: number[] = [];
    await telemetry.consume('heartbeats', 'test', ({ value }) => {
      seen.push(openEnvelope(value, key.publicKey).sequence);
      if (seen.length === 3) stop.abort();
      return Promise.resolve();
    }, stop.signal);
    expect(seen).toEqual([0, 1, 2]);
  });

  it.each<[string, Buffer | string, number, string]>([
    ['no protobuf', '{}', 400, 'ENVELOPE_MALFORMED'],
    ['something else', batchBytes([Buffer.from('x')]), 422, 'ENVELOPE_MALFORMED'],
    ['a stranger\'s envelope', batchBytes([sealed(3, { nodeId: 'node_2' })]), 401, 'UNAUTHENTICATED'],
    ['a changed envelope', batchBytes([changed(sealed(3))]), 422, 'ENVELOPE_SIGNATURE'],
    ['a topic that does not exist', batchBytes([sealed(3, { topic: 'gossip' })]), 422, 'UNKNOWN_TOPIC'],
    ['an envelope that is too large', batchBytes([Buffer.alloc(1024 * 1024 + 1)]), 413, 'ENVELOPE_OVERSIZED'],
    ['too many envelopes', batchBytes(Array.from({ length: 1001 }, () => Buffer.of(1))), 413, 'BATCH_TOO_LARGE'],
    ['a good envelope beside a bad one', batchBytes([sealed(3), changed(sealed(4))]), 422, 'ENVELOPE_SIGNATURE'],
  ])('refuses %s, and publishes nothing', async (_, body, status, code) => {
    expect(await send('POST', '/telemetry', body)).toMatchObject({ status, code });
    expect(await telemetry.peek('heartbeats', 'test', () => Promise.resolve())).toBe(0);
  });

  it('says that it should be sent again when the bus is away, and publishes what is sent twice meanwhile once', async () => {
    const publish = jest.spyOn(telemetry, 'publish').mockRejectedValueOnce(new BusUnreachable(['127.0.0.1:1'], 'planned'));
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await send('POST', '/telemetry', batchBytes([sealed(3)]))).toMatchObject({ status: 503, code: 'TELEMETRY_UNAVAILABLE' });
    write.mockRestore();
    const same = batchBytes([sealed(3)]);
    let go: () => void = () => undefined;
    publish.mockReset().mockImplementation(() => new Promise((resolve) => { go = resolve; }));
    const both = [send('POST', '/telemetry', same), send('POST', '/telemetry', same)];
    while (publish.mock.calls.length === 0) await sleep(5);
    await sleep(50);
    go();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([202, 202]);
    expect(publish.mock.calls.length).toBe(1);
    publish.mockRestore();
  });
});

describe('content', () => {
  const bytes = Buffer.from('a piece of work');
  const open = Buffer.from('work that is open to all');
  const path = `/content/${contentIdOf(bytes)}`;
  const asNode = (method: string, body: Buffer): Record<string, string> => ({ ...signRequest({ nodeId, key, method, path, body, now: new Date() }) });

  it('keeps what a node signed, and gives it to that node and to whoever else may have it', async () => {
    expect((await send('PUT', path, bytes, asNode('PUT', bytes))).status).toBe(201);
    expect((await send('GET', path, undefined, asNode('GET', Buffer.alloc(0)))).bytes).toEqual(bytes);
    const unknown = await send('GET', `/content/${contentIdOf(Buffer.from('nowhere'))}`, undefined, { authorization: 'Bearer good' });
    expect(unknown).toMatchObject({ status: 404, code: 'CONTENT_MISSING' });
    const refused = await send('GET', path, undefined, { authorization: 'Bearer good' });
    expect(refused).toEqual(unknown);
    rights.add(`${contentIdOf(open)}/everybody`);
    expect((await send('PUT', `/content/${contentIdOf(open)}`, open, { authorization: 'Bearer good' })).status).toBe(201);
    expect((await send('GET', `/content/${contentIdOf(open)}`)).bytes).toEqual(open);
    rights.add(`${contentIdOf(bytes)}/account_1`);
    expect((await send('GET', path, undefined, { authorization: 'Bearer good' })).bytes).toEqual(bytes);
  });

  it('may be asked by a page of anywhere, which says who it is by signature', async () => {
    const response = await fetch(`${door.url}${path}`, { method: 'OPTIONS', headers: { origin: 'https://elsewhere.example' } });
    expect([response.status, response.headers.get('access-control-allow-origin'), response.headers.get('access-control-allow-credentials')]).toEqual([204, '*', null]);
    expect(response.headers.get('access-control-allow-headers')).toContain('x-oort-signature');
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
