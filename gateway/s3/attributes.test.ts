import {
  CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectAttributesCommand, ListMultipartUploadsCommand, ListObjectsCommand,
  ListObjectsV2Command, ListObjectVersionsCommand, ListPartsCommand, PutBucketVersioningCommand, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

it('tells the parts of a multipart object page by page, with their sizes and checksums', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a', ChecksumAlgorithm: 'SHA256' }));
  const sizes = new Map([[2, 5 * 1024 * 1024], [7, 1234]]);
  const Parts = [];
  for (const [PartNumber, size] of sizes) {
    const { ETag, ChecksumSHA256 } = await s3.send(new UploadPartCommand({ Bucket, Key: 'a', UploadId, PartNumber, Body: Buffer.alloc(size, PartNumber), ChecksumAlgorithm: 'SHA256' }));
    Parts.push({ PartNumber, ETag, ChecksumSHA256 });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'a', UploadId, MultipartUpload: { Parts } }));
  const ask = async (page: object) => (await s3.send(new GetObjectAttributesCommand({ Bucket, Key: 'a', ObjectAttributes: ['ObjectParts', 'ObjectSize'], ...page }))).ObjectParts;
  const [one, two] = Parts.map(({ PartNumber, ChecksumSHA256 }) => ({ PartNumber, ChecksumSHA256, Size: sizes.get(PartNumber) }));
  expect(await ask({})).toMatchObject({ TotalPartsCount: 2, IsTruncated: false, MaxParts: 1000, Parts: [one, two] });
  expect(await ask({ MaxParts: 1 })).toMatchObject({ TotalPartsCount: 2, IsTruncated: true, NextPartNumberMarker: '2', Parts: [one] });
  expect(await ask({ MaxParts: 1, PartNumberMarker: '2' })).toMatchObject({ IsTruncated: false, NextPartNumberMarker: '7', Parts: [two] });
  expect(await codeOf(ask({ PartNumberMarker: 'x' }))).toBe('400 InvalidArgument');
});

it('lists which checksum an object, a version or an upload has, and of which type', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'one', Body: 'once', ChecksumAlgorithm: 'SHA1' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'one', Body: 'twice', ChecksumAlgorithm: 'CRC32C' }));
  const started = { Bucket, Key: 'parts', ChecksumAlgorithm: 'SHA256' } as const;
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(started));
  const part = { Bucket, Key: 'parts', UploadId, PartNumber: 1 };
  const { ETag, ChecksumSHA256 } = await s3.send(new UploadPartCommand({ ...part, Body: 'part', ChecksumAlgorithm: 'SHA256' }));
  const composite = { ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' };
  expect(await s3.send(new ListPartsCommand(part))).toMatchObject({ ...composite, Parts: [{ ChecksumSHA256 }] });
  expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toMatchObject([{ Key: 'parts', ...composite }]);
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256 }] } }));
  const joined = { Key: 'parts', ChecksumAlgorithm: ['SHA256'], ChecksumType: 'COMPOSITE' };
  const [older, newer] = ['SHA1', 'CRC32C'].map((name) => ({ Key: 'one', ChecksumAlgorithm: [name], ChecksumType: 'FULL_OBJECT' }));
  for (const command of [new ListObjectsV2Command({ Bucket }), new ListObjectsCommand({ Bucket })]) {
    expect((await s3.send(command)).Contents).toMatchObject([newer, joined]);
  }
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'parts' }));
  const listed = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  expect(listed.Versions).toMatchObject([newer, older, joined]);
  expect(listed.DeleteMarkers?.[0]).not.toHaveProperty('ChecksumType');
});
