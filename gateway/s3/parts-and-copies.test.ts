// What is put together or copied is what was asked for, and says by its checksum that it is.
import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, GetObjectAttributesCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand, UploadPartCommand, UploadPartCopyCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { newDigest } from './checksums';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

const mebibyte = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');
const crc32 = (bytes: Uint8Array): string => { const digest = newDigest('CRC32'); digest.update(bytes); return digest.base64(); };

async function withSource(body: Uint8Array): Promise<string> {
  const Bucket = await door.newBucket();
  await door.s3.send(new PutObjectCommand({ Bucket, Key: 'source', Body: body }));
  return Bucket;
}

it('a part is copied from a range with two ends within its source, or not at all', async () => {
  const { s3 } = door;
  const Bucket = await withSource(Buffer.from('0123456789'));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a' }));
  const copy = (range?: string) => s3.send(new UploadPartCopyCommand({ Bucket, Key: 'a', UploadId, PartNumber: 1, CopySource: `${Bucket}/source`, CopySourceRange: range }));
  for (const range of ['0-2', 'bytes=-5', 'bytes=5-', 'bytes=3-2', 'bytes=0-1,3-4', 'items=0-2']) expect([range, await codeOf(copy(range))]).toEqual([range, '400 InvalidArgument']);
  expect(await codeOf(copy('bytes=8-10'))).toBe('416 InvalidRange');
  const { CopyPartResult } = await copy('bytes=2-5');
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'a', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: CopyPartResult?.ETag }] } }));
  expect(await (await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))).Body?.transformToString()).toBe('2345');
});

it('parts that are copied have the checksum of their upload', async () => {
  const { s3 } = door;
  const body = randomBytes(5 * mebibyte);
  const Bucket = await withSource(body);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a', ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }));
  const { CopyPartResult: first } = await s3.send(new UploadPartCopyCommand({ Bucket, Key: 'a', UploadId, PartNumber: 1, CopySource: `${Bucket}/source` }));
  expect(first?.ChecksumCRC32).toBe(crc32(body));
  const last = await s3.send(new UploadPartCommand({ Bucket, Key: 'a', UploadId, PartNumber: 2, Body: 'end', ChecksumAlgorithm: 'CRC32' }));
  const Parts: CompletedPart[] = [{ PartNumber: 1, ETag: first?.ETag, ChecksumCRC32: first?.ChecksumCRC32 }, { PartNumber: 2, ETag: last.ETag, ChecksumCRC32: last.ChecksumCRC32 }];
  expect(await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'a', UploadId, MultipartUpload: { Parts } }))).toMatchObject({ ChecksumCRC32: crc32(Buffer.concat([body, Buffer.from('end')])), ChecksumType: 'FULL_OBJECT' });
});

it('an upload is completed with the parts, checksums and size that its client says, or stays open', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a', ChecksumAlgorithm: 'SHA256' }));
  const { ETag, ChecksumSHA256 } = await s3.send(new UploadPartCommand({ Bucket, Key: 'a', UploadId, PartNumber: 1, Body: 'hello', ChecksumAlgorithm: 'SHA256' }));
  const complete = (part: CompletedPart, MpuObjectSize?: number) => s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'a', UploadId, MpuObjectSize, MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ...part }] } }));
  expect(await codeOf(complete({ ChecksumSHA256: sha256(Buffer.from('other')) }))).toBe('400 InvalidPart');
  expect(await codeOf(complete({ ChecksumCRC32: 'AAAAAA==' }))).toBe('400 InvalidPart');
  expect(await codeOf(complete({ ChecksumSHA256 }, 6))).toBe('400 InvalidRequest');
  expect(await codeOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toBe('404 NotFound');
  expect((await complete({ ChecksumSHA256 }, 5)).ChecksumSHA256).toMatch(/-1$/);
});

it('a copy has the checksum that it is asked for, and that of its bytes where its source was put in parts', async () => {
  const { s3 } = door;
  const body = Buffer.from('0123456789');
  const Bucket = await withSource(body);
  const asked = await s3.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/source`, ChecksumAlgorithm: 'SHA256' }));
  expect(asked.CopyObjectResult).toMatchObject({ ChecksumSHA256: sha256(body), ChecksumType: 'FULL_OBJECT' });
  const kept = await s3.send(new CopyObjectCommand({ Bucket, Key: 'c', CopySource: `${Bucket}/b` }));
  expect(kept.CopyObjectResult?.ChecksumSHA256).toBe(sha256(body));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts', ChecksumAlgorithm: 'SHA256' }));
  const { ETag, ChecksumSHA256 } = await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: body, ChecksumAlgorithm: 'SHA256' }));
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256 }] } }));
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'd', CopySource: `${Bucket}/parts` }));
  const { Checksum, ObjectParts } = await s3.send(new GetObjectAttributesCommand({ Bucket, Key: 'd', ObjectAttributes: ['Checksum', 'ObjectParts'] }));
  expect([Checksum, ObjectParts]).toEqual([{ ChecksumSHA256: sha256(body), ChecksumType: 'FULL_OBJECT' }, undefined]);
});

it('a range beyond the end is told how long the object is', async () => {
  const Bucket = await withSource(Buffer.from('0123456789'));
  const refused: unknown = await door.s3.send(new GetObjectCommand({ Bucket, Key: 'source', Range: 'bytes=10-' })).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'InvalidRange', ActualObjectSize: '10', RangeRequested: 'bytes=10-' });
});
