import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract, fileKeyStore, memoryStore, openEmbeddedStore, openVisible } from './index';
import type { EventStore } from './port';

const fresh = (): string => mkdtempSync(join(tmpdir(), 'oort-eventstore-'));

eventStoreContract('memory', async () => memoryStore());
eventStoreContract('embedded', () => openEmbeddedStore({ directory: fresh() }));
eventStoreContract('embedded, read from disk only', () => openEmbeddedStore({ directory: fresh(), keptEvents: 0, indexAfterEvents: 1 }));
eventStoreContract('embedded, sealed', async () => openVisible(
  await openEmbeddedStore({ directory: fresh() }),
  { visibilityOf: (type) => type === 'Large' ? 'public' : 'sealed', keys: fileKeyStore(fresh()) },
));

test.each(['no-stream', 0n, 'any', 'stream-exists'] as const)('a repeated append under %s is answered as before after restarts, with and without the index', async (expected) => {
  const directory = fresh();
  const event = (id: string) => ({
    id, type: 'T', data: null, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
  });
  const again = async (work: (store: EventStore) => Promise<unknown>): Promise<unknown> => {
    const store = await openEmbeddedStore({ directory });
    const answer = await work(store);
    await store.close();
    return answer;
  };
  const batch = [event('one'), event('0b8f0a52-6c3e-5d0e-9a53-0f4b6f2d7c11')];
  if (expected !== 'no-stream') await again((store) => store.append('s-1', 'no-stream', [event('before')]));
  const first = await again((store) => store.append('s-1', expected, batch));
  await again((store) => store.append('s-1', 'any', [event('after')]));
  const head = await again((store) => store.head());
  expect(await again((store) => store.append('s-1', expected, batch))).toEqual(first);
  rmSync(join(directory, 'index'), { recursive: true });
  expect(await again((store) => store.append('s-1', expected, batch))).toEqual(first);
  expect(await again((store) => store.head())).toBe(head);
});
