// `oort eventstore backup DIR` and `oort eventstore restore DIR`: a copy of the log, taken while a platform runs on it, and back.
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { backUp, restore } from '@oort/kernel-eventstore';
import { merkleTally } from './merkle-tally';
import { readOptions, required, UsageRefused } from './usage';

/** Throws BackupRefused, LogDamaged, StoreUnwritable. */
export async function backUpEvents(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, { data: { type: 'string', default: '.oort' } });
  const backup = resolve(required(positionals[0], 'DIR, where the backup goes,'));
  const store = join(resolve(values.data), 'events');
  if (!existsSync(store)) throw new UsageRefused(`there is no event store in ${store}`);
  mkdirSync(backup, { recursive: true });
  const { events, added, root } = backUp(store, backup, merkleTally);
  process.stdout.write(`${added} events added, ${events} in ${backup}\nMerkle root of size ${events}: ${root}\n`);
}

/** Throws BackupRefused, LogDamaged, StoreUnwritable, StoreLocked. */
export async function restoreEvents(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, { data: { type: 'string', default: '.oort' }, to: { type: 'string' } });
  const backup = resolve(required(positionals[0], 'DIR, where the backup is,'));
  const to = values.to === undefined ? Infinity : Number(values.to);
  if (to !== Infinity && !(Number.isSafeInteger(to) && to >= 0 && values.to !== '')) throw new UsageRefused(`--to is not a position: ${values.to ?? ''}`);
  const store = join(resolve(values.data), 'events');
  const { events, root } = restore(backup, store, merkleTally, to);
  process.stdout.write(`${events} events restored into ${store}\nMerkle root of size ${events}: ${root}\n`);
}
