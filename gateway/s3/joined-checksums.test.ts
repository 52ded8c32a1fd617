import { randomBytes } from 'node:crypto';
import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, HeadObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { newDigest, type ChecksumName } from './checksums';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';
import { joinedChecksum } from './joined-checksums';

const checksum = (name: ChecksumName, bytes: Uint8Array): string => {
  const digest = newDigest(name);
  digest.update(bytes);
  return digest.base64();
};

it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)('%s of a whole follows from its parts', (name) => {
  const parts = [1, 0, 1000, 77_777].map((size) => randomBytes(size));
  const joined = joinedChecksum(name, 'FULL_OBJECT', parts.map((part) => ({ sizeBytes: part.length, base64: checksum(name, part) })));
  expect(joined).toBe(checksum(name, Buffer.concat(parts)));
});

describe('at the door', () => {
  let door: TestDoor;
  beforeAll(async () => { door = await openTestDoor(); });
  afterAll(() => door.close());

  it.each([['SHA256', 'COMPOSITE'], ['SHA1', 'COMPOSITE'], ['CRC32', 'COMPOSITE'], ['CRC32C', 'FULL_OBJECT'], ['CRC64NVME', 'FULL_OBJECT']] as const)('%s, %s', async (name, type) => {
    const { s3 } = door;
    const Bucket = await door.newBucket();
    const bodies = [randomBytes(5 * 1024 * 1024), randomBytes(100)];
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a', ChecksumAlgorithm: name, ChecksumType: type }));
    const field = `Checksum${name}` as const;
    const Parts: object[] = [];
    for (const [index, Body] of bodies.entries()) {
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'a', UploadId, PartNumber: index + 1, Body, [field]: checksum(name, Body) }));
      Parts.push({ PartNumber: index + 1, ETag, [field]: checksum(name, Body) });
    }
    const whole = type === 'FULL_OBJECT' ? checksum(name, Buffer.concat(bodies))
      : `${checksum(name, Buffer.concat(bodies.map((body) => Buffer.from(checksum(name, body), 'base64'))))}-2`;
    const complete = { Bucket, Key: 'a', UploadId, MultipartUpload: { Parts } };
    expect(await codeOf(s3.send(new CompleteMultipartUploadCommand({ ...complete, [field]: 'AAAAAA==' })))).toBe('400 BadDigest');
    expect(await s3.send(new CompleteMultipartUploadCommand({ ...complete, [field]: whole }))).toMatchObject({ [field]: whole, ChecksumType: type });
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'a', ChecksumMode: 'ENABLED' }))).toMatchObject({ [field]: whole, ChecksumType: type });
  });
});
