// Keys that only the customer has, asked for with the stock AWS SDK.
import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, GetObjectAttributesCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand,
  UploadPartCommand, UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { memoryStore } from '@oort/kernel-eventstore';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

const store = memoryStore();
let door: TestDoor;
beforeAll(async () => { door = await openTestDoor({ store }); });
afterAll(() => door.close());

const [one, two] = [Buffer.alloc(32, 'one'), Buffer.alloc(32, 'two')];
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');
const hex = (bytes: Uint8Array, algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
const under = (key: Buffer) => ({ SSECustomerAlgorithm: 'AES256', SSECustomerKey: key.toString('base64'), SSECustomerKeyMD5: md5(key) });
const from = (key: Buffer) => ({ CopySourceSSECustomerAlgorithm: 'AES256', CopySourceSSECustomerKey: key.toString('base64'), CopySourceSSECustomerKeyMD5: md5(key) });

async function read(Bucket: string, Key: string, key?: Buffer, Range?: string): Promise<Buffer> {
  const got = await door.s3.send(new GetObjectCommand({ Bucket, Key, ...(key === undefined ? {} : under(key)), ...(Range === undefined ? {} : { Range }) }));
  return Buffer.from(await got.Body?.transformToByteArray() ?? []);
}

it('only the same key opens what was put under one', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const Body = randomBytes(200_000);
  const put = await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body, ...under(one) }));
  expect(put).toMatchObject({ SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: md5(one) });
  expect(put.ServerSideEncryption).toBeUndefined();
  expect(put.ETag).toMatch(/^"[0-9a-f]{32}"$/);
  expect(put.ETag).not.toBe(`"${hex(Body, 'md5')}"`);
  expect(await read(Bucket, 'a', one)).toEqual(Body);
  expect(await read(Bucket, 'a', one, 'bytes=70000-140000')).toEqual(Body.subarray(70_000, 140_001));
  expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'a', ...under(one) }))).toMatchObject({ SSECustomerKeyMD5: md5(one), ContentLength: 200_000, ETag: put.ETag });
  expect(await codeOf(read(Bucket, 'a'))).toBe('400 InvalidRequest');
  expect(await codeOf(read(Bucket, 'a', two))).toBe('403 AccessDenied');
  expect(await codeOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toMatch(/^400 /);
  expect(await codeOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'a', ...under(two) })))).toMatch(/^403 /);
  const attributes = { Bucket, Key: 'a', ObjectAttributes: ['ETag' as const] };
  expect(await codeOf(s3.send(new GetObjectAttributesCommand(attributes)))).toBe('400 InvalidRequest');
  expect(await codeOf(s3.send(new GetObjectAttributesCommand({ ...attributes, ...under(one) })))).toBe('no error');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'x' }));
  expect(await codeOf(read(Bucket, 'plain', one))).toBe('400 InvalidRequest');
});

it('nothing that is kept tells the key, or a digest of the bytes', async () => {
  const Bucket = await door.newBucket();
  const Body = randomBytes(5000);
  await door.s3.send(new PutObjectCommand({ Bucket, Key: 'secret', Body, ...under(one) }));
  let log = '';
  for await (const event of store.readAll('start')) log += JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(log).toContain('secret');
  for (const told of [one.toString('base64'), one.toString('hex'), md5(one), hex(one, 'md5'), hex(Body, 'md5'), hex(Body, 'sha256')]) expect(log).not.toContain(told);
});

it('what is wrong with the headers is told, and nothing is put', async () => {
  const Bucket = await door.newBucket();
  const put = (more: object): Promise<string> => codeOf(door.s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', ...more })));
  const { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } = under(one);
  expect(await put({ SSECustomerAlgorithm: 'AES128', SSECustomerKey, SSECustomerKeyMD5 })).toBe('400 InvalidEncryptionAlgorithmError');
  expect(await put({ SSECustomerKey, SSECustomerKeyMD5 })).toBe('400 InvalidArgument');
  expect(await put({ SSECustomerAlgorithm })).toBe('400 InvalidArgument');
  // The SDK computes the digest itself, whatever it is given.
  const wrong = new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', ...under(one) });
  wrong.middlewareStack.add((next) => (args) => {
    const { request } = args as { readonly request: { readonly headers: Record<string, string> } };
    const name = Object.keys(request.headers).find((field) => field.toLowerCase().endsWith('customer-key-md5')) ?? '';
    request.headers[name] = md5(two);
    return next(args);
  }, { step: 'build' });
  expect(await codeOf(door.s3.send(wrong))).toBe('400 InvalidArgument');
  expect(await put(under(Buffer.alloc(31, 1)))).toBe('400 InvalidArgument');
  expect(await put({ ...under(one), ServerSideEncryption: 'AES256' })).toBe('400 InvalidArgument');
  expect(await codeOf(read(Bucket, 'a', one))).toBe('404 NoSuchKey');
});

it('a copy changes the key, takes it away or brings one', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const Body = Buffer.from('rotated');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body, ...under(one) }));
  const copy = (Key: string, more: object) => s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/a`, ...more }));
  expect(await codeOf(copy('a', under(two)))).toBe('400 InvalidRequest');
  expect(await codeOf(copy('a', { ...under(two), ...from(two) }))).toBe('403 AccessDenied');
  expect(await copy('a', { ...under(two), ...from(one) })).toMatchObject({ SSECustomerKeyMD5: md5(two) });
  expect(await codeOf(read(Bucket, 'a', one))).toBe('403 AccessDenied');
  expect(await read(Bucket, 'a', two)).toEqual(Body);
  await copy('open', from(two));
  expect(await read(Bucket, 'open')).toEqual(Body);
});

it('every part of an upload comes with the key that it began with', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const Key = 'large';
  const first = randomBytes(5 * 1024 * 1024);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...under(one) }));
  const part = (PartNumber: number, Body: Uint8Array, more: object) => s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }));
  expect(await codeOf(part(1, first, {}))).toBe('400 InvalidRequest');
  expect(await codeOf(part(1, first, under(two)))).toBe('400 InvalidRequest');
  const { ETag, SSECustomerKeyMD5 } = await part(1, first, under(one));
  expect(SSECustomerKeyMD5).toBe(md5(one));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'the end', ...under(two) }));
  const copied = await s3.send(new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber: 2, CopySource: `${Bucket}/source`, ...under(one), ...from(two) }));
  const Parts = [{ PartNumber: 1, ETag }, { PartNumber: 2, ETag: copied.CopyPartResult?.ETag }];
  const complete = (more: object) => s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));
  expect(await codeOf(complete(under(two)))).toBe('400 InvalidRequest');
  await complete(under(one));
  expect(await codeOf(read(Bucket, Key))).toBe('400 InvalidRequest');
  expect((await read(Bucket, Key, one)).equals(Buffer.concat([first, Buffer.from('the end')]))).toBe(true);
});

it('it goes to the archive and back without the key', async () => {
  const Bucket = await door.newBucket();
  const Body = randomBytes(100_000);
  await door.s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body, ...under(one) }));
  const { objects } = door;
  expect(await objects.archive('account_1', Bucket, 'a')).toMatchObject({ ok: true });
  expect(await codeOf(read(Bucket, 'a', one))).toBe('403 InvalidObjectState');
  expect(await objects.restore('account_1', Bucket, 'a')).toMatchObject({ ok: true });
  expect(await codeOf(read(Bucket, 'a', two))).toBe('403 AccessDenied');
  expect(await read(Bucket, 'a', one)).toEqual(Body);
});
