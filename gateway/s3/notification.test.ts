// Notifications through the stock AWS SDK: what a consumer hears of a bucket, in order, and again after a restart.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetBucketNotificationConfigurationCommand, ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand, PutBucketNotificationConfigurationCommand, PutBucketVersioningCommand, PutObjectCommand, PutObjectTaggingCommand, RestoreObjectCommand,
  UploadPartCommand, type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import { openEmbeddedStore, type EventStore } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import type { Actor } from '@oort/schema';
import { followBucketEvents, readBucketEvents, type BucketEvent } from '@oort/subgraphs-storage';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

const queue = 'arn:oort:sqs::account_2:photos';
const [owner, other, stranger] = ['account_1', 'account_2', 'account_3'].map((accountId) => ({ kind: 'account', accountId }) as unknown as Actor);
let directory: string;
let store: EventStore;
let door: TestDoor;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3-notifications-'));
  store = await openEmbeddedStore({ directory });
  door = await openTestDoor({ store, dayMs: 20 });
});
afterAll(async () => {
  await door.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const set = (Bucket: string, configuration: NotificationConfiguration) => door.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: configuration }));
const get = (Bucket: string) => door.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));

interface Heard { readonly eventName: string; readonly s3: { readonly configurationId?: string; readonly object: { readonly key: string; readonly size?: number; readonly eTag?: string; readonly versionId?: string; readonly sequencer: string } } }
const recordOf = ({ record }: BucketEvent): Heard => record as Json & object as unknown as Heard;

async function all(actor: Actor | undefined, bucket: string, destination: string | null, pageOf: number): Promise<readonly BucketEvent[]> {
  const heard: BucketEvent[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page = await readBucketEvents(store, actor as Actor, { bucket, destination, after }, pageOf);
    heard.push(...page.events);
    ({ end: after, more } = page);
  }
  return heard;
}

async function everything(Bucket: string): Promise<void> {
  const { s3 } = door;
  await s3.send(new PutObjectCommand({ Bucket, Key: 'in/a b+c/ü.jpg', Body: 'one' }));
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'in/copy.jpg', CopySource: `${Bucket}/in/a%20b%2Bc/%C3%BC.jpg` }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'in/parts.jpg' }));
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'in/parts.jpg', UploadId, PartNumber: 1, Body: 'part' }));
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'in/parts.jpg', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
  await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'in/copy.jpg', Tagging: { TagSet: [{ Key: 'k', Value: 'v' }] } }));
  const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'in/copy.jpg' }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'in/copy.jpg', VersionId }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'elsewhere.jpg', Body: 'not told' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'in/cold.jpg', Body: 'cold', StorageClass: 'GLACIER' }));
  await s3.send(new RestoreObjectCommand({ Bucket, Key: 'in/cold.jpg', RestoreRequest: { Days: 10_000 } }));
  await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [{ ID: 'brief', Status: 'Enabled', Filter: { Prefix: 'in/parts' }, Expiration: { Days: 1 } }] } }));
  await new Promise((resolve) => { setTimeout(resolve, 60); });
  expect(await door.sweep()).toMatchObject({ expired: 1 });
}

const told = [
  ['s3:ObjectCreated:Put', 'in/a+b%2Bc/%C3%BC.jpg'], ['s3:ObjectCreated:Copy', 'in/copy.jpg'], ['s3:ObjectCreated:CompleteMultipartUpload', 'in/parts.jpg'],
  ['s3:ObjectTagging:Put', 'in/copy.jpg'], ['s3:ObjectRemoved:DeleteMarkerCreated', 'in/copy.jpg'], ['s3:ObjectRemoved:Delete', 'in/copy.jpg'], ['s3:ObjectCreated:Put', 'in/cold.jpg'],
  ['s3:ObjectRestore:Post', 'in/cold.jpg'], ['s3:ObjectRestore:Completed', 'in/cold.jpg'], ['s3:LifecycleExpiration:DeleteMarkerCreated', 'in/parts.jpg'],
];
const namesAndKeys = (events: readonly BucketEvent[]) => events.map((event) => [event.eventName, recordOf(event).s3.object.key]);

test('a bucket is told of to its owner and to those whom it tells, and to nobody else', async () => {
  const Bucket = await door.newBucket();
  await set(Bucket, { TopicConfigurations: [{ TopicArn: 'arn:oort:sns::account_1:own', Events: ['s3:ObjectCreated:Put'] }] });
  await door.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'b' }));
  const asks = (actor: Actor | undefined, destination: string | null) => all(actor, Bucket, destination, 10).then((events) => events.length, (error: unknown) => String(error));
  expect(await asks(owner, 'arn:oort:sns::account_1:own')).toBe(1);
  for (const actor of [other, stranger, { kind: 'anonymous' } as unknown as Actor]) expect(await asks(actor, null)).toMatch(/no such bucket/);
  await set(Bucket, { QueueConfigurations: [{ QueueArn: queue, Events: ['s3:ObjectCreated:Put'] }] });
  await door.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'b' }));
  // Not what was before, not what others are told, not the bucket.
  expect([await asks(other, queue), await asks(other, null), await asks(other, 'arn:oort:sns::account_1:own'), await asks(stranger, queue)]).toEqual([1, 0, 0, expect.stringMatching(/no such bucket/)]);
  expect(await codeOf(door.other.send(new GetBucketNotificationConfigurationCommand({ Bucket })))).toBe('403 AccessDenied');
});

test('a configuration comes back as it was put, and an empty one takes it away', async () => {
  const Bucket = await door.newBucket();
  const { $metadata: _, ...none } = await get(Bucket);
  expect(none).toEqual({});
  const configuration: NotificationConfiguration = {
    QueueConfigurations: [{ Id: 'q', QueueArn: queue, Events: ['s3:ObjectCreated:*', 's3:ObjectAcl:Put'], Filter: { Key: { FilterRules: [{ Name: 'Prefix' as 'prefix', Value: ' a&b' }] } } }],
    TopicConfigurations: [{ Id: 't', TopicArn: 'arn:oort:sns::account_1:own', Events: ['s3:ObjectRemoved:DeleteMarkerCreated', 's3:LifecycleTransition'] }],
    EventBridgeConfiguration: {},
  };
  await set(Bucket, configuration);
  const { $metadata: __, ...shown } = await get(Bucket);
  expect(shown).toEqual(configuration);
  await set(Bucket, {});
  const { $metadata: ___, ...gone } = await get(Bucket);
  expect(gone).toEqual({});
});

const put = 's3:ObjectCreated:Put' as const;
const rule = (Id: string, name: string, prefix = '', suffix = '') =>
  ({ Id, QueueArn: queue, Events: [name as never], Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: prefix }, { Name: 'suffix' as const, Value: suffix }] } } });
test.each<[string, string, NotificationConfiguration]>([
  ['one event twice', '400 InvalidArgument', { QueueConfigurations: [rule('a', put), rule('b', 's3:ObjectCreated:*')] }],
  ['prefixes within each other', '400 InvalidArgument', { QueueConfigurations: [rule('a', put, 'im'), rule('b', put, 'images/', '.jpg')] }],
  ['prefixes apart', 'no error', { QueueConfigurations: [rule('a', put, 'images'), rule('b', put, 'logs')] }],
  ['suffixes apart', 'no error', { QueueConfigurations: [rule('a', put, 'in', '.jpg'), rule('b', put, 'in', '.png')] }],
  ['one id twice', '400 InvalidArgument', { QueueConfigurations: [rule('a', put, 'a'), rule('a', put, 'b')] }],
  ['an event that is none', '400 InvalidArgument', { QueueConfigurations: [rule('a', 's3:ObjectCreated:Patch')] }],
  ['a queue of Amazon', '400 InvalidArgument', { QueueConfigurations: [{ QueueArn: 'arn:aws:sqs:us-east-1:123456789012:q', Events: [put] }] }],
  ['a queue as a topic', '400 InvalidArgument', { TopicConfigurations: [{ TopicArn: queue, Events: [put] }] }],
  ['nobody\'s queue', '400 InvalidArgument', { QueueConfigurations: [{ QueueArn: 'arn:oort:sqs::nobody:q', Events: [put] }] }],
  ['a function', '400 InvalidArgument', { LambdaFunctionConfigurations: [{ LambdaFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f', Events: [put] }] }],
  ['no ARN', '400 InvalidArgument', { QueueConfigurations: [{ QueueArn: 'photos', Events: [put] }] }],
  ['no event', '400 MalformedXML', { QueueConfigurations: [{ QueueArn: queue, Events: [] }] }],
  ['an unknown filter', '400 InvalidArgument', { QueueConfigurations: [{ QueueArn: queue, Events: [put], Filter: { Key: { FilterRules: [{ Name: 'infix' as 'prefix', Value: 'a' }] } } }] }],
  ['two prefixes', '400 InvalidArgument', { QueueConfigurations: [{ QueueArn: queue, Events: [put], Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'a' }, { Name: 'prefix', Value: 'b' }] } } }] }],
])('%s: %s', async (_name, code, configuration) => {
  expect(await codeOf(set('bucket-1', configuration))).toBe(code);
});

test('a queue of another account hears what the configuration tells it, in order, from every cursor, after a restart too', async () => {
  const Bucket = await door.newBucket();
  await door.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  await door.s3.send(new PutObjectCommand({ Bucket, Key: 'in/before.jpg', Body: 'before anybody was told' }));
  const rule = { Id: 'pictures', QueueArn: queue, Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:Put', 's3:ObjectRestore:*', 's3:LifecycleExpiration:*'] as never, Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'in/' }, { Name: 'suffix' as const, Value: '.jpg' }] } } };
  await set(Bucket, { QueueConfigurations: [rule] });
  const live = await followBucketEvents(store, other as Actor, { bucket: Bucket, destination: queue });
  const first = live.next();
  await everything(Bucket);
  expect((await first).value).toMatchObject({ eventName: 's3:ObjectCreated:Put', key: 'in/a b+c/ü.jpg' });

  const heard = await all(other, Bucket, queue, 1);
  expect(namesAndKeys(heard)).toEqual(told);
  const versions = (await door.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'in/a' }))).Versions ?? [];
  expect(heard[0]?.record).toEqual({
    eventVersion: '2.1', eventSource: 'oort:s3', awsRegion: 'us-east-1', eventTime: heard[0]?.eventTime, eventName: 'ObjectCreated:Put', userIdentity: { principalId: 'account_1' },
    s3: {
      s3SchemaVersion: '1.0', configurationId: 'pictures', bucket: { name: Bucket, ownerIdentity: { principalId: 'account_1' }, arn: `arn:aws:s3:::${Bucket}` },
      object: { key: 'in/a+b%2Bc/%C3%BC.jpg', size: 3, eTag: versions[0]?.ETag?.replaceAll('"', ''), versionId: versions[0]?.VersionId, sequencer: expect.stringMatching(/^[0-9A-F]{18}$/) },
    },
  });
  const sequence = heard.map((event) => recordOf(event).s3.object.sequencer);
  expect([...sequence].sort()).toEqual(sequence);
  expect(new Set(sequence).size).toBe(sequence.length);
  expect(Object.keys(recordOf(heard[4] as BucketEvent).s3.object)).toEqual(['key', 'versionId', 'sequencer']);

  await live.return?.();
  await door.close();
  await store.close();
  store = await openEmbeddedStore({ directory });
  door = await openTestDoor({ store, dayMs: 20 });
  expect(namesAndKeys(await all(other, Bucket, queue, 3))).toEqual(told);
  // From any record on come all that follow it, and at most the one beside it again.
  for (const [place, { cursor }] of heard.entries()) {
    const { events } = await readBucketEvents(store, other as Actor, { bucket: Bucket, destination: queue, after: cursor }, 1000);
    expect(namesAndKeys(events)).toEqual(told.slice(place === 7 ? place : place + 1));
  }
  const again = await followBucketEvents(store, other as Actor, { bucket: Bucket, destination: queue, after: heard[0]?.cursor ?? '' });
  for (const expected of told.slice(1)) expect(namesAndKeys([(await again.next()).value as BucketEvent])).toEqual([expected]);
  await again.return?.();
  const whole = namesAndKeys(await all(owner, Bucket, null, 100)).map(([, key]) => key);
  expect(whole).toEqual(expect.arrayContaining(['in/before.jpg', 'elsewhere.jpg']));
  expect(whole).toHaveLength(told.length + 2);
});
