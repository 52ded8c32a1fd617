// The stock AWS SDK against the door, over real piece servers.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand,
  DeleteBucketCommand, DeleteObjectCommand, DeleteObjectsCommand, GetBucketWebsiteCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, ListBucketsCommand,
  ListMultipartUploadsCommand, ListObjectsCommand, ListObjectsV2Command, ListObjectVersionsCommand, ListPartsCommand, PutObjectCommand,
  RestoreObjectCommand, S3Client, S3ServiceException, UploadPartCommand, UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { fileKeyStore, memoryStore } from '@oort/kernel-eventstore';
import { newDeviceKey } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { startTestNodes, type TestNode } from '@oort/node-agents-agent/pieces/fixture-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { createStorageSubgraph, DataPath } from '@oort/subgraphs-storage';
import { openS3Door, type S3Door } from './index';

const now = (): Date => new Date();
const keys = new Map([
  ['AKIAONE', { accountId: 'account_1', accessKeyId: 'AKIAONE', secretAccessKey: 'secret one' }],
  ['AKIATWO', { accountId: 'account_2', accessKeyId: 'AKIATWO', secretAccessKey: 'secret two' }],
]);
let directory: string;
let postgres: TestDatabase;
let readModels: OpenReadModels;
let nodes: TestNode[];
let dataPath: DataPath;
let door: S3Door;
let s3: S3Client;
const stop = new AbortController();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3-'));
  postgres = await testPostgres();
  const store = memoryStore();
  readModels = await openReadModels({ url: postgres.url, projections: [objectsProjection], store });
  await readModels.start(stop.signal);
  const platformKey = newDeviceKey();
  nodes = await startTestNodes(6, directory, platformKey.publicKey);
  dataPath = new DataPath({ nodes: () => Promise.resolve(nodes.map((node) => node.shown())), platformKey, now });
  const { objects } = await createStorageSubgraph({ store, readModels, dataPath, keys: fileKeyStore(join(directory, 'keys')), now });
  door = await openS3Door({ objects, findS3Key: (id) => keys.get(id) ?? null, port: 0, now });
  s3 = client('AKIAONE', 'secret one');
});

afterAll(async () => {
  stop.abort();
  s3.destroy();
  await door.close();
  await readModels.close();
  await postgres.stop();
  await dataPath.close();
  await Promise.all(nodes.map((node) => node.kill()));
  await rm(directory, { recursive: true, force: true });
});

function client(accessKeyId: string, secretAccessKey: string): S3Client {
  return new S3Client({ endpoint: door.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } });
}

let buckets = 0;
async function newBucket(): Promise<string> {
  buckets += 1;
  const Bucket = `bucket-${buckets}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

async function codeOf(sent: Promise<unknown>): Promise<string> {
  return sent.then(() => 'no error', (error: unknown) => (error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error)));
}

async function bytesOf(Bucket: string, Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...(Range === undefined ? {} : { Range }) }));
  return Buffer.from(await Body?.transformToByteArray() ?? []);
}

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

describe('buckets', () => {
  it('are made, seen, listed and deleted by their owner', async () => {
    const Bucket = await newBucket();
    await s3.send(new HeadBucketCommand({ Bucket }));
    expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toContain(Bucket);
    const other = client('AKIATWO', 'secret two');
    expect(await codeOf(other.send(new CreateBucketCommand({ Bucket })))).toBe('409 BucketAlreadyExists');
    expect(await codeOf(other.send(new ListObjectsV2Command({ Bucket })))).toBe('403 AccessDenied');
    other.destroy();
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('409 BucketNotEmpty');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await s3.send(new DeleteBucketCommand({ Bucket }));
    expect(await codeOf(s3.send(new ListObjectsV2Command({ Bucket })))).toBe('404 NoSuchBucket');
    expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket: 'No' })))).toBe('400 InvalidBucketName');
    expect(await codeOf(s3.send(new GetBucketWebsiteCommand({ Bucket: await newBucket() })))).toBe('501 NotImplemented');
  });
});

describe('objects', () => {
  it.each([0, 5, 1024, 70_000, 10_000_000])('of %i bytes come back with their headers, whole and in ranges', async (size) => {
    const Bucket = await newBucket();
    const body = randomBytes(size);
    const put = await s3.send(new PutObjectCommand({ Bucket, Key: 'a/b c+ü.bin', Body: body, ContentType: 'image/png', Metadata: { colour: 'blue' }, CacheControl: 'no-cache' }));
    expect(put.ETag).toBe(`"${md5(body)}"`);
    expect(put.ChecksumCRC32).toBeDefined();
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/b c+ü.bin', ChecksumMode: 'ENABLED' }));
    expect(got).toMatchObject({ ContentLength: size, ContentType: 'image/png', Metadata: { colour: 'blue' }, CacheControl: 'no-cache', ETag: put.ETag, ChecksumCRC32: put.ChecksumCRC32 });
    expect(got.ContentEncoding).toBeUndefined();
    expect(Buffer.from(await got.Body?.transformToByteArray() ?? []).equals(body)).toBe(true);
    if (size > 10) {
      expect((await bytesOf(Bucket, 'a/b c+ü.bin', 'bytes=3-9')).equals(body.subarray(3, 10))).toBe(true);
      expect((await bytesOf(Bucket, 'a/b c+ü.bin', 'bytes=-4')).equals(body.subarray(-4))).toBe(true);
      expect((await bytesOf(Bucket, 'a/b c+ü.bin', `bytes=${size - 2}-`)).equals(body.subarray(-2))).toBe(true);
    }
    expect(await codeOf(bytesOf(Bucket, 'a/b c+ü.bin', `bytes=${size}-`))).toBe('416 InvalidRange');
  });

  it('are streamed in with any of the checksums, and refused with a wrong one', async () => {
    const Bucket = await newBucket();
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
      await s3.send(new PutObjectCommand({ Bucket, Key: ChecksumAlgorithm, Body: 'hello', ChecksumAlgorithm }));
    }
    expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'bad', Body: 'hello', ChecksumCRC32: 'AAAAAA==' })))).toBe('400 BadDigest');
    expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'bad', Body: 'hello', ContentMD5: md5(Buffer.from('x')) })))).toMatch(/400 (InvalidDigest|BadDigest)/);
    expect(await codeOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'bad' })))).toBe('404 NotFound');
  });

  it('are read and written under conditions', async () => {
    const Bucket = await newBucket();
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'one' }));
    expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two', IfNoneMatch: '*' })))).toBe('412 PreconditionFailed');
    expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two', IfMatch: '"0"' })))).toBe('412 PreconditionFailed');
    expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'none', Body: 'two', IfMatch: ETag })))).toBe('404 NoSuchKey');
    expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: 'a', IfNoneMatch: ETag })))).toMatch(/^304/);
    expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: 'a', IfMatch: '"0"' })))).toBe('412 PreconditionFailed');
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two', IfMatch: ETag }));
    expect(String(await bytesOf(Bucket, 'a'))).toBe('two');
  });

  it('are copied, and deleted by the batch', async () => {
    const Bucket = await newBucket();
    await s3.send(new PutObjectCommand({ Bucket, Key: '007', Body: 'bond', Metadata: { licence: 'kill' } }));
    await s3.send(new CopyObjectCommand({ Bucket, Key: ' copy ', CopySource: `${Bucket}/007` }));
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: ' copy ' }))).toMatchObject({ Metadata: { licence: 'kill' }, ContentLength: 4 });
    const { Deleted } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: '007' }, { Key: ' copy ' }, { Key: 'never' }] } }));
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['007', ' copy ', 'never']);
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
    expect(await codeOf(bytesOf(Bucket, '007'))).toBe('404 NoSuchKey');
  });

  it('go cold and come back', async () => {
    const Bucket = await newBucket();
    const body = randomBytes(100_000);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: body, StorageClass: 'GLACIER' }));
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).toMatchObject({ StorageClass: 'GLACIER' });
    expect(await codeOf(bytesOf(Bucket, 'a'))).toBe('403 InvalidObjectState');
    await s3.send(new RestoreObjectCommand({ Bucket, Key: 'a', RestoreRequest: { Days: 1 } }));
    expect((await bytesOf(Bucket, 'a')).equals(body)).toBe(true);
  });
});

describe('listing', () => {
  it('pages by bytes, with prefixes and delimiters, in both versions', async () => {
    const Bucket = await newBucket();
    const all = ['a', 'b/1', 'b/2', 'b/c/3', 'd', 'é', '\u{1F600}', '\u{FFFD}'];
    await Promise.all(all.map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))));
    const sorted = [...all].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    const seen: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 3, ...(ContinuationToken === undefined ? {} : { ContinuationToken }) }));
      seen.push(...page.Contents?.map(({ Key }) => Key ?? '') ?? []);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(seen).toEqual(sorted);
    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 2 }));
    expect([folders.Contents?.map(({ Key }) => Key), folders.CommonPrefixes, folders.IsTruncated]).toEqual([['a'], [{ Prefix: 'b/' }], true]);
    const next = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 1, ContinuationToken: folders.NextContinuationToken }));
    expect(next.Contents?.map(({ Key }) => Key)).toEqual(['d']);
    const inside = await s3.send(new ListObjectsCommand({ Bucket, Prefix: 'b/', Delimiter: '/' }));
    expect([inside.Contents?.map(({ Key }) => Key), inside.CommonPrefixes]).toEqual([['b/1', 'b/2'], [{ Prefix: 'b/c/' }]]);
    expect((await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions?.map(({ Key, VersionId }) => [Key, VersionId])).toEqual(sorted.map((key) => [key, 'null']));
  });
});

describe('multipart uploads', () => {
  it('join parts that came in any order', async () => {
    const Bucket = await newBucket();
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(5 * 1024 * 1024), randomBytes(1000)];
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big', ContentType: 'video/mp4' }));
    const target = { Bucket, Key: 'big', UploadId };
    await s3.send(new UploadPartCommand({ ...target, PartNumber: 1, Body: randomBytes(100) }));
    const etags: (string | undefined)[] = [];
    for (const number of [3, 1]) etags[number - 1] = (await s3.send(new UploadPartCommand({ ...target, PartNumber: number, Body: parts[number - 1] ?? '' }))).ETag;
    await s3.send(new PutObjectCommand({ Bucket, Key: 'second', Body: parts[1] ?? '' }));
    etags[1] = (await s3.send(new UploadPartCopyCommand({ ...target, PartNumber: 2, CopySource: `${Bucket}/second` }))).CopyPartResult?.ETag;
    expect((await s3.send(new ListPartsCommand(target))).Parts?.map(({ Size }) => Size)).toEqual(parts.map(({ length }) => length));
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.map((upload) => upload.UploadId)).toEqual([UploadId]);
    const Parts = etags.map((ETag, index) => ({ PartNumber: index + 1, ETag }));
    expect(await codeOf(s3.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: [...Parts].reverse() } })))).toBe('400 InvalidPartOrder');
    expect(await codeOf(s3.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"0"' }] } })))).toBe('400 InvalidPart');
    const done = await s3.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } }));
    const digest = md5(Buffer.concat(parts.map((part) => Buffer.from(md5(part), 'hex'))));
    expect(done.ETag).toBe(`"${digest}-3"`);
    expect((await s3.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } }))).ETag).toBe(done.ETag);
    expect((await bytesOf(Bucket, 'big')).equals(Buffer.concat(parts))).toBe(true);
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
  });

  it('are aborted, and refuse small parts before the last', async () => {
    const Bucket = await newBucket();
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a' }));
    const target = { Bucket, Key: 'a', UploadId };
    const { ETag } = await s3.send(new UploadPartCommand({ ...target, PartNumber: 1, Body: 'small' }));
    const last = await s3.send(new UploadPartCommand({ ...target, PartNumber: 2, Body: 'last' }));
    const Parts = [{ PartNumber: 1, ETag }, { PartNumber: 2, ETag: last.ETag }];
    expect(await codeOf(s3.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } })))).toBe('400 EntityTooSmall');
    await s3.send(new AbortMultipartUploadCommand(target));
    expect(await codeOf(s3.send(new UploadPartCommand({ ...target, PartNumber: 1, Body: 'late' })))).toBe('404 NoSuchUpload');
  });
});

describe('signatures', () => {
  it('of strangers, with a wrong secret and of nobody are refused', async () => {
    const Bucket = await newBucket();
    const stranger = client('AKIANOBODY', 'secret one');
    expect(await codeOf(stranger.send(new ListBucketsCommand({})))).toBe('403 InvalidAccessKeyId');
    const liar = client('AKIAONE', 'secret two');
    expect(await codeOf(liar.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' })))).toBe('403 SignatureDoesNotMatch');
    expect((await fetch(`${door.url}/${Bucket}/a`)).status).toBe(403);
    stranger.destroy();
    liar.destroy();
  });

  it('in a URL open it until they expire', async () => {
    const Bucket = await newBucket();
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a b', Body: 'presigned' }));
    const url = presign('GET', `/${Bucket}/a%20b`, 60, new Date());
    expect(await (await fetch(url)).text()).toBe('presigned');
    expect((await fetch(url.replace('a%20b', 'a%20c'))).status).toBe(403);
    expect(await (await fetch(presign('GET', `/${Bucket}/a%20b`, 60, new Date(Date.now() - 120_000)))).text()).toContain('Request has expired');
    expect((await fetch(presign('PUT', `/${Bucket}/up`, 60, new Date()), { method: 'PUT', body: 'up' })).status).toBe(200);
    expect(String(await bytesOf(Bucket, 'up'))).toBe('up');
  });

  it('come before the body: only a request that is signed is told to continue', async () => {
    const Bucket = await newBucket();
    const ask = (url: string): Promise<{ readonly continued: boolean; readonly status: number }> => new Promise((resolve, reject) => {
      let continued = false;
      const sent = httpRequest(new URL(url), { method: 'PUT', headers: { 'content-length': '4', expect: '100-continue' } });
      sent.on('continue', () => { continued = true; sent.end('body'); });
      sent.on('response', (response) => { response.resume(); sent.destroy(); resolve({ continued, status: response.statusCode ?? 0 }); });
      sent.on('error', reject);
      sent.flushHeaders();
    });
    expect(await ask(presign('PUT', `/${Bucket}/a`, 60, new Date()))).toEqual({ continued: true, status: 200 });
    expect(await ask(presign('PUT', `/${Bucket}/a`, 60, new Date()).replace(/.$/, '!'))).toEqual({ continued: false, status: 400 });
    expect(String(await bytesOf(Bucket, 'a'))).toBe('body');
  });

  it('a body that breaks off leaves no object', async () => {
    const Bucket = await newBucket();
    const url = new URL(presign('PUT', `/${Bucket}/half`, 60, new Date()));
    await new Promise<void>((resolve) => {
      const sent = httpRequest(url, { method: 'PUT', headers: { 'content-length': '1000000' } });
      sent.on('error', () => resolve()).on('close', () => resolve());
      sent.write(Buffer.alloc(200_000), () => setTimeout(() => sent.destroy(), 50));
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await codeOf(bytesOf(Bucket, 'half'))).toBe('404 NoSuchKey');
  });
});

/** A presigned URL by the letter of the specification, apart from the door's own code. */
function presign(method: string, path: string, expires: number, at: Date): string {
  const stamp = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = stamp.slice(0, 8);
  const host = new URL(door.url).host;
  const query = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'], ['X-Amz-Credential', `AKIAONE/${day}/us-east-1/s3/aws4_request`], ['X-Amz-Date', stamp],
    ['X-Amz-Expires', String(expires)], ['X-Amz-SignedHeaders', 'host'],
  ].map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`).join('&');
  const canonical = [method, path, query, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', stamp, `${day}/us-east-1/s3/aws4_request`, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const key = ['us-east-1', 's3', 'aws4_request'].reduce((above, part) => hmac(above, part), hmac('AWS4secret one', day));
  return `${door.url}${path}?${query}&X-Amz-Signature=${hmac(key, toSign).toString('hex')}`;
}
