// Against our own S3 door, which is a second platform here: it has accounts, nodes and pieces of its own.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { openTestDoor, type TestDoor } from '@oort/gateway-s3/fixture-door';
import { PieceConflict } from '@oort/node-agents-agent/pieces/faults';
import type { PieceStore } from '@oort/node-agents-agent/pieces/port';
import { bucketAddress } from './address';
import { openBucketStore } from './bucket-store';
import { BucketAddressInvalid, BucketOfAnotherNode, BucketUnavailable } from './faults';

let door: TestDoor;
let directory: string;
let bucket: string;
const said: string[] = [];
beforeAll(async () => {
  door = await openTestDoor();
  directory = await mkdtemp(join(tmpdir(), 'bucket-'));
});
beforeEach(async () => { bucket = await door.newBucket(); });
afterAll(async () => {
  await door.close();
  await rm(directory, { recursive: true, force: true });
});

const open = (endpoint = door.url, node = bucket, place = `s3://${bucket}/node-a`): Promise<PieceStore> => openBucketStore({
  address: bucketAddress(`${place}?endpoint=${endpoint}`), directory: join(directory, node), attempts: 4,
  credentials: { accessKeyId: 'AKIAONE', secretAccessKey: 'secret one' }, log: (text) => said.push(text),
});

describe('pieces in a bucket elsewhere', () => {
  it('are read back whole and in parts, listed with their sizes, and deleted, by a restarted node too', async () => {
    const store = await open();
    const large = randomBytes(200_001);
    const pieces = new Map([['piece_large', large], ['piece_frame', randomBytes(65_536)], ['piece_empty', Buffer.alloc(0)], ['piece_small', Buffer.from('small')]]);
    await Promise.all([...pieces].map(([id, bytes]) => store.put(id, id === 'piece_large' ? [bytes.subarray(0, 7), bytes.subarray(7)] : bytes)));
    await store.close();
    const again = await open();
    for (const [id, bytes] of pieces) expect((await again.get(id))?.equals(bytes)).toBe(true);
    for (const [start, end] of [[0, 1], [65_530, 65_540], [131_072, 131_073], [150_000, 300_000], [200_001, 200_002], [900_000, 900_001], [5, 5]] as const) {
      expect((await again.read('piece_large', start, end))?.equals(large.subarray(start, end))).toBe(true);
    }
    expect([...await again.list()].sort((one, other) => one.sizeBytes - other.sizeBytes)).toEqual([
      { pieceId: 'piece_empty', sizeBytes: 0 }, { pieceId: 'piece_small', sizeBytes: 5 }, { pieceId: 'piece_frame', sizeBytes: 65_536 }, { pieceId: 'piece_large', sizeBytes: 200_001 }]);
    await again.delete('piece_large');
    await again.delete('piece_large');
    expect([await again.get('piece_large'), await again.read('piece_large', 0, 5)]).toEqual([null, null]);
    await again.close();
  });

  it('are never written over: the same bytes are taken twice, others are refused', async () => {
    const store = await open();
    await store.put('piece_1', Buffer.from('first'));
    await store.put('piece_1', Buffer.from('first'));
    await expect(store.put('piece_1', Buffer.from('other'))).rejects.toThrow(PieceConflict);
    const both = await Promise.allSettled([store.put('piece_2', Buffer.from('one')), store.put('piece_2', Buffer.from('two'))]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(String(await store.get('piece_2'))).toBe('one');
    await store.close();
  });

  it('count as lost when the bucket gives back other bytes, a part of them or another piece, and can be written anew', async () => {
    const store = await open();
    const bytes = randomBytes(140_000);
    await store.put('piece_1', bytes);
    const Key = 'node-a/pieces/piece_1';
    const stored = Buffer.from(await (await door.s3.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body?.transformToByteArray() ?? []);
    const flipped = Buffer.from(stored);
    flipped.writeUInt8(flipped.readUInt8(70_000) ^ 1, 70_000);
    for (const Body of [flipped, stored.subarray(0, 65_552), stored.subarray(0, 3), Buffer.alloc(0)]) {
      await door.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
      expect(await store.get('piece_1')).toBeNull();
      if (Body.length > 3) expect(await store.read('piece_1', Body === flipped ? 66_000 : 0, 67_000)).toBeNull();
    }
    expect(said.join()).toMatch(/piece_1 is not as it was written/);
    await door.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'node-a/pieces/piece_2', Body: stored }));
    expect(await store.get('piece_2')).toBeNull();
    await store.put('piece_1', bytes);
    expect((await store.get('piece_1'))?.equals(bytes)).toBe(true);
    await store.close();
  });

  it('lie apart from those of another node, which is refused the same place', async () => {
    const store = await open();
    await store.put('piece_1', Buffer.from('mine'));
    await expect(open(door.url, `${bucket}-b`)).rejects.toThrow(BucketOfAnotherNode);
    const other = await open(door.url, `${bucket}-b`, `s3://${bucket}/node-b`);
    expect(await other.list()).toEqual([]);
    expect(await store.list()).toHaveLength(1);
    await Promise.all([store.close(), other.close()]);
    expect((await door.s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents).toHaveLength(3);
  });
});

describe('a provider that is not well', () => {
  let provider: Server;
  let trouble: (request: IncomingMessage, response: ServerResponse) => 'pass' | 'answered' | 'lost' | 'unconditional';
  let url: string;
  beforeEach(async () => {
    trouble = (): 'pass' => 'pass';
    provider = createServer((asked, response) => { void forward(asked, response); });
    await new Promise<void>((listening) => { provider.listen(0, '127.0.0.1', listening); });
    const address = provider.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterEach(() => { provider.closeAllConnections(); provider.close(); });

  /** To the door, whose signatures hold because the signed host goes along. */
  async function forward(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Buffer[] = [];
    for await (const part of asked as AsyncIterable<Buffer>) body.push(part);
    const what = trouble(asked, response);
    if (what === 'answered') return;
    const onward = request(`${door.url}${asked.url ?? ''}`, { method: asked.method, headers: asked.headers }, (answer) => {
      if (what === 'lost') { answer.resume().on('end', () => response.destroy()); return; }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.end(Buffer.concat(body));
  }

  it('is asked again when it is busy, and when its answer to a write is lost', async () => {
    const store = await open(url);
    let [busy, lost] = [2, 1];
    trouble = (asked, response) => {
      if (asked.method === 'PUT' && busy-- > 0) { response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>'); return 'answered'; }
      return asked.method === 'PUT' && lost-- > 0 ? 'lost' : 'pass';
    };
    await store.put('piece_1', Buffer.from('kept'));
    expect([busy < 0, lost < 0]).toEqual([true, true]);
    expect(String(await store.get('piece_1'))).toBe('kept');
    await store.close();
  });

  it('gets no receipt from this node while it fails, and takes nothing with it', async () => {
    const store = await open(url);
    await store.put('piece_1', Buffer.from('kept'));
    trouble = (_, response) => { response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>'); return 'answered'; };
    await expect(store.put('piece_2', Buffer.from('refused'))).rejects.toThrow(BucketUnavailable);
    await expect(store.get('piece_1')).rejects.toThrow(BucketUnavailable);
    await expect(store.list()).rejects.toThrow(BucketUnavailable);
    trouble = (): 'pass' => 'pass';
    expect(await store.list()).toEqual([{ pieceId: 'piece_1', sizeBytes: 4 }]);
    await store.close();
  });

  it('may refuse conditional writes; then pieces are looked up first', async () => {
    trouble = (asked, response) => {
      if (asked.headers['if-none-match'] === undefined) return 'pass';
      response.writeHead(501).end('<Error><Code>NotImplemented</Code></Error>');
      return 'answered';
    };
    const store = await open(url);
    await store.put('piece_1', Buffer.from('first'));
    await store.put('piece_1', Buffer.from('first'));
    await expect(store.put('piece_1', Buffer.from('other'))).rejects.toThrow(PieceConflict);
    await store.close();
  });
});

describe('the address of a bucket', () => {
  it('says bucket, prefix, endpoint and region', () => {
    expect(bucketAddress('s3://pieces/of/node?endpoint=https://s3.example&region=eu-1')).toEqual({ bucket: 'pieces', prefix: 'of/node/', endpoint: 'https://s3.example', region: 'eu-1' });
    expect(bucketAddress('s3://pieces')).toEqual({ bucket: 'pieces', prefix: '', endpoint: null, region: 'us-east-1' });
  });

  it.each(['pieces', 'https://pieces', 's3://', 's3://key:secret@pieces', 's3://pieces?enpoint=http://x', 's3://pieces?endpoint=x'])('is refused as %s', (text) => {
    expect(() => bucketAddress(text)).toThrow(BucketAddressInvalid);
  });
});
