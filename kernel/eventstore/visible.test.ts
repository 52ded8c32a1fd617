import { mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileKeyStore, memoryStore, openEmbeddedStore, openVisible, revealedBy, type VisibleOptions } from './index';
import type { EventStore, EventToAppend } from './port';

const fresh = (): string => mkdtempSync(join(tmpdir(), 'oort-visible-'));
const visibilityOf = (type: string): 'public' | 'sealed' => type === 'Open' ? 'public' : 'sealed';
const event = (id: string, type: string, data: EventToAppend['data']): EventToAppend => ({
  id, type, data, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
});

async function dataOf(store: EventStore, stream = 's-1'): Promise<unknown[]> {
  const data: unknown[] = [];
  for await (const one of store.read(stream)) data.push(one.data);
  return data;
}

test('the log holds ciphertext of what is not public; a stranger sees it sealed, a holder of the keys sees it', async () => {
  const directory = fresh();
  const log = await openEmbeddedStore({ directory });
  const holder = openVisible(log, { visibilityOf, keys: fileKeyStore(fresh()) });
  await holder.append('s-1', 'no-stream', [event('1', 'Open', 'seen'), event('2', 'Phantom', 'hidden'), event('3', 'Gold', 'hidden')]);
  expect(await dataOf(holder)).toEqual(['seen', 'hidden', 'hidden']);
  const sealed = (key: string) => ({ sealed: expect.any(String) as string, key });
  for (const stranger of [log, openVisible(log, { visibilityOf, keys: fileKeyStore(fresh()) })]) {
    expect(await dataOf(stranger)).toEqual(['seen', sealed('sealed.Phantom'), sealed('sealed.Gold')]);
  }
  const segments = join(directory, 'log');
  expect(readdirSync(segments).map((name) => readFileSync(join(segments, name), 'utf8')).join()).not.toContain('hidden');
  await log.close();
});

test('ciphertext that is moved to another event does not open', async () => {
  const log = memoryStore();
  const holder = openVisible(log, { visibilityOf, keys: fileKeyStore(fresh()) });
  await holder.append('s-1', 'no-stream', [event('1', 'Gold', 'answer')]);
  for await (const { data, type, metadata } of log.read('s-1')) await log.append('s-2', 'no-stream', [{ id: '2', type, data, metadata }]);
  await expect(dataOf(holder, 's-2')).rejects.toThrow();
});

test('keys are made once, kept for the owner only, and gone for good when destroyed', async () => {
  const directory = fresh();
  const keys = fileKeyStore(directory);
  const key = await keys.obtain('person_1');
  expect(key).toHaveLength(32);
  expect(await fileKeyStore(directory).obtain('person_1')).toEqual(key);
  expect(statSync(join(directory, 'person_1')).mode & 0o777).toBe(0o600);
  expect(await keys.find('person_2')).toBeNull();
  await keys.destroy('person_1');
  expect([await keys.find('person_1'), readdirSync(directory)]).toEqual([null, []]);
  const another = fileKeyStore(directory);
  await keys.obtain('person_3');
  await another.find('person_3');
  await keys.destroy('person_3');
  expect(await another.find('person_3')).toBeNull();
  await expect(keys.find('../person')).rejects.toMatchObject({ code: 'BAD_KEY_ID' });
});

test('a key whose destruction was interrupted is nobody\'s, and its bytes go at the next start', async () => {
  const directory = fresh();
  writeFileSync(join(directory, '.destroying-1'), Buffer.alloc(32, 1));
  fileKeyStore(directory);
  expect(readdirSync(directory)).toEqual([]);
});

test('a key that was made elsewhere is kept, and never in the place of another', async () => {
  const keys = fileKeyStore(fresh());
  await keys.keep('k', Buffer.alloc(32, 1));
  await keys.keep('k', Buffer.alloc(32, 2));
  expect(await keys.find('k')).toEqual(Buffer.alloc(32, 1));
});

describe('personal data', () => {
  const personal = { Met: { of: 'who', fields: ['name', 'email'] }, Hired: { of: 'who', fields: ['name'] } };
  const publicOnly = (type: string): 'public' | 'tenant' => type === 'Met' ? 'public' : 'tenant';
  const met = (id: string, who: string, name: string): EventToAppend => event(id, 'Met', { who, name, email: null, at: 'noon' });

  async function withPeople(): Promise<{ readonly log: EventStore; readonly store: EventStore; readonly keys: VisibleOptions['keys']; readonly directory: string }> {
    const directory = fresh();
    const log = await openEmbeddedStore({ directory });
    const keys = fileKeyStore(fresh());
    const store = openVisible(log, { visibilityOf: publicOnly, keys, personal });
    await store.append('s-1', 'no-stream', [met('1', 'ann', 'Ann Hathaway'), met('2', 'bob', 'Bob Dylan'), event('3', 'Hired', { who: 'ann', name: 'Ann Hathaway' })]);
    return { log, store, keys, directory };
  }

  test('is ciphertext field by field, under a key of its person, in public events and in others', async () => {
    const { log, store, keys, directory } = await withPeople();
    expect(await dataOf(store)).toEqual([{ who: 'ann', name: 'Ann Hathaway', email: null, at: 'noon' }, { who: 'bob', name: 'Bob Dylan', email: null, at: 'noon' }, { who: 'ann', name: 'Ann Hathaway' }]);
    expect((await dataOf(log))[0]).toEqual({ who: 'ann', name: { sealed: expect.any(String) as string, key: 'person.ann' }, email: null, at: 'noon' });
    expect(await dataOf(openVisible(log, { visibilityOf: publicOnly, keys: fileKeyStore(fresh()), personal }))).toMatchObject([{ name: 'redacted', email: null }, { name: 'redacted' }, { sealed: expect.any(String) as string }]);
    const segments = join(directory, 'log');
    expect(readdirSync(segments).map((name) => readFileSync(join(segments, name), 'utf8')).join()).not.toMatch(/Hathaway|Dylan/);
    expect(await keys.find('person.ann')).not.toEqual(await keys.find('person.bob'));
    await log.close();
  });

  test('reads redacted once the key is destroyed; the rest of the event, other people and the log stay as they are', async () => {
    const { log, store, keys } = await withPeople();
    const before = await dataOf(log);
    await keys.destroy('person.ann');
    expect(await dataOf(store)).toEqual([{ who: 'ann', name: 'redacted', email: null, at: 'noon' }, { who: 'bob', name: 'Bob Dylan', email: null, at: 'noon' }, { who: 'ann', name: 'redacted' }]);
    expect(await dataOf(log)).toEqual(before);
    await log.close();
  });

  test('that is moved to another event or field does not open', async () => {
    const { log, store } = await withPeople();
    const [first] = await dataOf(log) as { readonly name: { readonly sealed: string; readonly key: string } }[];
    await log.append('s-2', 'no-stream', [event('9', 'Met', { who: 'ann', name: first?.name ?? '', email: null })]);
    await log.append('s-3', 'no-stream', [event('10', 'Met', { who: 'ann', name: null, email: first?.name ?? '' })]);
    await expect(dataOf(store, 's-2')).rejects.toThrow();
    await expect(dataOf(store, 's-3')).rejects.toThrow();
    await log.close();
  });
});

test('what is sealed until a named event opens with the key that this event gives away, and nothing else does', async () => {
  const log = memoryStore();
  const options = { visibilityOf, keys: fileKeyStore(fresh()), sealedUntil: { Guess: { event: 'Open', matching: 'game' } } };
  const holder = openVisible(log, options);
  const revealed = fileKeyStore(fresh());
  const stranger = openVisible(log, { visibilityOf, keys: revealed });
  const guess = (id: string, game: string): EventToAppend => event(id, 'Guess', { game, guess: id });
  await holder.append('s-1', 'no-stream', [guess('1', 'chess'), guess('2', 'go'), event('3', 'Guess', { guess: 'of no game' })]);
  expect(await dataOf(holder)).toEqual([{ game: 'chess', guess: '1' }, { game: 'go', guess: '2' }, { guess: 'of no game' }]);
  const sealed = { sealed: expect.any(String) as string, key: expect.stringMatching(/^sealed\.Guess/) as string };
  expect(await dataOf(stranger)).toEqual([sealed, sealed, sealed]);
  expect(JSON.stringify(await dataOf(log))).not.toMatch(/chess|go/);

  for (const { keyId, key } of await revealedBy(event('4', 'Open', { game: 'chess' }), options)) await revealed.keep(keyId, key);
  expect(await dataOf(stranger)).toEqual([{ game: 'chess', guess: '1' }, sealed, sealed]);
  expect(await revealedBy(event('5', 'Other', { game: 'go' }), options)).toEqual([]);
  expect(await revealedBy(event('6', 'Open', {}), options)).toEqual([]);
});
