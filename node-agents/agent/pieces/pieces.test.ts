import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commitPiece, orderStatement, receiptStatement, verifyPieceProof, type Order, type PieceProof } from '@oort/algorithms-possession';
import { newDeviceKey, signWith, verifySignature } from '@oort/kernel-identity';
import { openDiskStore } from './disk-store';
import { PieceConflict } from './faults';
import { NeedleLog } from './needle-log';
import type { PieceStore } from './port';
import { startPieceServer, type PieceServer } from './server';

let directory: string;
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'pieces-')); });
afterEach(async () => { await rm(directory, { recursive: true, force: true }); });

describe('the needle log', () => {
  it('reads back after a restart what it acknowledged, and nothing that was deleted', async () => {
    const log = await NeedleLog.open(directory);
    const pieces = new Map(Array.from({ length: 200 }, (_, index) => [`piece_${index}`, randomBytes(index * 7)]));
    await Promise.all([...pieces].map(([id, bytes]) => log.put(id, bytes)));
    await log.delete('piece_3');
    await log.close();
    const again = await NeedleLog.open(directory);
    expect(await again.get('piece_3')).toBeNull();
    for (const [id, bytes] of pieces) if (id !== 'piece_3') expect((await again.get(id))?.equals(bytes)).toBe(true);
    await again.close();
  });

  it.each([1, 30, 500])('ends at a needle torn %i bytes before its end, and goes on from there', async (torn) => {
    const log = await NeedleLog.open(directory);
    await log.put('piece_whole', randomBytes(400));
    await log.put('piece_torn', randomBytes(480));
    await log.close();
    const file = join(directory, '00000001.needles');
    await truncate(file, (await stat(file)).size - torn);
    const again = await NeedleLog.open(directory);
    expect(again.list().map(({ pieceId }) => pieceId)).toEqual(['piece_whole']);
    await again.put('piece_next', Buffer.from('next'));
    await again.close();
    const third = await NeedleLog.open(directory);
    expect(String(await third.get('piece_next'))).toBe('next');
    await third.close();
  });

  it('gives the space of deleted pieces back', async () => {
    const log = await NeedleLog.open(directory, 10_000);
    for (let index = 0; index < 40; index += 1) await log.put(`piece_${index}`, randomBytes(1000));
    for (let index = 0; index < 38; index += 1) await log.delete(`piece_${index}`);
    for (let index = 40; index < 44; index += 1) await log.put(`piece_${index}`, randomBytes(1000));
    expect((await readdir(directory)).length).toBeLessThan(3);
    await log.close();
    const again = await NeedleLog.open(directory, 10_000);
    expect(again.list().map(({ pieceId }) => pieceId).sort()).toEqual(['piece_38', 'piece_39', 'piece_40', 'piece_41', 'piece_42', 'piece_43']);
    await again.close();
  });
});

describe('the disk store', () => {
  it('keeps small and large pieces, and refuses other bytes under an id', async () => {
    const store = await openDiskStore(directory);
    const large = randomBytes(1_500_000);
    await store.put('piece_large', large);
    await store.put('piece_small', Buffer.from('small'));
    await store.put('piece_small', Buffer.from('small'));
    await expect(store.put('piece_small', Buffer.from('other'))).rejects.toThrow(PieceConflict);
    await store.close();
    await writeFile(join(directory, 'pieces', 'ge', 'piece_half.unfinished'), 'half');
    const again = await openDiskStore(directory);
    expect((await again.list()).map(({ pieceId, sizeBytes }) => [pieceId, sizeBytes])).toEqual([['piece_small', 5], ['piece_large', 1_500_000]]);
    expect((await again.get('piece_large'))?.equals(large)).toBe(true);
    await again.delete('piece_large');
    expect(await again.get('piece_large')).toBeNull();
    await again.close();
  });
});

describe('the piece server', () => {
  const platform = newDeviceKey();
  const key = newDeviceKey();
  let server: PieceServer;
  let store: PieceStore;
  beforeEach(async () => {
    store = await openDiskStore(directory);
    server = await startPieceServer({ store, nodeId: 'node_1', key, platformPublicKey: platform.publicKey, now: () => new Date() });
  });
  afterEach(async () => { await server.close(); await store.close(); });

  const order = (fields: Partial<Order>): Order => ({
    action: 'put', nodeId: 'node_1', pieceId: 'piece_1', accountId: 'account_1', maximumBytes: 15_000,
    expiresAt: new Date(Date.now() + 60_000).toISOString(), ...fields,
  });
  const call = (method: string, path: string, given: Order, body?: Buffer, signer = platform): Promise<Response> => {
    const statement = orderStatement(given);
    const authorization = `Oort-Order ${statement.toString('base64url')}.${signWith(signer, statement)}`;
    return fetch(`${server.endpoint}${path}`, { method, headers: { authorization }, ...(body === undefined ? {} : { body: new Uint8Array(body) }) });
  };

  it('takes a piece for a signed receipt, gives it back, proves it and deletes it', async () => {
    const bytes = randomBytes(14_321);
    const receipt = await (await call('PUT', '/pieces/piece_1', order({}), bytes)).json() as Record<string, string & number>;
    expect(receipt).toMatchObject({ nodeId: 'node_1', pieceId: 'piece_1', sizeBytes: 14_321, ...commitPiece(bytes) });
    const statement = receiptStatement({ nodeId: 'node_1', pieceId: 'piece_1', sizeBytes: 14_321, ...commitPiece(bytes) });
    expect(verifySignature(key.publicKey, statement, receipt['signature'] ?? '')).toBe(true);
    const back = await call('GET', '/pieces/piece_1', order({ action: 'get' }));
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
    const statementOfPart = orderStatement(order({ action: 'get', maximumBytes: 100 }));
    const part = await fetch(`${server.endpoint}/pieces/piece_1`, {
      headers: { range: 'bytes=5000-5099', authorization: `Oort-Order ${statementOfPart.toString('base64url')}.${signWith(platform, statementOfPart)}` },
    });
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5000, 5100))).toBe(true);
    const proof = await (await call('GET', '/pieces/piece_1/proof?leaf=2', order({ action: 'prove' }))).json() as PieceProof;
    expect(verifyPieceProof(commitPiece(bytes), 2, proof)).toBe(true);
    const inventory = await (await call('GET', '/pieces', order({ action: 'list', pieceId: '' }))).json();
    expect(inventory).toEqual({ pieces: [{ pieceId: 'piece_1', sizeBytes: 14_321 }] });
    expect((await call('DELETE', '/pieces/piece_1', order({ action: 'delete' }))).status).toBe(200);
    expect((await call('GET', '/pieces/piece_1', order({ action: 'get' }))).status).toBe(404);
  });

  it.each([
    ['no order', undefined, 401], ['another signer', { signer: newDeviceKey() }, 401], ['another node', { nodeId: 'node_2' }, 403],
    ['another piece', { pieceId: 'piece_2' }, 403], ['another action', { action: 'get' as const }, 403],
    ['an expired order', { expiresAt: '2020-01-01T00:00:00.000Z' }, 403], ['too many bytes', { maximumBytes: 10 }, 413],
  ])('refuses %s', async (_, change, status) => {
    if (change === undefined) {
      expect((await fetch(`${server.endpoint}/pieces/piece_1`, { method: 'PUT', body: 'x' })).status).toBe(status);
      return;
    }
    const { signer, ...fields } = { signer: platform, ...change };
    expect((await call('PUT', '/pieces/piece_1', order(fields), randomBytes(100), signer)).status).toBe(status);
    expect((await call('GET', '/pieces/piece_1', order({ action: 'get' }))).status).toBe(404);
  });
});
