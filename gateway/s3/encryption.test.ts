// Default encryption of buckets, asked for with the stock AWS SDK.
import {
  CreateMultipartUploadCommand, DeleteBucketEncryptionCommand, GetBucketEncryptionCommand, GetObjectCommand, PutBucketEncryptionCommand, PutObjectCommand, type EncryptionType,
  type ServerSideEncryptionByDefault,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

it('a bucket refuses keys of the customer until it is told otherwise', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const rule = (EncryptionType: EncryptionType) => ({ Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const }, BucketKeyEnabled: true, BlockedEncryptionTypes: { EncryptionType: [EncryptionType] } }] });
  const key = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: Buffer.alloc(32, 7).toString('base64') };
  const put = () => codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', ...key })));
  expect(await put()).toBe('no error');
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: rule('SSE-C') }));
  expect((await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration).toEqual(rule('SSE-C'));
  expect(await put()).toBe('403 AccessDenied');
  expect(await codeOf(s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'b', ...key })))).toBe('403 AccessDenied');
  expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: 'a', ...key })))).toBe('no error');
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: rule('NONE') }));
  expect(await put()).toBe('no error');
});

it('a bucket encrypts with AES256 unless it is told otherwise', async () => {
  const { s3, other } = door;
  const Bucket = await door.newBucket();
  const set = (byDefault: ServerSideEncryptionByDefault) => codeOf(s3.send(new PutBucketEncryptionCommand({
    Bucket, ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] },
  })));
  const shown = async () => (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules;
  const standard = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }];
  expect(await shown()).toEqual(standard);
  expect(await set({ SSEAlgorithm: 'AES256' })).toBe('no error');
  expect(await set({ SSEAlgorithm: 'aws:kms:dsse' })).toBe('501 NotImplemented');
  expect(await set({ SSEAlgorithm: 'AES256', KMSMasterKeyID: 'key' })).toBe('400 InvalidArgument');
  expect(await codeOf(s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [] } })))).toBe('400 MalformedXML');
  await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
  expect(await shown()).toEqual(standard);
  expect(await codeOf(other.send(new GetBucketEncryptionCommand({ Bucket })))).toBe('403 AccessDenied');
});
