// `oort eventstore check`: the log from the first record to the last. Opening it checks the checksums of what it recovers;
// this reads everything, and the order too, and builds the Merkle log that the chain's anchors are compared with.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openEmbeddedStore } from '@oort/kernel-eventstore';
import { eventLeaf, MerkleLog } from '@oort/kernel-merkle';
import { Fault } from '@oort/kernel-wire';
import { readOptions, UsageRefused } from './usage';

export class LogBroken extends Fault {}

/** Throws StoreLocked while a platform runs on it, StoreBroken, LogBroken. */
export async function checkEventStore(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string', default: '.oort' } });
  const directory = join(resolve(values.data), 'events');
  if (!existsSync(directory)) throw new UsageRefused(`there is no event store in ${directory}`);
  const store = await openEmbeddedStore({ directory });
  const next = new Map<string, bigint>();
  const log = new MerkleLog();
  let count = 0n;
  try {
    for await (const event of store.readAll('start')) {
      const { position, stream, revision } = event;
      if (position !== count) throw new LogBroken('POSITION_MISSING', `position ${count} is missing: the next event is at ${position}`);
      const expected = next.get(stream) ?? 0n;
      if (revision !== expected) throw new LogBroken('REVISION_MISSING', `revision ${expected} of ${stream} is missing`);
      next.set(stream, revision + 1n);
      log.append(eventLeaf(event));
      count += 1n;
    }
  } finally {
    await store.close();
  }
  process.stdout.write(`holds: ${count} events in ${next.size} streams, none missing, none damaged\nMerkle root of size ${log.size}: ${log.root().toString('hex')}\n`);
}
