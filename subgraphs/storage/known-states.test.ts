import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { bucketDecider } from './decide';
import { KnownStates } from './known-states';

const metadata = { actor: 'a', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };

test('a bucket is what its events say, also after it went and came, and only what is new is read', async () => {
  const store = memoryStore();
  let [count, read] = [0, 0];
  const append = async (type: string, data: Readonly<Record<string, string>> = {}): Promise<void> => {
    count += 1;
    await store.append('storage_bucket-b', 'any', [{ id: `event-${count}`, type, data: { bucket: 'b', accountId: 'account_1', ...data }, metadata }]);
  };
  const counting: Pick<EventStore, 'read'> = {
    async* read(stream, options) {
      for await (const event of store.read(stream, options)) {
        read += 1;
        yield event;
      }
    },
  };
  const known = new KnownStates(counting, bucketDecider);
  expect(await known.load('b')).toEqual({ status: 'absent' });
  await append('BucketCreated');
  for (let change = 0; change < 10; change += 1) await append('BucketSettingSet', { setting: 'tagging', document: String(change) });
  expect(await known.load('b')).toMatchObject({ status: 'present', settings: { tagging: '9' } });
  expect(read).toBe(11);
  await append('BucketVersioningSet', { status: 'enabled' });
  expect(await Promise.all([known.load('b'), known.load('b')])).toMatchObject([{ versioning: 'enabled' }, { versioning: 'enabled' }]);
  expect(read).toBe(13);
  await append('BucketDeleted');
  expect(await known.load('b')).toEqual({ status: 'absent' });
  await append('BucketCreated', { accountId: 'account_2' });
  expect(await known.load('b')).toEqual({ status: 'present', accountId: 'account_2', versioning: 'off', settings: {} });
  expect(read).toBe(15);
  await store.close();
});
