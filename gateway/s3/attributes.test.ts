import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectAttributesCommand, UploadPartCommand } from '@aws-sdk/client-s3';
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
