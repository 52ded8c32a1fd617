// Lifecycle rules through the stock AWS SDK, with a day of a tenth of a second.
import {
  AbortMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteBucketLifecycleCommand, DeleteObjectCommand, GetBucketLifecycleConfigurationCommand, HeadObjectCommand,
  ListMultipartUploadsCommand, ListObjectsV2Command, ListObjectVersionsCommand, PutBucketLifecycleConfigurationCommand, PutBucketVersioningCommand, PutObjectCommand,
  PutObjectLegalHoldCommand, RestoreObjectCommand, type LifecycleRule,
} from '@aws-sdk/client-s3';
import { StorageUnavailable } from '@oort/subgraphs-storage';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

const dayMs = 100;
let door: TestDoor;
beforeAll(async () => { door = await openTestDoor({ dayMs }); });
afterAll(() => door.close());

const passed = (days: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, days * dayMs + 20); });
const put = (Bucket: string, Rules: readonly LifecycleRule[]): Promise<unknown> =>
  door.s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [...Rules] } }));
const keysOf = async (Bucket: string): Promise<readonly (string | undefined)[]> =>
  ((await door.s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key);
const store = (Bucket: string, Key: string, more: Record<string, string> = {}) => door.s3.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}`, ...more }));

async function versioned(): Promise<string> {
  const Bucket = await door.newBucket();
  await door.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  return Bucket;
}

test('rules come back as they were put, and go', async () => {
  const Bucket = await door.newBucket();
  const get = () => door.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  expect(await codeOf(get())).toBe('404 NoSuchLifecycleConfiguration');
  const Rules: LifecycleRule[] = [
    { ID: 'logs', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 30 }, Transition: undefined, Transitions: [{ Days: 3, StorageClass: 'GLACIER' }] } as LifecycleRule,
    { ID: 'all', Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { ExpiredObjectDeleteMarker: true }, NoncurrentVersionExpiration: { NoncurrentDays: 5, NewerNoncurrentVersions: 2 } },
    { ID: 'old', Status: 'Enabled', Prefix: 'old/', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
    { ID: 'both', Status: 'Enabled', Filter: { And: { Prefix: 'a', Tags: [{ Key: 'k', Value: 'v' }], ObjectSizeGreaterThan: 10, ObjectSizeLessThan: 20 } }, Expiration: { Date: new Date('2030-01-01T00:00:00Z') } },
  ];
  await put(Bucket, Rules);
  const shown = (await get()).Rules?.map(({ Transition: _, ...rule }: LifecycleRule & { Transition?: unknown }) => rule);
  expect(shown).toEqual(Rules.map(({ Transition: _, ...rule }: LifecycleRule & { Transition?: unknown }) => rule));
  await door.s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
  expect(await codeOf(get())).toBe('404 NoSuchLifecycleConfiguration');
  expect(await codeOf(door.other.send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).toBe('403 AccessDenied');
});

const good: LifecycleRule = { Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } };
test.each<[string, string, LifecycleRule[]]>([
  ['no rule', '400 MalformedXML', []],
  ['an unknown status', '400 MalformedXML', [{ ...good, Status: 'enabled' as 'Enabled' }]],
  ['neither prefix nor filter', '400 MalformedXML', [{ Status: 'Enabled', Expiration: { Days: 1 } }]],
  ['no action', '400 InvalidRequest', [{ Status: 'Enabled', Filter: { Prefix: '' } }]],
  ['no days', '400 InvalidArgument', [{ ...good, Expiration: { Days: 0 } }]],
  ['one id twice', '400 InvalidArgument', [{ ...good, ID: 'a' }, { ...good, ID: 'a' }]],
  ['a long id', '400 InvalidArgument', [{ ...good, ID: 'a'.repeat(256) }]],
  ['noon', '400 InvalidArgument', [{ ...good, Expiration: { Date: new Date('2030-01-01T12:00:00Z') } }]],
  ['an end before the move', '400 InvalidArgument', [{ ...good, Expiration: { Days: 3 }, Transitions: [{ Days: 3, StorageClass: 'GLACIER' }] }]],
  ['days beside dates', '400 InvalidRequest', [{ ...good, Transitions: [{ Date: new Date('2030-01-01T00:00:00Z'), StorageClass: 'GLACIER' }] }]],
  ['a class that is not here', '400 InvalidStorageClass', [{ ...good, Expiration: undefined, Transitions: [{ Days: 3, StorageClass: 'STANDARD_IA' }] }]],
  ['tags for markers', '400 InvalidRequest', [{ Status: 'Enabled', Filter: { Tag: { Key: 'a', Value: 'b' } }, Expiration: { ExpiredObjectDeleteMarker: true } }]],
  ['one condition under And', '400 MalformedXML', [{ ...good, Filter: { And: { Prefix: 'a' } } }]],
])('%s is refused', async (_name, code, rules) => {
  expect(await codeOf(put(await door.newBucket(), rules))).toBe(code);
});

test('what is old enough goes, and its reader is told when', async () => {
  const Bucket = await door.newBucket();
  await put(Bucket, [{ ID: 'short lives', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 2 } }, { ID: 'marked', Status: 'Enabled', Filter: { Tag: { Key: 'keep', Value: 'no' } }, Expiration: { Days: 2 } }]);
  const { Expiration } = await store(Bucket, 'logs/a');
  expect(Expiration).toMatch(/^expiry-date="[A-Z].* GMT", rule-id="short%20lives"$/);
  expect((await door.s3.send(new HeadObjectCommand({ Bucket, Key: 'logs/a' }))).Expiration).toMatch(/rule-id="short%20lives"$/);
  expect((await store(Bucket, 'kept')).Expiration).toBeUndefined();
  await store(Bucket, 'tagged', { Tagging: 'keep=no' });
  await store(Bucket, 'tagged otherwise', { Tagging: 'keep=yes' });
  await passed(2);
  expect(await door.sweep()).toMatchObject({ expired: 2, refused: 0 });
  expect(await keysOf(Bucket)).toEqual(['kept', 'tagged otherwise']);
  expect(await door.sweep()).toMatchObject({ expired: 0 });
});

test('of a versioned bucket the newest are hidden, then the hidden go, then the markers', async () => {
  const Bucket = await versioned();
  for (let count = 0; count < 4; count += 1) await store(Bucket, 'a');
  await put(Bucket, [{ ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 2 } }]);
  await passed(1);
  // Of three that were replaced two stay; the fourth is hidden, and so the third of those replaced.
  expect(await door.sweep()).toMatchObject({ expired: 1, noncurrent: 1 });
  const listed = () => door.s3.send(new ListObjectVersionsCommand({ Bucket }));
  expect([(await listed()).Versions?.length, (await listed()).DeleteMarkers?.length]).toEqual([3, 1]);
  await put(Bucket, [{ ID: 'rest', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { ExpiredObjectDeleteMarker: true }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }]);
  await passed(1);
  expect(await door.sweep()).toMatchObject({ noncurrent: 3 });
  expect(await door.sweep()).toMatchObject({ markers: 1 });
  expect(await listed()).toMatchObject({ IsTruncated: false });
  expect((await listed()).Versions ?? (await listed()).DeleteMarkers).toBeUndefined();
});

test('what is held stays, whatever a rule says', async () => {
  const Bucket = 'locked-lifecycle';
  await door.s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  const { VersionId } = await store(Bucket, 'held');
  await door.s3.send(new PutObjectLegalHoldCommand({ Bucket, Key: 'held', VersionId, LegalHold: { Status: 'ON' } }));
  await store(Bucket, 'held');
  await put(Bucket, [{ ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }]);
  await passed(1);
  expect(await door.sweep()).toMatchObject({ noncurrent: 0, refused: 1 });
  expect((await door.s3.send(new HeadObjectCommand({ Bucket, Key: 'held', VersionId }))).ContentLength).toBe(12);
});

test('uploads that nobody completes are given up', async () => {
  const Bucket = await door.newBucket();
  await put(Bucket, [{ ID: 'abort', Status: 'Enabled', Filter: { Prefix: 'big/' }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }]);
  const begun = await door.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big/a' }));
  expect([begun.AbortRuleId, begun.AbortDate instanceof Date]).toEqual(['abort', true]);
  const other = await door.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'small' }));
  await passed(1);
  expect(await door.sweep()).toMatchObject({ aborted: 1 });
  expect((await door.s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.map(({ Key }) => Key)).toEqual(['small']);
  await door.s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'small', UploadId: other.UploadId }));
});

test('what is archived by a rule comes back for the days that are asked for, and goes back', async () => {
  const Bucket = await versioned();
  await store(Bucket, 'cold');
  await put(Bucket, [{ ID: 'move', Status: 'Enabled', Filter: { Prefix: '' }, Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }]);
  await passed(1);
  expect(await door.sweep()).toMatchObject({ archived: 1 });
  const head = () => door.s3.send(new HeadObjectCommand({ Bucket, Key: 'cold' }));
  expect((await head()).StorageClass).toBe('GLACIER');
  await door.s3.send(new RestoreObjectCommand({ Bucket, Key: 'cold', RestoreRequest: { Days: 10_000 } }));
  expect((await head()).Restore).toMatch(/^ongoing-request="false", expiry-date="[A-Z].* GMT"$/);
  // Old as it is: it was asked back.
  expect(await door.sweep()).toMatchObject({ archived: 0 });
  await door.s3.send(new DeleteObjectCommand({ Bucket, Key: 'cold' }));
  await store(Bucket, 'brief');
  await passed(1);
  expect(await door.sweep()).toMatchObject({ archived: 1 });
  await door.s3.send(new RestoreObjectCommand({ Bucket, Key: 'brief', RestoreRequest: { Days: 1 } }));
  await passed(1);
  expect(await door.sweep()).toMatchObject({ archived: 1 });
  expect((await door.s3.send(new HeadObjectCommand({ Bucket, Key: 'brief' }))).Restore).toBeUndefined();
});

test('an archive that is away keeps nobody else\'s rules from being carried out', async () => {
  const [cold, old] = [await door.newBucket(), await door.newBucket()];
  await put(cold, [{ ID: 'move', Status: 'Enabled', Filter: { Prefix: '' }, Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }]);
  await put(old, [{ ID: 'end', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }]);
  for (const Bucket of [cold, old]) await store(Bucket, 'k');
  await passed(1);
  const away = jest.spyOn(door.objects, 'archive').mockRejectedValue(new StorageUnavailable(0, 1));
  expect(await door.sweep()).toMatchObject({ expired: 1, archived: 0 });
  expect([await keysOf(cold), await keysOf(old)]).toEqual([['k'], []]);
  away.mockRestore();
  expect(await door.sweep()).toMatchObject({ archived: 1 });
});
