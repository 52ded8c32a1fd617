import { mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileKeyStore, memoryStore, openEmbeddedStore, openVisible } from './index';
import type { EventStore } from './port';

const fresh = (): string => mkdtempSync(join(tmpdir(), 'oort-visible-'));
const visibilityOf = (type: string): 'public' | 'sealed' => type === 'Open' ? 'public' : 'sealed';
const event = (id: string, type: string, data: string) => ({
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
  await expect(keys.find('../person')).rejects.toMatchObject({ code: 'BAD_KEY_ID' });
});
