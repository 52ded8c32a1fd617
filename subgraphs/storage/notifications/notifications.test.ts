// The feed through the graph, and rules that overlap, against their definition.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import fc from 'fast-check';
import { createSourceEventStream, graphql, parse } from 'graphql';
import { memoryStore } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import { storageResolvers, type StorageRoom } from '../resolvers';
import { overlapping, tells, type NotificationRule } from './configuration';
import type { BucketEvent } from './feed';

const metadata = (actor: string) => ({ actor, correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 });
const contextValue = { actor: { kind: 'account', accountId: 'account_1' } };

test('the graph pulls page by page from its cursors, and a subscription goes on after them', async () => {
  const store = memoryStore();
  let count = 0;
  const append = async (stream: string, type: string, data: Readonly<Record<string, Json>>): Promise<void> => {
    count += 1;
    await store.append(stream, 'any', [{ id: `event-${count}`, type, data: { bucket: 'b', accountId: 'account_1', ...data }, metadata: metadata('account_1') }]);
  };
  const stored = (key: string) => append(`storage_object-${key}`, 'ObjectStored', { key, versionId: `object_${count}`, sizeBytes: 1, etag: 'e' });
  await append('storage_bucket-b', 'BucketCreated', {});
  for (const key of ['one', 'two', 'three']) await stored(key);
  await append('storage_object-other', 'ObjectStored', { bucket: 'c', key: 'of another bucket', versionId: 'object_x', sizeBytes: 1, etag: 'e' });
  const typeDefs = parse(readFileSync(join(__dirname, '..', '..', '..', 'schema', 'sdl', 'storage.graphql'), 'utf8'));
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: storageResolvers({ store } as unknown as StorageRoom) as never }]);
  const source = 'query($after: String) { bucketEvents(bucket: "b", after: $after, first: 2) { edges { cursor node { eventName key record } } pageInfo { hasNextPage endCursor } } }';
  const page = async (after: string | null) => (await graphql({ schema, source, contextValue, variableValues: { after } })).data?.['bucketEvents'] as never;
  expect(await page(null)).toMatchObject({ edges: [{ cursor: '1', node: { key: 'one', eventName: 's3:ObjectCreated:Put' } }, { cursor: '2', node: { key: 'two' } }], pageInfo: { hasNextPage: true, endCursor: '2' } });
  // A cursor moves on also past what is of other buckets.
  expect(await page('2')).toMatchObject({ edges: [{ node: { key: 'three', record: { s3: { object: { size: 1, eTag: 'e' } } } } }], pageInfo: { hasNextPage: false, endCursor: '4' } });
  expect(await page('4')).toMatchObject({ edges: [], pageInfo: { hasNextPage: false, endCursor: '4' } });
  const refused = await graphql({ schema, source, contextValue, variableValues: { after: 'x' } });
  expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_CURSOR' });
  const strangers = await graphql({ schema, source, contextValue: { actor: { kind: 'account', accountId: 'account_2' } } });
  expect(strangers.errors?.[0]?.extensions).toMatchObject({ code: 'NO_SUCH_BUCKET' });

  const followed = await createSourceEventStream({ schema, document: parse('subscription { bucketEvent(bucket: "b", after: "2") { key } }'), contextValue });
  if (!(Symbol.asyncIterator in followed)) throw new RangeError('no subscription');
  const iterator = followed[Symbol.asyncIterator]() as AsyncIterator<BucketEvent>;
  const next = async () => ((await iterator.next()).value as BucketEvent).key;
  expect(await next()).toBe('three');
  const coming = next();
  await stored('four');
  expect(await coming).toBe('four');
  const waiting = iterator.next();
  await iterator.return?.();
  expect((await waiting).done).toBe(true);
  await store.close();
});

const events = fc.subarray(['s3:ObjectCreated:*', 's3:ObjectCreated:Put', 's3:ObjectCreated:Copy', 's3:ObjectRemoved:*', 's3:ObjectRemoved:Delete'], { minLength: 1 });
const ends = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 2 });
const rules: fc.Arbitrary<NotificationRule> = fc.record({ id: fc.constant(''), kind: fc.constant('Queue'), arn: fc.constant(''), events, filter: fc.record({ prefix: ends, suffix: ends }) });
const names = ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy', 's3:ObjectRemoved:Delete'];
const keys = ['', ...words(4)];

/** All texts of a and b up to a length. */
function words(length: number): readonly string[] {
  return length === 0 ? [] : ['a', 'b'].flatMap((letter) => [letter, ...words(length - 1).map((word) => letter + word)]);
}

test('two rules overlap exactly when one event of one key would be told by both', () => {
  fc.assert(fc.property(rules, rules, (a, b) => {
    const both = names.some((name) => keys.some((key) => tells(a, name, key) && tells(b, name, key)));
    expect(overlapping([a, b]) !== null).toBe(both);
  }), { numRuns: 500 });
});
