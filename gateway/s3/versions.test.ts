// Versions, delete markers and tags, asked for with the stock AWS SDK.
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, DeleteBucketCommand, DeleteBucketTaggingCommand, DeleteObjectCommand,
  DeleteObjectsCommand, DeleteObjectTaggingCommand, GetBucketTaggingCommand, GetBucketVersioningCommand, GetObjectAttributesCommand, GetObjectCommand,
  GetObjectTaggingCommand, HeadObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand, PutBucketTaggingCommand, PutBucketVersioningCommand,
  PutObjectCommand, PutObjectTaggingCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

async function versioned(Status: 'Enabled' | 'Suspended' = 'Enabled'): Promise<string> {
  const Bucket = await door.newBucket();
  await switchTo(Bucket, Status);
  return Bucket;
}

async function switchTo(Bucket: string, Status: 'Enabled' | 'Suspended'): Promise<void> {
  await door.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

async function put(Bucket: string, Key: string, Body: string): Promise<string | undefined> {
  return (await door.s3.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;
}

async function text(Bucket: string, Key: string, VersionId?: string): Promise<string | undefined> {
  const got = await door.s3.send(new GetObjectCommand({ Bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }));
  return got.Body?.transformToString();
}

describe('versions', () => {
  it('are kept once the bucket keeps them, and what was there before is the version null', async () => {
    const { s3 } = door;
    const Bucket = await door.newBucket();
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
    expect(await put(Bucket, 'a', 'zero')).toBeUndefined();
    await switchTo(Bucket, 'Enabled');
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
    const one = await put(Bucket, 'a', 'one');
    const two = await put(Bucket, 'a', 'two');
    expect(await text(Bucket, 'a')).toBe('two');
    expect([await text(Bucket, 'a', 'null'), await text(Bucket, 'a', one), await text(Bucket, 'a', two)]).toEqual(['zero', 'one', 'two']);
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([[two, true], [one, false], ['null', false]]);
    expect(await codeOf(text(Bucket, 'a', 'never'))).toBe('404 NoSuchVersion');
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'a', CopySource: `${Bucket}/a?versionId=${one}` }));
    expect(await text(Bucket, 'a')).toBe('one');
  });

  it('lie under a delete marker until it is deleted', async () => {
    const { s3 } = door;
    const Bucket = await versioned();
    const one = await put(Bucket, 'a', 'one');
    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    expect(marker).toMatchObject({ DeleteMarker: true });
    const VersionId = marker.VersionId ?? '';
    expect(await codeOf(text(Bucket, 'a'))).toBe('404 NoSuchKey');
    expect(await codeOf(text(Bucket, 'a', VersionId))).toBe('405 MethodNotAllowed');
    expect(await text(Bucket, 'a', one)).toBe('one');
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect([listed.DeleteMarkers?.map((found) => [found.VersionId, found.IsLatest]), listed.Versions?.length]).toEqual([[[VersionId, true]], 1]);
    expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('409 BucketNotEmpty');
    expect(await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId }))).toMatchObject({ DeleteMarker: true, VersionId });
    expect(await text(Bucket, 'a')).toBe('one');
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(1);
  });

  it('stay when versioning is suspended; from then on each write replaces the version null', async () => {
    const { s3 } = door;
    const Bucket = await versioned();
    const one = await put(Bucket, 'a', 'one');
    await switchTo(Bucket, 'Suspended');
    expect(await put(Bucket, 'a', 'two')).toBe('null');
    expect(await put(Bucket, 'a', 'three')).toBe('null');
    expect((await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions?.map(({ VersionId }) => VersionId)).toEqual(['null', one]);
    expect(await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
    const after = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect([after.DeleteMarkers?.map(({ VersionId }) => VersionId), after.Versions?.map(({ VersionId }) => VersionId)]).toEqual([['null'], [one]]);
    expect(await text(Bucket, 'a', one)).toBe('one');
  });

  it('are listed by the page, and a bucket is emptied by them', async () => {
    const { s3 } = door;
    const Bucket = await versioned();
    for (const key of ['a', 'b/1', 'b/2', 'c']) for (const body of ['1', '2']) await put(Bucket, key, body);
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a' }, { Key: 'never' }] } }));
    const seen: { readonly Key: string; readonly VersionId: string }[] = [];
    let markers = {};
    for (let more = true; more;) {
      const page = await s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...markers }));
      for (const { Key = '', VersionId = '' } of [...page.Versions ?? [], ...page.DeleteMarkers ?? []]) seen.push({ Key, VersionId });
      markers = { KeyMarker: page.NextKeyMarker, ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }) };
      more = page.IsTruncated === true;
    }
    expect(seen.length).toBe(10);
    expect(new Set(seen.map(({ VersionId }) => VersionId)).size).toBe(10);
    const folders = await s3.send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/', Prefix: 'b' }));
    expect([folders.CommonPrefixes, folders.Versions]).toEqual([[{ Prefix: 'b/' }], undefined]);
    const { Deleted } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: seen } }));
    expect(Deleted?.filter(({ DeleteMarker }) => DeleteMarker === true).length).toBe(2);
    await s3.send(new DeleteBucketCommand({ Bucket }));
  });

  it('come from multipart uploads too', async () => {
    const { s3 } = door;
    const Bucket = await versioned();
    const one = await put(Bucket, 'a', 'one');
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a', Tagging: 'kind=parts' }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'a', UploadId, PartNumber: 1, Body: 'two' }));
    const complete = { Bucket, Key: 'a', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
    const { VersionId } = await s3.send(new CompleteMultipartUploadCommand(complete));
    expect((await s3.send(new CompleteMultipartUploadCommand(complete))).VersionId).toBe(VersionId);
    expect([await text(Bucket, 'a', VersionId), await text(Bucket, 'a', one)]).toEqual(['two', 'one']);
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }))).TagSet).toEqual([{ Key: 'kind', Value: 'parts' }]);
  });

  it('of another account stay closed', async () => {
    const Bucket = await versioned();
    const change = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } });
    expect(await codeOf(door.other.send(change))).toBe('403 AccessDenied');
    expect(await codeOf(door.other.send(new ListObjectVersionsCommand({ Bucket })))).toBe('403 AccessDenied');
  });
});

describe('tags', () => {
  it('belong to one version of an object', async () => {
    const { s3 } = door;
    const Bucket = await versioned();
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'one', Tagging: 'colour=blue&size=a%20b' }));
    await put(Bucket, 'a', 'two');
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'a', VersionId }))).TagSet).toEqual([{ Key: 'colour', Value: 'blue' }, { Key: 'size', Value: 'a b' }]);
    expect((await s3.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId }))).TagCount).toBe(2);
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }))).TagSet).toEqual([]);
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: { TagSet: [{ Key: '007', Value: '' }] } }));
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` }));
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'b' }))).TagSet).toEqual([{ Key: '007', Value: '' }]);
    await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'a' }));
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }))).TagSet).toEqual([]);
    const many = Array.from({ length: 11 }, (_, index) => ({ Key: String(index), Value: '' }));
    expect(await codeOf(s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: { TagSet: many } })))).toBe('400 InvalidTag');
    expect(await codeOf(s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'never' })))).toBe('404 NoSuchKey');
  });

  it('belong to a bucket', async () => {
    const { s3 } = door;
    const Bucket = await door.newBucket();
    expect(await codeOf(s3.send(new GetBucketTaggingCommand({ Bucket })))).toBe('404 NoSuchTagSet');
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'team', Value: 'vision <1>' }] } }));
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: 'team', Value: 'vision <1>' }]);
    await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
    expect(await codeOf(s3.send(new GetBucketTaggingCommand({ Bucket })))).toBe('404 NoSuchTagSet');
  });
});

describe('attributes', () => {
  it('are told without the bytes', async () => {
    const { s3 } = door;
    const Bucket = await door.newBucket();
    const { ETag, ChecksumCRC32 } = await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'hello', ChecksumAlgorithm: 'CRC32' }));
    const told = await s3.send(new GetObjectAttributesCommand({ Bucket, Key: 'a', ObjectAttributes: ['ETag', 'Checksum', 'ObjectSize', 'StorageClass'] }));
    expect(told).toMatchObject({ ETag: ETag?.replaceAll('"', ''), Checksum: { ChecksumCRC32 }, ObjectSize: 5, StorageClass: 'STANDARD' });
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).ContentLength).toBe(5);
  });
});
