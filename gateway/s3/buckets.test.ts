// Buckets are listed by what is asked for and made as they are described; names and values that are no ASCII come back as they were sent.
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { CreateBucketCommand, GetBucketTaggingCommand, ListBucketsCommand, ListObjectsCommand, ListObjectsV2Command, paginateListBuckets, PutObjectCommand } from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

it('are listed by prefix and by the page', async () => {
  const { s3 } = door;
  const names = ['list-a', 'list-b', 'list-c', 'other'];
  for (const Bucket of names) await s3.send(new CreateBucketCommand({ Bucket }));
  const pages = [];
  for await (const { Buckets = [], Prefix } of paginateListBuckets({ client: s3, pageSize: 2 }, { Prefix: 'list-' })) pages.push([Prefix, Buckets.map(({ Name }) => Name)]);
  expect(pages).toEqual([['list-', ['list-a', 'list-b']], ['list-', ['list-c']]]);
  expect(await codeOf(s3.send(new ListBucketsCommand({ MaxBuckets: 0 })))).toBe('400 InvalidArgument');
  expect(await codeOf(s3.send(new ListBucketsCommand({ ContinuationToken: '?' })))).toBe('400 InvalidArgument');
  expect((await s3.send(new ListBucketsCommand({ BucketRegion: 'eu-west-1' }))).Buckets ?? []).toEqual([]);
  expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual(names);
});

it('are made with tags, in whatever region a client means, and not by what is no description', async () => {
  const { s3 } = door;
  const TagSet = [{ Key: 'team', Value: 'blue' }];
  await s3.send(new CreateBucketCommand({ Bucket: 'tagged', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1', Tags: TagSet } }));
  expect((await s3.send(new GetBucketTaggingCommand({ Bucket: 'tagged' }))).TagSet).toEqual(TagSet);
  expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket: 'twice', CreateBucketConfiguration: { Tags: [...TagSet, ...TagSet] } })))).toBe('400 InvalidTag');
  expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket: 'directory', CreateBucketConfiguration: { Bucket: { Type: 'Directory' } } })))).toBe('501 NotImplemented');
  expect(await codeOf(s3.send(new ListObjectsV2Command({ Bucket: 'directory' })))).toBe('404 NoSuchBucket');
});

it('tell owners of objects where they are asked for, and go on from no token that they did not give', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
  const owner = async (FetchOwner?: boolean) => (await s3.send(new ListObjectsV2Command({ Bucket, FetchOwner }))).Contents?.[0]?.Owner?.ID;
  expect([await owner(), await owner(true), (await s3.send(new ListObjectsCommand({ Bucket }))).Contents?.[0]?.Owner?.ID]).toEqual([undefined, 'account_1', 'account_1']);
  expect((await s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken: '' }))).KeyCount).toBe(1);
  expect(await codeOf(s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken: '?' })))).toBe('400 InvalidArgument');
});

/** Signature Version 2, over the bytes of the header. */
function putAndGet(path: string, metadata: Buffer): Promise<Buffer> {
  const sent = (method: string, headers: Record<string, string>) => new Promise<readonly string[]>((resolve, reject) => {
    const date = new Date().toUTCString();
    const amz = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`).join('');
    const signature = createHmac('sha1', 'secret one').update(Buffer.from(`${method}\n\n\n${date}\n${amz}${path}`, 'latin1')).digest('base64');
    request(`${door.url}${path}`, { method, headers: { ...headers, date, authorization: `AWS AKIAONE:${signature}`, 'content-length': 0 } }, (response) => {
      response.resume().once('end', () => { resolve([String(response.statusCode), ...response.rawHeaders]); });
    }).once('error', reject).end();
  });
  return sent('PUT', { 'x-amz-meta-place': metadata.toString('latin1') }).then(() => sent('GET', {})).then((found) => Buffer.from(found[found.indexOf('x-amz-meta-place') + 1] ?? '', 'latin1'));
}

it('metadata in UTF-8 is signed as the bytes that it is, and comes back so', async () => {
  const Bucket = await door.newBucket();
  expect(String(await putAndGet(`/${Bucket}/a`, Buffer.from('Zürich, 東京')))).toBe('Zürich, 東京');
});
