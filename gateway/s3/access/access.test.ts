// Who may do what at the door: two accounts and everyone else, by policy, by list, and behind the public access block.
import {
  CopyObjectCommand, CreateMultipartUploadCommand, DeleteBucketOwnershipControlsCommand, DeleteBucketPolicyCommand, DeleteObjectCommand, DeleteObjectsCommand, DeletePublicAccessBlockCommand,
  GetBucketAclCommand, GetBucketOwnershipControlsCommand, GetBucketPolicyCommand, GetBucketPolicyStatusCommand, GetObjectAclCommand, GetObjectCommand,
  GetObjectTaggingCommand, GetPublicAccessBlockCommand, HeadBucketCommand, ListObjectsV2Command, PutBucketAclCommand, PutBucketOwnershipControlsCommand, PutBucketPolicyCommand,
  PutBucketTaggingCommand, PutBucketVersioningCommand, PutObjectAclCommand, PutObjectCommand, PutObjectTaggingCommand, PutPublicAccessBlockCommand,
  CreateBucketCommand, ListMultipartUploadsCommand, ListPartsCommand, type ObjectOwnership,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from '../fixture-door';

let door: TestDoor;
let Bucket: string;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(async () => { await door.close(); });
beforeEach(async () => { Bucket = await door.newBucket(); });

const statement = (more: object) => ({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*`, ...more });
const policyOf = (...more: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: more.map(statement) });
const setPolicy = (...more: readonly object[]) => door.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(...more) }));
const put = (Key: string, more: object = {}) => door.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes', ...more }));
const unblock = () => door.s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
const own = (ObjectOwnership: ObjectOwnership) => door.s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership }] } }));
/** Of a request that nobody signed. */
const plain = async (path: string, init: RequestInit = {}): Promise<number> => {
  const answer = await fetch(`${door.url}/${Bucket}${path}`, init);
  await answer.arrayBuffer();
  return answer.status;
};
const two = { AWS: 'arn:aws:iam::account_2:root' };

describe('a bucket policy', () => {
  it('is kept as it was given, and taken away', async () => {
    expect(await codeOf(door.s3.send(new GetBucketPolicyCommand({ Bucket })))).toBe('404 NoSuchBucketPolicy');
    expect(await codeOf(door.s3.send(new GetBucketPolicyStatusCommand({ Bucket })))).toBe('404 NoSuchBucketPolicy');
    await setPolicy({ Principal: two });
    expect((await door.s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(policyOf({ Principal: two }));
    expect((await door.s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic).toBe(false);
    await door.s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect(await codeOf(door.s3.send(new GetBucketPolicyCommand({ Bucket })))).toBe('404 NoSuchBucketPolicy');
    expect(await codeOf(door.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: '{"Statement":1}' })))).toBe('400 MalformedPolicy');
    expect(await codeOf(door.other.send(new GetBucketPolicyCommand({ Bucket })))).toBe('403 AccessDenied');
  });

  it('lets another account do what it says and nothing else', async () => {
    await put('a/1');
    await put('b/1');
    expect(await codeOf(door.other.send(new GetObjectCommand({ Bucket, Key: 'a/1' })))).toBe('403 AccessDenied');
    await setPolicy(
      { Principal: two, Action: ['s3:GetObject', 's3:PutObject'], Resource: `arn:aws:s3:::${Bucket}/a/*` },
      { Principal: two, Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}`, Condition: { StringLike: { 's3:prefix': 'a/*' } } });
    await door.other.send(new GetObjectCommand({ Bucket, Key: 'a/1' }));
    await door.other.send(new PutObjectCommand({ Bucket, Key: 'a/2', Body: 'theirs' }));
    await door.s3.send(new GetObjectCommand({ Bucket, Key: 'a/2' }));
    await door.other.send(new ListObjectsV2Command({ Bucket, Prefix: 'a/' }));
    const refused = [
      door.other.send(new ListObjectsV2Command({ Bucket })), door.other.send(new GetObjectCommand({ Bucket, Key: 'b/1' })),
      door.other.send(new DeleteObjectCommand({ Bucket, Key: 'a/1' })), door.other.send(new GetObjectTaggingCommand({ Bucket, Key: 'a/1' })),
      door.other.send(new CopyObjectCommand({ Bucket, Key: 'a/3', CopySource: `${Bucket}/b/1` })),
    ];
    expect(await Promise.all(refused.map(codeOf))).toEqual(refused.map(() => '403 AccessDenied'));
    await door.other.send(new CopyObjectCommand({ Bucket, Key: 'a/3', CopySource: `${Bucket}/a/1` }));
    // Whether a key is there is for those who may list.
    expect(await codeOf(door.other.send(new GetObjectCommand({ Bucket, Key: 'a/none' })))).toBe('403 AccessDenied');
    expect(await codeOf(door.s3.send(new GetObjectCommand({ Bucket, Key: 'a/none' })))).toBe('404 NoSuchKey');
  });

  it('lets another account configure the bucket, in its owner\'s name', async () => {
    await setPolicy({ Principal: two, Action: ['s3:PutBucketTagging', 's3:PutBucketVersioning'], Resource: `arn:aws:s3:::${Bucket}` });
    await door.other.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }));
    await door.other.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    expect(await codeOf(door.other.send(new DeleteBucketPolicyCommand({ Bucket })))).toBe('403 AccessDenied');
  });

  it('denies the owner too, who can still mend it', async () => {
    await put('k');
    await setPolicy({ Effect: 'Deny', Action: 's3:*', Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`] });
    expect(await codeOf(door.s3.send(new GetObjectCommand({ Bucket, Key: 'k' })))).toBe('403 AccessDenied');
    expect(await codeOf(door.s3.send(new HeadBucketCommand({ Bucket })))).toMatch(/^403/);
    await door.s3.send(new GetBucketPolicyCommand({ Bucket }));
    await door.s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    await door.s3.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  });

  it('is not asked when the bucket is not whose the request expects it to be', async () => {
    await put('k');
    const copy = (ExpectedSourceBucketOwner: string) => door.s3.send(new CopyObjectCommand({ Bucket, Key: 'l', CopySource: `${Bucket}/k`, ExpectedSourceBucketOwner }));
    expect(await codeOf(put('k', { ExpectedBucketOwner: 'account_2' }))).toBe('403 AccessDenied');
    expect(await codeOf(copy('account_2'))).toBe('403 AccessDenied');
    await put('k', { ExpectedBucketOwner: 'account_1' });
    await copy('account_1');
  });

  it('decides each key of a batch by itself', async () => {
    await put('keep/1');
    await put('drop/1');
    await setPolicy({ Principal: two, Action: 's3:DeleteObject', Resource: `arn:aws:s3:::${Bucket}/drop/*` });
    const { Deleted, Errors } = await door.other.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'keep/1' }, { Key: 'drop/1' }] } }));
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['drop/1']);
    expect(Errors?.map(({ Key, Code }) => [Key, Code])).toEqual([['keep/1', 'AccessDenied']]);
  });

  it('reads tags that are there and tags that are asked for', async () => {
    await put('open', { Tagging: 'level=public' });
    await put('shut', { Tagging: 'level=private' });
    await setPolicy(
      { Principal: two, Condition: { StringEquals: { 's3:ExistingObjectTag/level': 'public' } } },
      { Principal: two, Action: ['s3:PutObject', 's3:PutObjectTagging'], Condition: { StringEquals: { 's3:RequestObjectTag/level': 'public' } } });
    await door.other.send(new GetObjectCommand({ Bucket, Key: 'open' }));
    expect(await codeOf(door.other.send(new GetObjectCommand({ Bucket, Key: 'shut' })))).toBe('403 AccessDenied');
    await door.other.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', Tagging: 'level=public' }));
    expect(await codeOf(door.other.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', Tagging: 'level=private' })))).toBe('403 AccessDenied');
    expect(await codeOf(door.other.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x' })))).toBe('403 AccessDenied');
    const tag = (Value: string) => door.other.send(new PutObjectTaggingCommand({ Bucket, Key: 'new', Tagging: { TagSet: [{ Key: 'level', Value }] } }));
    await tag('public');
    expect(await codeOf(tag('private'))).toBe('403 AccessDenied');
  });

  it('refuses what its own headers would bring', async () => {
    await setPolicy(
      { Principal: two, Action: 's3:PutObject' },
      { Effect: 'Deny', Principal: two, Action: 's3:PutObject', Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' } } });
    expect(await codeOf(door.other.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' })))).toBe('403 AccessDenied');
    await door.other.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ServerSideEncryption: 'AES256' }));
  });
});

describe('the public', () => {
  it('is kept out until the block is taken away, and then let in by policy', async () => {
    await put('cat');
    expect(await codeOf(setPolicy({}))).toBe('403 AccessDenied');
    expect((await door.s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration?.BlockPublicPolicy).toBe(true);
    await unblock();
    expect(await codeOf(door.s3.send(new GetPublicAccessBlockCommand({ Bucket })))).toBe('404 NoSuchPublicAccessBlockConfiguration');
    expect(await plain('/cat')).toBe(403);
    await setPolicy({});
    expect((await door.s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic).toBe(true);
    expect(await plain('/cat')).toBe(200);
    expect(await plain('/cat', { method: 'DELETE' })).toBe(403);
    expect(await plain('/cat', { method: 'PUT', body: 'x' })).toBe(403);
    expect(await plain('')).toBe(403);
    expect(await plain('/none')).toBe(403);
    await door.s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { RestrictPublicBuckets: true } }));
    expect(await plain('/cat')).toBe(403);
    expect(await codeOf(door.other.send(new GetObjectCommand({ Bucket, Key: 'cat' })))).toBe('403 AccessDenied');
    await door.s3.send(new GetObjectCommand({ Bucket, Key: 'cat' }));
  });

  it('is told apart by address and by where it comes from', async () => {
    await put('cat');
    await unblock();
    await setPolicy({ Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' }, StringLike: { 'aws:Referer': 'https://ours.example/*' }, Bool: { 'aws:SecureTransport': 'false' } } });
    expect(await plain('/cat', { headers: { referer: 'https://ours.example/page' } })).toBe(200);
    expect(await plain('/cat', { headers: { referer: 'https://theirs.example/' } })).toBe(403);
    await setPolicy({ Condition: { NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' } } });
    expect(await plain('/cat')).toBe(403);
  });

  it('writes where it may, and the bucket\'s owner owns that', async () => {
    await unblock();
    await setPolicy({ Action: ['s3:PutObject', 's3:ListBucket'], Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/in/*`] });
    expect(await plain('/in/1', { method: 'PUT', body: 'mail' })).toBe(200);
    expect(await plain('?list-type=2')).toBe(200);
    const { Contents } = await door.s3.send(new ListObjectsV2Command({ Bucket, FetchOwner: true }));
    expect(Contents?.map(({ Key, Owner }) => [Key, Owner?.ID])).toEqual([['in/1', 'account_1']]);
  });

  it('neither makes buckets nor lists them', async () => {
    expect((await fetch(door.url)).status).toBe(403);
    expect((await fetch(`${door.url}/anybody`, { method: 'PUT' })).status).toBe(403);
    expect((await fetch(`${door.url}/nobodys-bucket`)).status).toBe(404);
  });
});

describe('access control lists', () => {
  it('do not count in a bucket as it is made', async () => {
    expect((await door.s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    await put('k', { ACL: 'bucket-owner-full-control' });
    expect(await codeOf(put('k', { ACL: 'public-read' }))).toBe('400 AccessControlListNotSupported');
    expect(await codeOf(put('k', { GrantRead: 'id="account_2"' }))).toBe('400 AccessControlListNotSupported');
    expect(await codeOf(door.s3.send(new PutBucketAclCommand({ Bucket, ACL: 'private' })))).toBe('400 AccessControlListNotSupported');
    expect(await codeOf(door.s3.send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'public-read' })))).toBe('400 AccessControlListNotSupported');
    const { Owner, Grants } = await door.s3.send(new GetObjectAclCommand({ Bucket, Key: 'k' }));
    expect([Owner?.ID, Grants?.map(({ Grantee, Permission }) => [Grantee?.ID, Permission])]).toEqual(['account_1', [['account_1', 'FULL_CONTROL']]]);
    expect(await codeOf(door.s3.send(new CreateBucketCommand({ Bucket: 'shared-at-once', ACL: 'public-read' })))).toBe('400 InvalidBucketAclWithObjectOwnership');
  });

  it('open an object to everyone where they count and are not ignored', async () => {
    await own('ObjectWriter');
    expect(await codeOf(put('k', { ACL: 'public-read' }))).toBe('403 AccessDenied');
    await unblock();
    await put('k', { ACL: 'public-read' });
    await put('shut');
    expect(await plain('/k')).toBe(200);
    expect(await plain('/shut')).toBe(403);
    expect(await plain('/none')).toBe(403);
    await door.s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { IgnorePublicAcls: true } }));
    expect(await plain('/k')).toBe(403);
    await unblock();
    await door.s3.send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'authenticated-read' }));
    expect(await plain('/k')).toBe(403);
    await door.other.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    await own('BucketOwnerEnforced');
    expect(await codeOf(door.other.send(new GetObjectCommand({ Bucket, Key: 'k' })))).toBe('403 AccessDenied');
  });

  it('give another account what a bucket grants, and what it writes there is its own', async () => {
    await own('ObjectWriter');
    await door.s3.send(new PutBucketAclCommand({ Bucket, GrantFullControl: 'id="account_1"', GrantWrite: 'id=account_2', GrantRead: 'id="account_2"' }));
    const { Grants } = await door.s3.send(new GetBucketAclCommand({ Bucket }));
    expect(Grants?.map(({ Grantee, Permission }) => [Grantee?.Type, Grantee?.ID, Permission])).toEqual([
      ['CanonicalUser', 'account_1', 'FULL_CONTROL'], ['CanonicalUser', 'account_2', 'READ'], ['CanonicalUser', 'account_2', 'WRITE']]);
    await door.other.send(new ListObjectsV2Command({ Bucket }));
    await door.other.send(new PutObjectCommand({ Bucket, Key: 'theirs', Body: 'x' }));
    expect(await codeOf(door.s3.send(new GetObjectCommand({ Bucket, Key: 'theirs' })))).toBe('403 AccessDenied');
    await door.other.send(new PutObjectAclCommand({ Bucket, Key: 'theirs', ACL: 'bucket-owner-read' }));
    await door.s3.send(new GetObjectCommand({ Bucket, Key: 'theirs' }));
    expect((await door.other.send(new GetObjectAclCommand({ Bucket, Key: 'theirs' }))).Owner?.ID).toBe('account_2');
    expect((await door.s3.send(new ListObjectsV2Command({ Bucket, FetchOwner: true }))).Contents?.map(({ Owner }) => Owner?.ID)).toEqual(['account_2']);
    expect(await codeOf(door.other.send(new PutBucketAclCommand({ Bucket, ACL: 'private' })))).toBe('403 AccessDenied');
    // Whose the bucket is can always clear it.
    await door.s3.send(new DeleteObjectCommand({ Bucket, Key: 'theirs' }));
    await own('BucketOwnerPreferred');
    await door.other.send(new PutObjectCommand({ Bucket, Key: 'given', Body: 'x', ACL: 'bucket-owner-full-control' }));
    expect((await door.s3.send(new GetObjectAclCommand({ Bucket, Key: 'given' }))).Owner?.ID).toBe('account_1');
    expect(await codeOf(own('BucketOwnerEnforced'))).toBe('400 InvalidBucketAclWithObjectOwnership');
    await door.s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket }));
    expect(await codeOf(door.s3.send(new GetBucketOwnershipControlsCommand({ Bucket })))).toBe('404 OwnershipControlsNotFoundError');
  });

  it('say whose an upload is and who began it, page by page and by prefix', async () => {
    await own('ObjectWriter');
    await door.s3.send(new PutBucketAclCommand({ Bucket, GrantFullControl: 'id="account_1"', GrantWrite: 'id=account_2' }));
    const begin = async (client: TestDoor['s3'], Key: string) => (await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId;
    const ids = [await begin(door.s3, 'a/1'), await begin(door.other, 'a/1'), await begin(door.s3, 'a/2'), await begin(door.s3, 'b')];
    const list = (more: object) => door.s3.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
    const { Uploads } = await list({});
    expect(Uploads?.map(({ Key, UploadId, Owner, Initiator }) => [Key, UploadId, Owner?.ID, Initiator?.ID])).toEqual([
      ['a/1', ids[0], 'account_1', 'account_1'], ['a/1', ids[1], 'account_2', 'account_2'], ['a/2', ids[2], 'account_1', 'account_1'], ['b', ids[3], 'account_1', 'account_1']]);
    expect((await door.other.send(new ListPartsCommand({ Bucket, Key: 'a/1', UploadId: ids[1] }))).Initiator?.ID).toBe('account_2');
    const first = await list({ MaxUploads: 1 });
    expect([first.IsTruncated, first.NextKeyMarker, first.NextUploadIdMarker]).toEqual([true, 'a/1', ids[0]]);
    const second = await list({ KeyMarker: first.NextKeyMarker, UploadIdMarker: first.NextUploadIdMarker });
    expect([second.IsTruncated, second.Uploads?.map(({ UploadId }) => UploadId)]).toEqual([false, ids.slice(1)]);
    const grouped = await list({ Delimiter: '/', MaxUploads: 1 });
    expect([grouped.CommonPrefixes, grouped.Uploads, grouped.NextKeyMarker]).toEqual([[{ Prefix: 'a/' }], undefined, 'a/']);
    expect((await list({ Delimiter: '/', KeyMarker: 'a/' })).Uploads?.map(({ Key }) => Key)).toEqual(['b']);
    expect((await list({ Prefix: 'a/', Delimiter: '/' })).Uploads).toHaveLength(3);
  });

  it('come as documents, and are refused when they name nobody', async () => {
    await own('ObjectWriter');
    await put('k');
    const set = (AccessControlPolicy: object) => door.s3.send(new PutObjectAclCommand({ Bucket, Key: 'k', AccessControlPolicy }));
    const Grant = { Grantee: { Type: 'CanonicalUser' as const, ID: 'account_2' }, Permission: 'READ' as const };
    await set({ Owner: { ID: 'account_1' }, Grants: [Grant] });
    await door.other.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    expect(await codeOf(door.other.send(new GetObjectAclCommand({ Bucket, Key: 'k' })))).toBe('403 AccessDenied');
    expect(await codeOf(set({ Owner: { ID: 'account_2' }, Grants: [] }))).toBe('403 AccessDenied');
    expect(await codeOf(set({ Owner: { ID: 'account_1' }, Grants: [{ ...Grant, Permission: 'FLY' }] }))).toBe('400 MalformedACLError');
    expect(await codeOf(set({ Owner: { ID: 'account_1' }, Grants: [{ ...Grant, Grantee: { Type: 'CanonicalUser', ID: 'nobody' } }] }))).toBe('400 InvalidArgument');
    expect(await codeOf(put('k', { GrantRead: 'emailAddress="nobody@example.com"' }))).toBe('400 UnresolvableGrantByEmailAddress');
    expect(await codeOf(put('k', { GrantRead: 'uri="http://example.com/all"' }))).toBe('400 InvalidArgument');
    expect(await codeOf(put('k', { ACL: 'private', GrantRead: 'id="account_2"' }))).toBe('400 InvalidRequest');
    expect(await codeOf(put('k', { ACL: 'for-friends' }))).toBe('400 InvalidArgument');
  });
});
