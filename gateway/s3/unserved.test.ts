// What the door cannot do it refuses, and nothing is changed by asking: by the SDK's own commands for what Amazon S3 has besides.
import { createHmac } from 'node:crypto';
import { createConnection } from 'node:net';
import {
  CreateBucketMetadataTableConfigurationCommand, CreateSessionCommand, DeleteBucketMetadataTableConfigurationCommand, DeleteObjectCommand, DeleteObjectsCommand, GetBucketAbacCommand, GetObjectCommand,
  HeadBucketCommand, PutBucketAbacCommand, PutObjectCommand, RenameObjectCommand, S3ServiceException, UpdateObjectEncryptionCommand,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

const Key = 'kept';
async function kept(): Promise<string> {
  const Bucket = await door.newBucket();
  await door.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'precious', CacheControl: 'max-age=60' }));
  return Bucket;
}

const textOf = async (Bucket: string): Promise<string | undefined> => (await door.s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

/** A request that Signature Version 2 presigns, to the letter; of its parameters those count that it knows. */
function presigned(method: string, path: string, parameter = '', counts = true): string {
  const expires = Math.floor(Date.now() / 1000) + 600;
  const signature = createHmac('sha1', 'secret one').update(`${method}\n\n\n${expires}\n${path}${parameter !== '' && counts ? `?${parameter}` : ''}`).digest('base64');
  return `${path}?AWSAccessKeyId=AKIAONE&Expires=${expires}&Signature=${encodeURIComponent(signature)}&${parameter}`;
}

function statusOf(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = createConnection(Number(new URL(door.url).port), '127.0.0.1', () => { socket.write(text); });
    socket.on('data', (bytes) => { got += String(bytes); }).on('error', reject).on('close', () => resolve(/^HTTP\/1\.1 (\d+)[^]*?(?:<Code>(\w+)|$)/.exec(got)?.slice(1).join(' ') ?? got));
  });
}

it('a sub-resource of a bucket that nobody serves is not the bucket', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  expect(await codeOf(s3.send(new DeleteBucketMetadataTableConfigurationCommand({ Bucket })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new CreateBucketMetadataTableConfigurationCommand({ Bucket, MetadataTableConfiguration: { S3TablesDestination: { TableBucketArn: 'arn', TableName: 'a' } } })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new PutBucketAbacCommand({ Bucket, AbacStatus: { Status: 'Enabled' } })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new GetBucketAbacCommand({ Bucket })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new CreateSessionCommand({ Bucket })))).toMatch(/^501/);
  expect((await fetch(`${door.url}${presigned('DELETE', `/${Bucket}`, 'somethingNew', false)}`, { method: 'DELETE' })).status).toBe(501);
  expect(await codeOf(s3.send(new HeadBucketCommand({ Bucket })))).toBe('no error');
});

it('a sub-resource of an object that nobody serves is not the object', async () => {
  const { s3 } = door;
  const Bucket = await kept();
  expect(await codeOf(s3.send(new RenameObjectCommand({ Bucket, Key, RenameSource: `/${Bucket}/other` })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new UpdateObjectEncryptionCommand({ Bucket, Key, ObjectEncryption: { SSEKMS: { KMSKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/a' } } })))).toMatch(/^501/);
  const asked = [['somethingNew', 501], ['policy', 501], ['versions', 405], ['versioning', 405], ['restore', 405], ['versionId=1', 400], ['partNumber=1', 400], ['uploadId=u', 400]] as const;
  for (const [parameter, status] of asked) {
    const url = `${door.url}${presigned('PUT', `/${Bucket}/${Key}`, parameter, parameter !== 'somethingNew')}`;
    expect([parameter, (await fetch(url, { method: 'PUT', body: Buffer.from('other') })).status]).toEqual([parameter, status]);
  }
  expect(await textOf(Bucket)).toBe('precious');
});

it('a condition that nobody checks is not passed over', async () => {
  const { s3 } = door;
  const Bucket = await kept();
  expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key, Body: 'more', WriteOffsetBytes: 8 })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new DeleteObjectCommand({ Bucket, Key, IfMatchSize: 999 })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new DeleteObjectCommand({ Bucket, Key, IfMatchLastModifiedTime: new Date(0) })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, Size: 999 }] } })))).toBe('501 NotImplemented');
  expect(await textOf(Bucket)).toBe('precious');
});

it('a body whose length nobody said is not an empty one, and one that is too long is not read', async () => {
  const Bucket = await kept();
  const path = `/${Bucket}/${Key}`;
  const put = `PUT ${presigned('PUT', path)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
  expect(await statusOf(`${put}\r\n`)).toBe('411 MissingContentLength');
  expect(await statusOf(`${put}Content-Length: ${5 * 2 ** 30 + 1}\r\n\r\n`)).toBe('400 EntityTooLarge');
  expect(await textOf(Bucket)).toBe('precious');
});

it('a cache is told with what it goes on', async () => {
  const Bucket = await kept();
  const { ETag } = await door.s3.send(new GetObjectCommand({ Bucket, Key }));
  const refused: unknown = await door.s3.send(new GetObjectCommand({ Bucket, Key, IfNoneMatch: ETag })).catch((error: unknown) => error);
  const headers = refused instanceof S3ServiceException ? refused.$response?.headers : {};
  expect(headers).toMatchObject({ etag: ETag, 'cache-control': 'max-age=60', 'last-modified': expect.stringContaining('GMT') });
});

it('a target in absolute form is the same target', async () => {
  const Bucket = await kept();
  const get = (target: string): Promise<string> => statusOf(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const path = presigned('GET', `/${Bucket}/${Key}`);
  expect([await get(path), await get(`http://localhost${path}`), await get('http://localhost'), await get('ftp://localhost/')]).toEqual(['200 ', '200 ', '403 AccessDenied', '400 InvalidURI']);
});
