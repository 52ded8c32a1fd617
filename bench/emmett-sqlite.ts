// emmett on SQLite under the same work, in a process of its own: its SQLite flushes at each commit (synchronous FULL, its default).
// Prints one line of JSON: {one, batches, replay, all}, events a second. 64 writers at once fail with "database is locked", so they are not here.
import { batch, batchSize, event, replayed } from './event-work';
import { peerModule } from './peers';
import { rate, speed } from './rate';

interface Store {
  appendToStream(stream: string, events: readonly object[]): Promise<unknown>;
  readStream(stream: string): Promise<{ readonly events: readonly unknown[] }>;
}

interface Emmett {
  getSQLiteEventStore(options: { readonly fileName: string; readonly schema: { readonly autoMigration: 'CreateOrUpdate' } }): Store;
  sqliteConnection(options: { readonly fileName: string }): object;
  readMessagesBatch(connection: object, range: { readonly after: bigint; readonly batchSize: number }): Promise<{
    readonly messages: readonly unknown[]; readonly currentGlobalPosition: bigint;
  }>;
}

async function main(fileName: string): Promise<void> {
  const emmett = peerModule<Emmett>('@event-driven-io/emmett-sqlite', 'peers/sqlite');
  if (emmett === null) process.exit(1);
  const store = emmett.getSQLiteEventStore({ fileName, schema: { autoMigration: 'CreateOrUpdate' } });
  const one = await rate(1, async () => {
    await store.appendToStream('one', [event()]);
    return 1;
  });
  const batches = await rate(1, async () => {
    await store.appendToStream('batches', batch());
    return batchSize;
  });
  for (let done = 0; done < replayed; done += batchSize) await store.appendToStream('replay', batch());
  const replay = await speed(async () => (await store.readStream('replay')).events.length);
  const all = await speed(() => everything(emmett, emmett.sqliteConnection({ fileName })));
  process.stdout.write(`${JSON.stringify({ one, batches, replay, all })}\n`, () => process.exit(0));
}

async function everything(emmett: Emmett, connection: object): Promise<number> {
  let count = 0;
  for (let after = 0n, found = -1; found !== 0;) {
    const { messages, currentGlobalPosition } = await emmett.readMessagesBatch(connection, { after, batchSize });
    found = messages.length;
    count += found;
    after = currentGlobalPosition;
  }
  return count;
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
