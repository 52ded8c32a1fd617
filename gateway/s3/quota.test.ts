import {
  CopyObjectCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
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
