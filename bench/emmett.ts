// emmett on PostgreSQL under the same work, in a process of its own: its pools outlive its close.
// Prints one line of JSON: {many, batches, replay}, events a second.
import { batch, batchSize, event, replayed, writers } from './event-work';
import { peerModule } from './peers';
import { rate, speed } from './rate';

interface Store {
  appendToStream(stream: string, events: readonly object[]): Promise<unknown>;
  readStream(stream: string): Promise<{ readonly events: readonly unknown[] }>;
}

async function main(url: string): Promise<void> {
  const emmett = peerModule<{ getPostgreSQLEventStore(url: string): Store }>('@event-driven-io/emmett-postgresql');
  if (emmett === null) process.exit(1);
  const store = emmett.getPostgreSQLEventStore(url);
  const many = await rate(writers, async (writer) => {
    await store.appendToStream(`many-${writer}`, [event()]);
    return 1;
  });
  const batches = await rate(1, async () => {
    await store.appendToStream('batches', batch());
    return batchSize;
  });
  for (let done = 0; done < replayed; done += batchSize) await store.appendToStream('replay', batch());
  const replay = await speed(async () => (await store.readStream('replay')).events.length);
  process.stdout.write(`${JSON.stringify({ many, batches, replay })}\n`, () => process.exit(0));
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
