import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand, GetBucketAclCommand, GetObjectAclCommand, GetObjectCommand, ListBucketsCommand, ListObjectsV2Command, ListObjectVersionsCommand, PutBucketAclCommand, PutBucketPolicyCommand,
  PutObjectCommand, S3Client,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from '../fixture-door';
import { readS3Accounts } from './accounts-file';

const canonical = { main: 'a'.repeat(64), alt: 'b'.repeat(64) };
const file = {
  accounts: [
    { id: 'main', canonicalId: canonical.main, displayName: 'M. Tester', email: 'Main@example.com', keys: [{ accessKeyId: '0555b35654ad1656d804', secretAccessKey: 'h7GhxuBLTrlhVUyxSPUKUV8r' }] },
    { id: 'alt', canonicalId: canonical.alt, displayName: 'A. Tester', email: 'alt@example.com', keys: [{ accessKeyId: 'NOPQRSTUVWXYZABCDEFG', secretAccessKey: 'nopqrstuvwxyzabcdefghijk' }] },
  ],
  newBuckets: { objectOwnership: 'ObjectWriter', blockPublicAccess: false },
};

let directory: string;
beforeAll(async () => { directory = await mkdtemp(join(tmpdir(), 's3-accounts-')); });
afterAll(async () => { await rm(directory, { recursive: true, force: true }); });
const written = async (content: unknown): Promise<string> => {
  const path = join(directory, 'accounts.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

describe('accounts of a file', () => {
  let door: TestDoor;
  let main: S3Client;
  let alt: S3Client;
  beforeAll(async () => {
    const started = readS3Accounts(await written(file))((id) => (id === 'AKIAPLATFORM' ? { accountId: 'account_9', accessKeyId: id, secretAccessKey: 'nine' } : null));
    door = await openTestDoor(started);
    const client = (accessKeyId: string, secretAccessKey: string): S3Client =>
      new S3Client({ endpoint: door.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } });
    [main, alt] = file.accounts.map(({ keys: [key] }) => client(key?.accessKeyId ?? '', key?.secretAccessKey ?? '')) as [S3Client, S3Client];
    await client('AKIAPLATFORM', 'nine').send(new ListBucketsCommand({}));
  });
  afterAll(async () => {
    main.destroy();
    alt.destroy();
    await door.close();
  });

  it('are shown by canonical id and name wherever an owner is', async () => {
    const owner = { ID: canonical.main, DisplayName: 'M. Tester' };
    await main.send(new CreateBucketCommand({ Bucket: 'with-names' }));
    await main.send(new PutObjectCommand({ Bucket: 'with-names', Key: 'k', Body: 'x' }));
    expect((await main.send(new ListBucketsCommand({}))).Owner).toEqual(owner);
    expect((await main.send(new ListObjectsV2Command({ Bucket: 'with-names', FetchOwner: true }))).Contents?.[0]?.Owner).toEqual(owner);
    expect((await main.send(new ListObjectVersionsCommand({ Bucket: 'with-names' }))).Versions?.[0]?.Owner).toEqual(owner);
    expect((await main.send(new GetObjectAclCommand({ Bucket: 'with-names', Key: 'k' }))).Owner).toEqual(owner);
  });

  it('are granted to by canonical id, by e-mail and by policy', async () => {
    await main.send(new CreateBucketCommand({ Bucket: 'with-grants', ACL: 'public-read' }));
    const { Grants } = await main.send(new GetBucketAclCommand({ Bucket: 'with-grants' }));
    expect(Grants?.map(({ Grantee, Permission }) => [Grantee?.DisplayName ?? Grantee?.URI, Permission])).toEqual([
      ['M. Tester', 'FULL_CONTROL'], ['http://acs.amazonaws.com/groups/global/AllUsers', 'READ']]);
    await main.send(new PutBucketAclCommand({ Bucket: 'with-grants', GrantWrite: 'emailAddress="ALT@example.com"' }));
    await alt.send(new PutObjectCommand({ Bucket: 'with-grants', Key: 'theirs', Body: 'x', GrantFullControl: `id=${canonical.main}` }));
    await main.send(new GetObjectCommand({ Bucket: 'with-grants', Key: 'theirs' }));
    expect(await codeOf(alt.send(new ListObjectsV2Command({ Bucket: 'with-grants' })))).toBe('403 AccessDenied');
    const Policy = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { CanonicalUser: canonical.alt }, Action: 's3:ListBucket', Resource: 'arn:aws:s3:::with-grants' }] });
    await main.send(new PutBucketPolicyCommand({ Bucket: 'with-grants', Policy }));
    await alt.send(new ListObjectsV2Command({ Bucket: 'with-grants' }));
  });
});

describe('a file that cannot be used', () => {
  const [account] = file.accounts;
  it.each([
    ['is not there', null, 'ENOENT'], ['is no JSON', '{', 'JSON'], ['has no accounts', {}, 'accounts is a list of one or more'], ['has one without keys', { accounts: [{ id: 'a', keys: [] }] }, 'keys of a is a list'],
    ['has a field too many', { ...file, more: 1 }, 'the file has no field more'], ['has a name twice', { accounts: [account, account] }, 'two accounts main'],
    ['has a key twice', { accounts: [account, { id: 'b', keys: account?.keys }] }, 'is there twice'], ['takes the platform\'s name', { accounts: [{ ...account, id: 'platform' }] }, 'no account can be called platform'],
    ['has an e-mail of two', { accounts: [account, { id: 'b', email: 'main@example.com', keys: [{ accessKeyId: 'other', secretAccessKey: 's' }] }] }, 'main@example.com is of two accounts'],
    ['knows no such ownership', { ...file, newBuckets: { objectOwnership: 'Nobody' } }, 'objectOwnership is one of BucketOwnerEnforced'],
  ])('%s', async (_, content, why) => {
    const path = content === null ? join(directory, 'none.json') : await written(content);
    expect(() => readS3Accounts(path)).toThrow(why);
  });
});
