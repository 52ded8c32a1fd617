// `oort eventstore --grpc PORT`: the embedded store of a platform that is not running, served to clients of EventStoreDB.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openEmbeddedStore } from '@oort/kernel-eventstore';
import { serveEventStore } from '@oort/kernel-eventstore-grpc';
import { readOptions, required, UsageRefused } from './usage';

const highestPort = 65_535;

/** Throws StoreLocked while another process has the store, PortRefused. Resolves when it serves; SIGINT and SIGTERM end it. */
export async function serveEvents(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string', default: '.oort' }, grpc: { type: 'string' } });
  const text = required(values.grpc, '--grpc PORT');
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > highestPort) throw new UsageRefused(`--grpc is not a port: ${text}`);
  const directory = join(resolve(values.data), 'events');
  mkdirSync(directory, { recursive: true });
  const store = await openEmbeddedStore({ directory });
  const served = await serveEventStore({ store, port }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const end = (): void => {
    void served.close().then(() => store.close()).then(() => process.exit(0));
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  process.stdout.write(`serving ${directory} at ${served.url}\n`);
}
