// Object lock, asked for with the stock AWS SDK.
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand,
  GetObjectLegalHoldCommand, GetObjectLockConfigurationCommand, GetObjectRetentionCommand, HeadObjectCommand, PutBucketPolicyCommand, PutBucketVersioningCommand,
  PutObjectCommand, PutObjectLegalHoldCommand, PutObjectLockConfigurationCommand, PutObjectRetentionCommand, UploadPartCommand,
  type DefaultRetention, type ObjectLockRetentionMode, type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
let locked: string;
beforeAll(async () => {
  door = await openTestDoor();
  locked = await newLockedBucket();
});
afterAll(() => door.close());

const inDays = (days: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + days * 86_400_000);
let made = 0;

async function newLockedBucket(): Promise<string> {
  made += 1;
  const Bucket = `locked-${made}`;
  await door.s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  return Bucket;
}

async function put(more: Partial<PutObjectCommandInput> = {}): Promise<{ Bucket: string; Key: string; VersionId: string }> {
  const at = { Bucket: more.Bucket ?? locked, Key: more.Key ?? 'a' };
  return { ...at, VersionId: (await door.s3.send(new PutObjectCommand({ Body: 'a', ...more, ...at }))).VersionId ?? '' };
}

const retain = (at: { Bucket: string; Key: string }, Mode: ObjectLockRetentionMode, days: number, bypass = false) =>
  codeOf(door.s3.send(new PutObjectRetentionCommand({ ...at, Retention: { Mode, RetainUntilDate: inDays(days) }, BypassGovernanceRetention: bypass })));
const remove = (at: { Bucket: string; Key: string; VersionId: string }, bypass = false) =>
  codeOf(door.s3.send(new DeleteObjectCommand({ ...at, BypassGovernanceRetention: bypass })));
const denied = '403 AccessDenied';

describe('a bucket with locks', () => {
  const configure = (Bucket: string, retention?: DefaultRetention) => codeOf(door.s3.send(new PutObjectLockConfigurationCommand({
    Bucket, ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', ...(retention === undefined ? {} : { Rule: { DefaultRetention: retention } }) },
  })));

  it('has versions, which nobody can suspend, and says what its default is', async () => {
    const Bucket = await newLockedBucket();
    const shown = () => door.s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect((await shown()).ObjectLockConfiguration).toEqual({ ObjectLockEnabled: 'Enabled' });
    expect(await configure(Bucket, { Mode: 'GOVERNANCE', Days: 3 })).toBe('no error');
    expect((await shown()).ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: 'GOVERNANCE', Days: 3 });
    expect(await configure(Bucket, { Mode: 'COMPLIANCE', Years: 1 })).toBe('no error');
    expect((await shown()).ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: 'COMPLIANCE', Years: 1 });
    expect(await codeOf(door.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })))).toBe('409 InvalidBucketState');
  });

  it('is one with versions, told in a document that means something', async () => {
    const Bucket = await door.newBucket();
    expect(await codeOf(door.s3.send(new GetObjectLockConfigurationCommand({ Bucket })))).toBe('404 ObjectLockConfigurationNotFoundError');
    expect(await configure(Bucket)).toBe('409 InvalidBucketState');
    expect(await codeOf(door.s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a', ObjectLockLegalHoldStatus: 'ON' })))).toBe('400 InvalidRequest');
    await door.s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
    expect(await retain({ Bucket, Key: 'a' }, 'GOVERNANCE', 1)).toBe('400 InvalidRequest');
    await door.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    expect(await configure(Bucket, { Mode: 'GOVERNANCE', Days: 0 })).toBe('400 InvalidArgument');
    expect(await configure(Bucket, { Mode: 'GOVERNANCE', Years: 101 })).toBe('400 InvalidArgument');
    expect(await configure(Bucket, { Mode: 'GOVERNANCE', Days: 1, Years: 1 })).toBe('400 MalformedXML');
    expect(await configure(Bucket)).toBe('no error');
  });

  it('gives what comes its default, however it comes, unless that says otherwise', async () => {
    const { s3 } = door;
    const Bucket = await newLockedBucket();
    await configure(Bucket, { Mode: 'GOVERNANCE', Days: 2 });
    const modeOf = async (Key: string) => (await s3.send(new HeadObjectCommand({ Bucket, Key }))).ObjectLockMode;
    await put({ Bucket });
    await put({ Bucket, Key: 'b', ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(1) });
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/b` }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts', ObjectLockLegalHoldStatus: 'ON' }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: 'p' }));
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
    expect(await Promise.all(['a', 'b', 'copy', 'parts'].map(modeOf))).toEqual(['GOVERNANCE', 'COMPLIANCE', 'GOVERNANCE', 'GOVERNANCE']);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'parts' }))).ObjectLockLegalHoldStatus).toBe('ON');
    const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, Key: 'a' }));
    expect(Math.abs((Retention?.RetainUntilDate?.getTime() ?? 0) - inDays(2).getTime())).toBeLessThan(3_600_000);
  });
});

describe('a retained version', () => {
  it('in compliance stays whoever asks, and only longer', async () => {
    const at = await put({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(2) });
    expect(await remove(at)).toBe(denied);
    expect(await remove(at, true)).toBe(denied);
    expect(await retain(at, 'COMPLIANCE', 1, true)).toBe(denied);
    expect(await retain(at, 'GOVERNANCE', 3, true)).toBe(denied);
    expect(await codeOf(door.s3.send(new PutObjectRetentionCommand({ ...at, Retention: {}, BypassGovernanceRetention: true })))).toBe(denied);
    expect(await retain(at, 'COMPLIANCE', 3)).toBe('no error');
    const { Retention } = await door.s3.send(new GetObjectRetentionCommand(at));
    expect(Retention?.Mode).toBe('COMPLIANCE');
    // A second may have passed since it was asked for.
    expect(Math.abs((Retention?.RetainUntilDate?.getTime() ?? 0) - inDays(3).getTime())).toBeLessThan(3_600_000);
    expect(await (await door.s3.send(new GetObjectCommand(at))).Body?.transformToString()).toBe('a');
  });

  it('in governance yields to who says so and may', async () => {
    const { s3 } = door;
    const at = await put({ Key: 'governed', ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(2) });
    expect(await remove(at)).toBe(denied);
    expect(await retain(at, 'GOVERNANCE', 1)).toBe(denied);
    expect(await retain(at, 'GOVERNANCE', 1, true)).toBe('no error');
    expect(await codeOf(s3.send(new PutObjectRetentionCommand({ ...at, Retention: {} })))).toBe(denied);
    const statement = { Effect: 'Allow', Principal: { AWS: 'account_2' }, Action: ['s3:DeleteObjectVersion'], Resource: `arn:aws:s3:::${locked}/*` };
    await s3.send(new PutBucketPolicyCommand({ Bucket: locked, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) }));
    expect(await codeOf(door.other.send(new DeleteObjectCommand({ ...at, BypassGovernanceRetention: true })))).toBe(denied);
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: locked, Delete: { Objects: [{ Key: at.Key, VersionId: at.VersionId }] } }));
    expect(Errors?.[0]?.Code).toBe('AccessDenied');
    const { Deleted } = await s3.send(new DeleteObjectsCommand({ Bucket: locked, BypassGovernanceRetention: true, Delete: { Objects: [{ Key: at.Key, VersionId: at.VersionId }] } }));
    expect(Deleted).toHaveLength(1);
  });

  it('is hidden by a marker as any other, and its key takes new versions', async () => {
    const at = await put({ Key: 'hidden', ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(2) });
    expect((await door.s3.send(new DeleteObjectCommand({ Bucket: locked, Key: 'hidden' }))).DeleteMarker).toBe(true);
    const next = await put({ Key: 'hidden' });
    expect(await remove(next)).toBe('no error');
    expect(await remove(at)).toBe(denied);
  });

  it('is told as Amazon tells it when the request makes no sense', async () => {
    const at = await put({ Key: 'odd' });
    expect(await codeOf(door.s3.send(new GetObjectRetentionCommand(at)))).toBe('404 NoSuchObjectLockConfiguration');
    expect(await retain(at, 'GOVERNANCE', -1)).toBe('400 InvalidArgument');
    expect(await retain({ ...at, Key: 'none' }, 'GOVERNANCE', 1)).toBe('404 NoSuchVersion');
    expect(await codeOf(put({ ObjectLockMode: 'GOVERNANCE' }))).toBe('400 InvalidArgument');
    expect(await codeOf(put({ ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(-1) }))).toBe('400 InvalidArgument');
  });
});

it('a legal hold keeps a version, also beyond its retention and from who bypasses governance, until it is lifted', async () => {
  const { s3 } = door;
  const at = await put({ Key: 'held', ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(1) });
  const hold = (Status: 'ON' | 'OFF') => s3.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status } }));
  expect(await codeOf(s3.send(new GetObjectLegalHoldCommand(at)))).toBe('404 NoSuchObjectLockConfiguration');
  await hold('ON');
  expect((await s3.send(new GetObjectLegalHoldCommand(at))).LegalHold).toEqual({ Status: 'ON' });
  expect((await s3.send(new HeadObjectCommand(at))).ObjectLockLegalHoldStatus).toBe('ON');
  expect(await remove(at, true)).toBe(denied);
  await hold('OFF');
  expect(await remove(at, true)).toBe('no error');
});
