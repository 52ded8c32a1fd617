// A process for the crash test: many writers at once, a line on stdout per acknowledged append, until it is killed.
import { writeSync } from 'node:fs';
import { uuidV5 } from '@oort/kernel-wire';
import { openEmbeddedStore } from './index';

const [directory = '', run = '0'] = process.argv.slice(2);

async function write(): Promise<void> {
  const store = await openEmbeddedStore({ directory, indexAfterEvents: 64 });
  await Promise.all(Array.from({ length: 16 }, async (_, writer) => {
    for (let round = 0; ; round += 1) {
      const ids = [0, 1, 2].map((index) => uuidV5(`${run}/${writer}/${round}/${index}`));
      await store.append(`crash-${writer}`, 'any', ids.map((id) => ({
        id, type: 'Written', data: { filler: 'x'.repeat(100) },
        metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
      })));
      writeSync(1, `${ids.join(' ')}\n`);
    }
  }));
}

write().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
