// A process for the crash test: 16 writers at once and a reader that tails them, until it is killed. A line on stdout per
// acknowledged append, `w` and its event ids, and per event that the reader was given, `r` and its position and id.
// Writing to a pipe is synchronous here (node's process I/O), and waits where writeSync would fail when the pipe is full.
import { uuidV5 } from '@oort/kernel-wire';
import { openEmbeddedStore } from './index';
import type { EventStore } from './port';

const [directory = '', run = '0'] = process.argv.slice(2);

async function write(): Promise<void> {
  const store = await openEmbeddedStore({ directory, indexAfterEvents: 64 });
  void tail(store);
  await Promise.all(Array.from({ length: 16 }, async (_, writer) => {
    for (let round = 0; ; round += 1) {
      const ids = [0, 1, 2].map((index) => uuidV5(`${run}/${writer}/${round}/${index}`));
      await store.append(`crash-${writer}`, 'any', ids.map((id) => ({
        id, type: 'Written', data: { filler: 'x'.repeat(100) },
        metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
      })));
      process.stdout.write(`w ${ids.join(' ')}\n`);
    }
  }));
}

async function tail(store: EventStore): Promise<void> {
  for await (const delivery of store.subscribe({ from: 'start', signal: new AbortController().signal })) {
    if (delivery.kind === 'event') process.stdout.write(`r ${delivery.event.position} ${delivery.event.id}\n`);
  }
}

write().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
