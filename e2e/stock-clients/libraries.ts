// The clients that are libraries of Node: Amazon's own with its uploader, and MinIO's.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectVersionsCommand, paginateListObjectsV2, PutBucketVersioningCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { same, sha256, type StockClient } from './client';

const big = randomBytes(18 * 1024 * 1024 + 5);

export const awsSdk: StockClient = {
  name: '@aws-sdk/client-s3',
  version: () => Promise.resolve(loaded<{ readonly version: string }>(__dirname, '@aws-sdk/client-s3/package.json').version),
  tasks({ url, accessKeyId, secretAccessKey }) {
    const s3 = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } });
    const Bucket = 'aws-sdk';
    const bytesOf = async (Key: string): Promise<Uint8Array> => (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray() ?? new Uint8Array();
    return [
      { name: 'create, switch versions on', run: async () => { await s3.send(new CreateBucketCommand({ Bucket })); await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })); } },
      { name: 'put, get, overwrite', run: async () => {
        for (const Body of ['one', 'two']) await s3.send(new PutObjectCommand({ Bucket, Key: 'a b+c/ü', Body, Metadata: { note: 'kept' } }));
        same('body', Buffer.from(await bytesOf('a b+c/ü')).toString(), 'two');
        same('metadata', (await s3.send(new HeadObjectCommand({ Bucket, Key: 'a b+c/ü' }))).Metadata, { note: 'kept' });
      } },
      { name: 'lib-storage: a stream in parts', run: async () => {
        await new Upload({ client: s3, params: { Bucket, Key: 'big', Body: Readable.from(slices(big)) }, partSize: 5 * 1024 * 1024 }).done();
        same('bytes', sha256(await bytesOf('big')), sha256(big));
      } },
      { name: 'lib-storage: abort leaves nothing', run: async () => {
        const upload = new Upload({ client: s3, params: { Bucket, Key: 'aborted', Body: big }, partSize: 5 * 1024 * 1024, queueSize: 1 });
        upload.on('httpUploadProgress', () => { void upload.abort(); });
        same('outcome', await upload.done().then(() => 'done', (error: unknown) => (error instanceof Error ? error.name : '')), 'AbortError');
      } },
      { name: 'list by page', run: async () => {
        const keys: string[] = [];
        for await (const page of paginateListObjectsV2({ client: s3, pageSize: 1 }, { Bucket })) keys.push(...page.Contents?.map(({ Key = '' }) => Key) ?? []);
        same('keys', keys, ['a b+c/ü', 'big']);
      } },
      { name: 'empty and delete', run: async () => {
        const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
        same('versions', Versions.length, 3);
        await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId })) } }));
        await s3.send(new DeleteBucketCommand({ Bucket }));
        s3.destroy();
      } },
    ];
  },
};

interface MinioClient {
  makeBucket(bucket: string): Promise<void>;
  putObject(bucket: string, key: string, body: Readable | Buffer, size?: number, meta?: Readonly<Record<string, string>>): Promise<unknown>;
  getObject(bucket: string, key: string): Promise<Readable>;
  statObject(bucket: string, key: string): Promise<{ readonly size: number; readonly metaData: Readonly<Record<string, string>> }>;
  listObjectsV2(bucket: string, prefix: string, recursive: boolean): AsyncIterable<{ readonly name: string }>;
  copyObject(bucket: string, key: string, source: string): Promise<unknown>;
  presignedGetObject(bucket: string, key: string, seconds: number): Promise<string>;
  removeObjects(bucket: string, keys: readonly string[]): Promise<unknown>;
  removeBucket(bucket: string): Promise<void>;
}
type MinioModule = { readonly Client: new (options: object) => MinioClient };

const peers = join(__dirname, 'peers');

export const minio: StockClient = {
  name: 'minio (npm)',
  async version() {
    try {
      if (!existsSync(join(peers, 'node_modules'))) execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: peers, stdio: 'ignore' });
      await Promise.resolve();
      return (JSON.parse(readFileSync(join(peers, 'node_modules/minio/package.json'), 'utf8')) as { readonly version: string }).version;
    } catch {
      return null;
    }
  },
  tasks({ url, accessKeyId, secretAccessKey }) {
    const { hostname, port } = new URL(url);
    const { Client } = loaded<MinioModule>(peers, 'minio');
    const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey: accessKeyId, secretKey: secretAccessKey, partSize: 5 * 1024 * 1024 });
    const bucket = 'minio';
    return [
      { name: 'makeBucket', run: () => client.makeBucket(bucket) },
      { name: 'putObject, statObject', run: async () => {
        await client.putObject(bucket, 'a b+c/ü', Buffer.from('small'), 5, { 'x-amz-meta-note': 'kept' });
        const { size, metaData } = await client.statObject(bucket, 'a b+c/ü');
        same('stat', [size, metaData['note']], [5, 'kept']);
      } },
      { name: 'putObject of a stream in parts', run: async () => { await client.putObject(bucket, 'big', Readable.from(slices(big)), big.length); } },
      { name: 'getObject', run: async () => { same('bytes', sha256(Buffer.concat(await (await client.getObject(bucket, 'big')).toArray() as Buffer[])), sha256(big)); } },
      { name: 'copyObject', run: async () => { await client.copyObject(bucket, 'copy', `/${bucket}/big`); same('size', (await client.statObject(bucket, 'copy')).size, big.length); } },
      { name: 'presignedGetObject', run: async () => { same('body', await (await fetch(await client.presignedGetObject(bucket, 'a b+c/ü', 60))).text(), 'small'); } },
      { name: 'listObjectsV2', run: async () => {
        const names: string[] = [];
        for await (const { name } of client.listObjectsV2(bucket, '', true)) names.push(name);
        same('names', names, ['a b+c/ü', 'big', 'copy']);
      } },
      { name: 'removeObjects, removeBucket', run: async () => { await client.removeObjects(bucket, ['a b+c/ü', 'big', 'copy']); await client.removeBucket(bucket); } },
    ];
  },
};

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

function loaded<T>(folder: string, name: string): T {
  return createRequire(join(folder, 'package.json'))(name) as T;
}
