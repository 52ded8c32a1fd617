// `oort eventstore --grpc PORT`: the embedded store of a platform that is not running, served to clients of EventStoreDB.
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openEmbeddedStore } from '@oort/kernel-eventstore';
import { readUsers, serveEventStore, type ServeOptions } from '@oort/kernel-eventstore-grpc';
import { messageOf } from '@oort/kernel-wire';
import { readOptions, required, UsageRefused } from './usage';

const highestPort = 65_535;

/** Throws StoreLocked while another process has the store, PortRefused, TlsRefused, UsersRefused. Resolves when it serves; SIGINT and SIGTERM end it. */
export async function serveEvents(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, {
    data: { type: 'string', default: '.oort' }, grpc: { type: 'string' },
    'tls-cert': { type: 'string' }, 'tls-key': { type: 'string' }, users: { type: 'string' },
  });
  const text = required(values.grpc, '--grpc PORT');
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > highestPort) throw new UsageRefused(`--grpc is not a port: ${text}`);
  const guard = guardOf(values['tls-cert'], values['tls-key'], values.users);
  const directory = join(resolve(values.data), 'events');
  mkdirSync(directory, { recursive: true });
  const store = await openEmbeddedStore({ directory });
  const served = await serveEventStore({ store, port, ...guard }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const end = (): void => {
    void served.close().then(() => store.close()).then(() => process.exit(0));
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  process.stdout.write(`serving ${directory} at ${served.url}\n`);
  process.stdout.write(guard.users === undefined
    ? 'there are no --users: everybody who reaches this port reads and writes everything that is not sealed\n'
    : `${guard.users.size} users may sign in\n`);
}

function guardOf(certificate: string | undefined, key: string | undefined, users: string | undefined): Pick<ServeOptions, 'tls' | 'users'> {
  if ((certificate === undefined) !== (key === undefined)) throw new UsageRefused('--tls-cert and --tls-key come together');
  if (users !== undefined && certificate === undefined) throw new UsageRefused('--users needs --tls-cert and --tls-key: passwords would go in plain text');
  return {
    ...(certificate === undefined || key === undefined ? {} : { tls: { certificate: contentOf(certificate), privateKey: contentOf(key) } }),
    ...(users === undefined ? {} : { users: readUsers(resolve(users)) }),
  };
}

function contentOf(file: string): string {
  try {
    return readFileSync(resolve(file), 'utf8');
  } catch (error) {
    throw new UsageRefused(`${file} cannot be read: ${messageOf(error)}`);
  }
}
