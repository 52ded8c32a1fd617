// `oort eventstore user add NAME`: who may sign in to the event store's door. The password comes by stdin, where no list of processes
// and no shell history shows it.
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { writeUser } from '@oort/kernel-eventstore-grpc';
import { readOptions, required, UsageRefused } from './usage';

/** Throws UsersRefused. */
export async function eventStoreUser(commandLine: readonly string[]): Promise<void> {
  const { values, positionals: [asked, name, ...more] } = readOptions(commandLine, { users: { type: 'string' }, groups: { type: 'string', default: '' } });
  if (asked !== 'add' || name === undefined || more.length > 0) throw new UsageRefused('oort eventstore user add NAME --users FILE [--groups A,B]');
  const file = resolve(required(values.users, '--users FILE'));
  const groups = values.groups.split(',').map((group) => group.trim()).filter((group) => group !== '');
  const [password = ''] = (await text(process.stdin)).split(/\r?\n/);
  await writeUser(file, { name, groups }, password);
  process.stdout.write(`${name} may sign in${groups.length === 0 ? '' : `, in ${groups.join(', ')}`}; ${file}\n`);
}
