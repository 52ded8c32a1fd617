import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor({ accountQuotas: (accountId) => (accountId === 'account_2' ? { bytes: 1000, objects: 3 } : null) }); });
afterAll(() => door.close());

const refused = '403 QuotaExceeded';

async function bucketOf(bytes: number): Promise<string> {
  const Bucket = await door.newBucket();
  expect(await door.objects.setBucketSetting('account_1', Bucket, 'quota', JSON.stringify({ bytes }))).toMatchObject({ ok: true });
  return Bucket;
}

async function keysOf(Bucket: string): Promise<readonly (string | undefined)[]> {
  return (await door.s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key) ?? [];
}

it('refuses what a bucket may not hold, and keeps nothing of it', async () => {
  const { s3 } = door;
  const Bucket = await bucketOf(1000);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a'.repeat(600) }));
  expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'b'.repeat(401) })))).toBe(refused);
  expect(await codeOf(s3.send(new CopyObjectCommand({ Bucket, Key: 'c', CopySource: `${Bucket}/a` })))).toBe(refused);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'd' }));
  expect(await codeOf(s3.send(new UploadPartCommand({ Bucket, Key: 'd', UploadId, PartNumber: 1, Body: 'd'.repeat(401) })))).toBe(refused);
  expect(await keysOf(Bucket)).toEqual(['a']);
  expect(await door.objects.usage(Bucket)).toEqual({ bytes: 600, versions: 1 });
  await s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'b'.repeat(400) }));
  expect(await door.objects.usage(Bucket)).toEqual({ bytes: 1000, versions: 2 });
});

it('counts the parts of uploads, and sees at once what was deleted', async () => {
  const { s3 } = door;
  const Bucket = await bucketOf(1000);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'd' }));
  await s3.send(new UploadPartCommand({ Bucket, Key: 'd', UploadId, PartNumber: 1, Body: 'd'.repeat(300) }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a'.repeat(600) }));
  expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'b'.repeat(101) })))).toBe(refused);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'b'.repeat(101) }));
  expect(await (await s3.send(new GetObjectCommand({ Bucket, Key: 'b' }))).Body?.transformToString()).toBe('b'.repeat(101));
});

it('lets writers at the same time not past it together', async () => {
  const { s3 } = door;
  const Bucket = await bucketOf(1000);
  const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => codeOf(s3.send(new PutObjectCommand({ Bucket, Key: `k${at}`, Body: 'x'.repeat(300) })))));
  const kept = answers.filter((answer) => answer === 'no error').length;
  expect(new Set(answers.filter((answer) => answer !== 'no error'))).toEqual(new Set([refused]));
  expect(kept).toBeLessThanOrEqual(3);
  expect(await door.objects.usage(Bucket)).toEqual({ bytes: kept * 300, versions: kept });
});

it('counts versions too where objects are limited, and those of uploads when they are completed', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  expect(await door.objects.setBucketSetting('account_1', Bucket, 'quota', JSON.stringify({ objects: 2 }))).toMatchObject({ ok: true });
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'd' }));
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'd', UploadId, PartNumber: 1, Body: 'd'.repeat(300) }));
  const complete = () => s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'd', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
  for (const Key of ['a', 'b']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'c', Body: 'x' })))).toBe(refused);
  expect(await codeOf(complete())).toBe(refused);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  expect(await codeOf(complete())).toBe('no error');
  expect(await keysOf(Bucket)).toEqual(['b', 'd']);
});

it('keeps an account within what it may hold in all its buckets together', async () => {
  const { other } = door;
  for (const Bucket of ['quota-one', 'quota-two']) await other.send(new CreateBucketCommand({ Bucket }));
  const put = (Bucket: string, Key: string, bytes: number) => codeOf(other.send(new PutObjectCommand({ Bucket, Key, Body: 'x'.repeat(bytes) })));
  expect([await put('quota-one', 'a', 600), await put('quota-two', 'a', 401), await put('quota-two', 'b', 400), await put('quota-two', 'c', 1)]).toEqual(['no error', refused, 'no error', refused]);
  await other.send(new DeleteObjectCommand({ Bucket: 'quota-one', Key: 'a' }));
  expect([await put('quota-one', 'a', 1), await put('quota-one', 'b', 1), await put('quota-one', 'c', 1)]).toEqual(['no error', 'no error', refused]);
  expect(await door.objects.usageOfAccount('account_2')).toEqual({ bytes: 402, versions: 3 });
});

it('answers before a body whose length is said is sent', async () => {
  const { other } = door;
  const Bucket = 'quota-early';
  await other.send(new CreateBucketCommand({ Bucket }));
  const expires = Math.floor(Date.now() / 1000) + 60;
  const signature = createHmac('sha1', 'secret two').update(`PUT\n\n\n${expires}\n/${Bucket}/k`).digest('base64');
  const url = `${door.url}/${Bucket}/k?AWSAccessKeyId=AKIATWO&Expires=${expires}&Signature=${encodeURIComponent(signature)}`;
  // Of the body nothing is ever sent.
  const status = await new Promise((resolve, reject) => {
    const asked = request(url, { method: 'PUT', headers: { 'content-length': 1_000_000_000 } }, (answer) => { resolve(answer.statusCode); asked.destroy(); });
    asked.on('error', reject).flushHeaders();
  });
  expect(status).toBe(403);
});
