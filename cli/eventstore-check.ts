// `oort eventstore check`: the log from the first record to the last, the index beside it, and the Merkle root that the chain's anchors
// are compared with. What is damaged is named by file and byte.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkBackup, checkStore } from '@oort/kernel-eventstore';
import { merkleTally } from './merkle-tally';
import { readOptions, UsageRefused } from './usage';

/** Throws StoreLocked while a platform runs on it, LogDamaged, IndexDisagrees, BackupRefused. */
export async function checkEventStore(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string', default: '.oort' }, backup: { type: 'string' } });
  if (values.backup !== undefined) {
    const { events, root } = checkBackup(resolve(values.backup), merkleTally);
    process.stdout.write(`holds: ${events} events, none missing, none damaged\nMerkle root of size ${events}: ${root}\n`);
    return;
  }
  const directory = join(resolve(values.data), 'events');
  if (!existsSync(directory)) throw new UsageRefused(`there is no event store in ${directory}`);
  const tally = merkleTally([], 0);
  const { events, streams, indexed } = await checkStore(directory, (event) => { tally.add(event); });
  process.stdout.write(`holds: ${events} events in ${streams} streams, none missing, none damaged\n`
    + `the index agrees over ${indexed} events\nMerkle root of size ${tally.size}: ${tally.root()}\n`);
}
