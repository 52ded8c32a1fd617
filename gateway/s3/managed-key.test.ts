// Encryption with keys of a keyring, asked for with the stock AWS SDK.
import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, DeletePublicAccessBlockCommand, GetBucketEncryptionCommand, GetObjectCommand, HeadObjectCommand, PutBucketEncryptionCommand, PutBucketPolicyCommand,
  PutObjectCommand, UploadPartCommand, type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { command } from '@oort/kernel-decider';
import { newUlid } from '@oort/kernel-wire';
import { keyArn } from '@oort/subgraphs-storage';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

const [account, guest] = ['account_1', 'account_2'];
const by = { actor: account, now: new Date() };
type Asked = Parameters<TestDoor['objects']['encryptionKeys']['ask']>[0];
const ask = async (asked: Asked): Promise<void> => { expect(await door.objects.encryptionKeys.ask(asked)).toMatchObject({ ok: true }); };

async function newKey(alias: string | null = null): Promise<{ readonly accountId: string; readonly keyId: string }> {
  const key = { accountId: account, keyId: newUlid(new Date()) };
  await ask(command('CreateEncryptionKey', { ...key, description: '', alias }, by));
  return key;
}

async function bodyOf(Bucket: string, Key: string, from = door.s3): Promise<string> {
  return await (await from.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString() ?? '';
}

const kms = (SSEKMSKeyId?: string): Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId'> => ({ ServerSideEncryption: 'aws:kms', ...(SSEKMSKeyId === undefined ? {} : { SSEKMSKeyId }) });

it('an object under the default key says so, comes back, and has no MD5 for an etag', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const put = await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'plain', ...kms() }));
  expect(put).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: expect.stringMatching(/^arn:oort:kms::account_1:key\/[0-9a-f-]{36}$/) as string });
  expect(put.ETag).not.toContain(createHash('md5').update('plain').digest('hex'));
  expect(await bodyOf(Bucket, 'a')).toBe('plain');
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }));
  expect([head.ServerSideEncryption, head.SSEKMSKeyId]).toEqual(['aws:kms', put.SSEKMSKeyId]);
  expect((await s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'x', ...kms('alias/aws/s3') }))).SSEKMSKeyId).toBe(put.SSEKMSKeyId);
  expect((await s3.send(new PutObjectCommand({ Bucket, Key: 'c', Body: 'x' }))).ServerSideEncryption).toBe('AES256');
});

it('a key goes by id, ARN and alias; disabled, or pending deletion, it opens nothing; rotated, it opens what it wrapped before', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const key = await newKey('alias/films');
  const arn = keyArn({ ownerId: key.accountId, keyId: key.keyId });
  for (const [Key, name] of [['id', key.keyId], ['arn', arn], ['alias', 'alias/films'], ['alias-arn', `arn:aws:kms:us-east-1:${account}:alias/films`]] as const) {
    expect((await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key, ...kms(name) }))).SSEKMSKeyId).toBe(arn);
  }
  await ask(command('RotateEncryptionKey', key, by));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'later', Body: 'later', ...kms(arn) }));
  expect([await bodyOf(Bucket, 'id'), await bodyOf(Bucket, 'later')]).toEqual(['id', 'later']);
  await ask(command('SetEncryptionKeyEnabled', { ...key, enabled: false }, by));
  const codes = async (): Promise<readonly string[]> => [await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: 'id' }))), await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', ...kms(arn) })))];
  expect(await codes()).toEqual(Array(2).fill('400 KMS.DisabledException'));
  await ask(command('SetEncryptionKeyEnabled', { ...key, enabled: true }, by));
  await ask(command('ScheduleEncryptionKeyDeletion', { ...key, waitingDays: 7 }, by));
  expect(await codes()).toEqual(Array(2).fill('400 KMS.KMSInvalidStateException'));
  await ask(command('CancelEncryptionKeyDeletion', key, by));
  await ask(command('SetEncryptionKeyEnabled', { ...key, enabled: true }, by));
  expect(await bodyOf(Bucket, 'later')).toBe('later');
});

it('whoever may read the object needs the key too', async () => {
  const { s3, other, objects } = door;
  const Bucket = await door.newBucket();
  const key = await newKey();
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'shared', ...kms(key.keyId) }));
  const open = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: ['s3:GetObject', 's3:PutObject'], Resource: `arn:aws:s3:::${Bucket}/*` }] };
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(open) }));
  const arn = keyArn({ ownerId: account, keyId: key.keyId });
  const put = (): Promise<string> => codeOf(other.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'x', ...kms(arn) })));
  expect([await codeOf(other.send(new GetObjectCommand({ Bucket, Key: 'a' }))), await put()]).toEqual(Array(2).fill('403 AccessDenied'));
  expect((await fetch(`${door.url}/${Bucket}/a`)).status).toBe(403);
  await ask(command('GrantEncryptionKey', { ...key, grantee: guest, granted: true }, by));
  expect([await bodyOf(Bucket, 'a', other), await put()]).toEqual(['shared', 'no error']);
  await ask(command('GrantEncryptionKey', { ...key, grantee: guest, granted: false }, by));
  expect(await codeOf(other.send(new GetObjectCommand({ Bucket, Key: 'a' })))).toBe('403 AccessDenied');
  expect((await objects.find(Bucket, 'b'))?.version).toMatchObject({ encryption: { kind: 'kms', ownerId: account, keyId: key.keyId, keyVersion: 1 }, contentId: '' });
});

it('a bucket encrypts with a key what says nothing else, and copies change keys', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const arn = keyArn({ ownerId: account, keyId: (await newKey()).keyId });
  const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: arn }, BucketKeyEnabled: true }];
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
  expect((await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules).toEqual(Rules);
  expect(await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'by default' }))).toMatchObject({ SSEKMSKeyId: arn, BucketKeyEnabled: true });
  expect(await s3.send(new CopyObjectCommand({ Bucket, Key: 'plain', CopySource: `${Bucket}/a`, ServerSideEncryption: 'AES256' }))).toMatchObject({ ServerSideEncryption: 'AES256' });
  const context = Buffer.from('{"film":"a", "reel":"1"}').toString('base64');
  expect(await s3.send(new CopyObjectCommand({ Bucket, Key: 'back', CopySource: `${Bucket}/plain`, ...kms(), SSEKMSEncryptionContext: context }))).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSEncryptionContext: context });
  expect([await bodyOf(Bucket, 'plain'), await bodyOf(Bucket, 'back')]).toEqual(['by default', 'by default']);
});

it('an upload in parts goes under one key', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const key = await newKey();
  const { UploadId, ServerSideEncryption, SSEKMSKeyId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a', ...kms(key.keyId) }));
  expect([ServerSideEncryption, SSEKMSKeyId]).toEqual(['aws:kms', keyArn({ ownerId: account, keyId: key.keyId })]);
  const parts = [randomBytes(5 * 1024 * 1024), Buffer.from('end')];
  const done = await Promise.all(parts.map((Body, index) => s3.send(new UploadPartCommand({ Bucket, Key: 'a', UploadId, PartNumber: index + 1, Body }))));
  const Parts = done.map(({ ETag }, index) => ({ ETag, PartNumber: index + 1 }));
  expect(await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'a', UploadId, MultipartUpload: { Parts } }))).toMatchObject({ SSEKMSKeyId });
  const bytes = await (await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))).Body?.transformToByteArray();
  expect(Buffer.concat(parts).equals(bytes ?? Buffer.alloc(0))).toBe(true);
});

it('what cannot be is refused as Amazon refuses it', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const put = (more: Partial<PutObjectCommandInput>): Promise<string> => codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', ...more })));
  expect(await put(kms('no-such-key'))).toBe('400 KMS.NotFoundException');
  expect(await put(kms('alias/none'))).toBe('400 KMS.NotFoundException');
  expect(await put({ ServerSideEncryption: 'AES256', SSEKMSKeyId: 'key' })).toBe('400 InvalidArgument');
  expect(await put({ SSEKMSKeyId: 'key' })).toBe('400 InvalidArgument');
  expect(await put({ ServerSideEncryption: 'aws:kms:dsse' })).toBe('501 NotImplemented');
  expect(await put({ ...kms(), SSEKMSEncryptionContext: Buffer.from('[1]').toString('base64') })).toBe('400 InvalidArgument');
  const ssec = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: Buffer.alloc(32, 7).toString('base64') };
  expect(await put({ ...kms(), ...ssec })).toBe('400 InvalidArgument');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', ...kms() }));
  expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: 'a', ...ssec })))).toBe('400 InvalidRequest');
});
