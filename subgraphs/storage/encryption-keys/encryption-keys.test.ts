// Keyrings through the graph, over a real log and key store.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import { fileKeyStore, memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { EncryptionKeys } from './encryption-keys';
import { encryptionKeyMutations, encryptionKeyQueries } from './resolvers';

interface Shown { readonly id: string; readonly code?: string; readonly [field: string]: unknown }

const typeDefs = parse(readFileSync(join(__dirname, '..', '..', '..', 'schema', 'sdl', 'storage.graphql'), 'utf8'));
let directory: string;
let store: EventStore;
let time: number;
let keys: EncryptionKeys;

const opened = (): EncryptionKeys => new EncryptionKeys({ store, keys: fileKeyStore(directory), now: () => new Date(time) });
const bytes = (): number => readdirSync(directory).length;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'encryption-keys-'));
  store = memoryStore();
  time = Date.parse('2026-01-01T00:00:00.000Z');
  keys = opened();
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

async function asked(field: string, input: object | null, accountId: string | null = 'account_1'): Promise<Shown> {
  const room = { objects: { encryptionKeys: keys }, now: () => new Date(time) };
  const resolvers = {
    Query: encryptionKeyQueries(room), Mutation: encryptionKeyMutations(room), EncryptionKeyResult: { __resolveType: (value: { readonly __typename: string }) => value.__typename },
  };
  const schema = buildSubgraphSchema({ typeDefs, resolvers: resolvers as never });
  const shown = '... on EncryptionKey { id arn description aliases enabled version grantees deleteAt }';
  const document = input === null ? `{ answer: ${field} { ${shown} } }` : `mutation($input: ${field.charAt(0).toUpperCase()}${field.slice(1)}Input!) { answer: ${field}(input: $input) { ${shown} ... on Refusal { code } } }`;
  const inputs = /(?:rotate|cancel)/.test(field) ? document.replace(/\$input: \w+!/, '$input: EncryptionKeyInput!') : document;
  const { data, errors } = await graphql({ schema, source: inputs, variableValues: { input }, contextValue: { actor: accountId === null ? { kind: 'anonymous' } : { kind: 'account', accountId } } });
  expect(errors).toBeUndefined();
  return data?.['answer'] as Shown;
}

it('a key is made, named, granted, rotated, disabled; others do not see it', async () => {
  const { id: keyId, arn } = await asked('createEncryptionKey', { description: 'of films', alias: 'alias/films' });
  expect(arn).toBe(`arn:oort:kms::account_1:key/${keyId}`);
  await asked('grantEncryptionKey', { keyId, accountId: 'account_2' });
  await asked('rotateEncryptionKey', { keyId });
  const key = await asked('setEncryptionKeyEnabled', { keyId, enabled: false });
  expect(key).toMatchObject({ description: 'of films', aliases: ['alias/films'], enabled: false, version: 2, grantees: ['account_2'], deleteAt: null });
  expect(await asked('encryptionKeys', null)).toEqual([key]);
  expect([await asked('encryptionKeys', null, 'account_2'), await asked('encryptionKeys', null, null)]).toEqual([[], []]);
  expect(await asked('setEncryptionKeyAlias', { alias: 'alias/films' })).toMatchObject({ id: keyId, aliases: [] });
});

it('what cannot be is refused', async () => {
  const { id: keyId } = await asked('createEncryptionKey', { alias: 'alias/films' });
  const { keyId: ofPlatform } = await keys.named(null, 'account_1');
  const codes = [
    await asked('createEncryptionKey', { alias: 'alias/films' }), await asked('createEncryptionKey', { alias: 'films' }), await asked('createEncryptionKey', { alias: 'alias/aws/films' }),
    await asked('createEncryptionKey', { description: 'x'.repeat(8193) }), await asked('rotateEncryptionKey', { keyId: 'none' }), await asked('setEncryptionKeyAlias', { alias: 'alias/none' }),
    await asked('scheduleEncryptionKeyDeletion', { keyId, waitingDays: 6 }), await asked('scheduleEncryptionKeyDeletion', { keyId, waitingDays: 2 ** 31 - 1 }),
    await asked('scheduleEncryptionKeyDeletion', { keyId: ofPlatform, waitingDays: 7 }), await asked('rotateEncryptionKey', { keyId }, 'account_2'), await asked('rotateEncryptionKey', { keyId }, null),
  ].map(({ code }) => code);
  expect(codes).toEqual([
    'KEY_ALIAS_TAKEN', 'BAD_KEY_ALIAS', 'BAD_KEY_ALIAS', 'ENCRYPTION_KEY_LIMIT', 'NO_SUCH_ENCRYPTION_KEY', 'NO_SUCH_KEY_ALIAS', 'BAD_WAITING_PERIOD', 'BAD_WAITING_PERIOD', 'ENCRYPTION_KEY_MANAGED',
    'NO_SUCH_ENCRYPTION_KEY', 'NOT_SIGNED_IN',
  ]);
});

it('the bytes of a deleted key are destroyed when its time has come, also by a platform that was away then, and not before', async () => {
  const [{ id: gone }, { id: kept }] = [await asked('createEncryptionKey', {}), await asked('createEncryptionKey', {})];
  const [lost, left] = [gone, kept].map((keyId) => ({ ownerId: 'account_1', keyId, kind: 'kms' as const, keyVersion: 1 }));
  for (const keyId of [gone, kept]) {
    await keys.toWrap({ ownerId: 'account_1', keyId });
    await asked('rotateEncryptionKey', { keyId });
    await keys.toWrap({ ownerId: 'account_1', keyId });
    await asked('scheduleEncryptionKeyDeletion', { keyId, waitingDays: 7 });
  }
  await asked('cancelEncryptionKeyDeletion', { keyId: kept });
  expect(await asked('setEncryptionKeyEnabled', { keyId: kept, enabled: true })).toMatchObject({ deleteAt: null, enabled: true });
  expect(bytes()).toBe(4);
  time += 7 * 86_400_000 - 1;
  const stop = new AbortController();
  const first = keys.run(stop.signal);
  await expect(keys.toUnwrap(lost!)).rejects.toMatchObject({ reason: 'pending deletion' });
  stop.abort();
  await first;
  expect(bytes()).toBe(4);
  time += 1;
  keys = opened();
  const again = new AbortController();
  const second = keys.run(again.signal);
  while (bytes() > 2) await new Promise((resolve) => { setTimeout(resolve, 20); });
  again.abort();
  await second;
  await expect(keys.toUnwrap(lost!)).rejects.toMatchObject({ reason: 'unknown' });
  expect(await keys.toUnwrap(left!)).toHaveLength(32);
});
