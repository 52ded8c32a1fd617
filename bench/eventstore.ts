// Durable appends and replay beside emmett on PostgreSQL and on SQLite, and beside the bare disk: a file written and flushed with
// nothing else, which no store can pass.
import { execFile } from 'node:child_process';
import { closeSync, fdatasync, fdatasyncSync, mkdtempSync, openSync, rmSync, write, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openEmbeddedStore, type EventStore } from '@oort/kernel-eventstore';
import { startPostgres } from '@oort/kernel-projection';
import { batch, batchSize, event, replayed, writers } from './event-work';
import { figure, type Figure, type Measured } from './figure';
import { rate, speed } from './rate';

interface OnPostgres { readonly many: number; readonly batches: number; readonly replay: number }
interface OnSqlite { readonly one: number; readonly batches: number; readonly replay: number; readonly all: number }
interface Peers { readonly postgres: OnPostgres | null; readonly sqlite: OnSqlite | null }

export async function eventstoreFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-'));
  const store = await openEmbeddedStore({ directory: join(directory, 'store') });
  try {
    const peers = { postgres: await onPostgres(directory), sqlite: await emmett<OnSqlite>('emmett-sqlite', join(directory, 'sqlite.db')) };
    return [...await one(store, peers, directory), ...await many(store, peers, directory), ...await batches(store, peers), ...await replay(store, peers)];
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function onPostgres(directory: string): Promise<OnPostgres | null> {
  const postgres = await startPostgres({ directory: join(directory, 'postgres') });
  try {
    return await emmett<OnPostgres>('emmett', postgres.url);
  } finally {
    await postgres.stop();
  }
}

/** Null where it cannot be installed or run. */
async function emmett<T>(script: 'emmett' | 'emmett-sqlite', place: string): Promise<T | null> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--require', 'tsx/cjs', join(__dirname, `${script}.ts`), place]);
    return JSON.parse(stdout) as T;
  } catch (error) {
    process.stderr.write(`without ${script}: ${error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error)}\n`);
    return null;
  }
}

const beside = (name: string, value: number | undefined): NonNullable<Measured['peer']> | null => (value === undefined ? null : { name, value });
const besidePostgres = (value: number | undefined): NonNullable<Measured['peer']> | null => beside('emmett-postgresql', value);
const besideSqlite = (value: number | undefined): NonNullable<Measured['peer']> | null => beside('emmett-sqlite', value);
const events = { unit: 'events/s', better: 'higher' } as const;

async function one(store: EventStore, { sqlite }: Peers, directory: string): Promise<readonly Figure[]> {
  const fd = openSync(join(directory, 'bare'), 'w');
  const bytes = Buffer.from(JSON.stringify(event()));
  const bare = await rate(1, () => {
    writeSync(fd, bytes);
    fdatasyncSync(fd);
    return Promise.resolve(1);
  });
  closeSync(fd);
  let revision = -1n;
  const ours = await rate(1, async () => {
    ({ revision } = await store.append('one', revision === -1n ? 'no-stream' : revision, [event()]));
    return 1;
  });
  return [
    figure({ ...events, name: 'appends, 1 writer, of the disk', ours, peer: { name: 'bare write and fdatasync', value: bare }, aim: { kind: 'ratio', value: 0.7 } }),
    figure({ ...events, name: 'appends, 1 writer', ours, peer: besideSqlite(sqlite?.one) }),
  ];
}

async function many(store: EventStore, { postgres }: Peers, directory: string): Promise<readonly Figure[]> {
  const bare = await rate(writers, groupCommit(directory));
  const revisions: bigint[] = [];
  const ours = await rate(writers, async (writer) => {
    // As commands append: at the revision that was read.
    const { revision } = await store.append(`many-${writer}`, revisions[writer] ?? 'no-stream', [event()]);
    revisions[writer] = revision;
    return 1;
  });
  const name = `appends, ${writers} writers`;
  return [
    figure({ ...events, name: `${name}, of the disk`, ours, peer: { name: 'bare log with group commit', value: bare }, aim: { kind: 'ratio', value: 0.6 } }),
    figure({ ...events, name, ours, peer: besidePostgres(postgres?.many), aim: { kind: 'ratio', value: 10 } }),
  ];
}

async function batches(store: EventStore, { sqlite, postgres }: Peers): Promise<readonly Figure[]> {
  const ours = await rate(1, async () => {
    await store.append('batches', 'any', batch());
    return batchSize;
  });
  const name = `appends, batches of ${batchSize}`;
  return [
    figure({ ...events, name, ours, peer: besideSqlite(sqlite?.batches), aim: { kind: 'ratio', value: 1.5 } }),
    figure({ ...events, name, ours, peer: besidePostgres(postgres?.batches) }),
  ];
}

async function replay(store: EventStore, { sqlite, postgres }: Peers): Promise<readonly Figure[]> {
  for (let done = 0; done < replayed; done += batchSize) await store.append('replay', 'any', batch());
  const ours = await speed(() => counted(store.read('replay')));
  const all = await speed(() => counted(store.readAll('start')));
  return [
    figure({ ...events, name: 'replay of $all', ours: all, peer: besideSqlite(sqlite?.all), aim: { kind: 'ratio', value: 2 } }),
    figure({ ...events, name: `replay of a stream of ${replayed}`, ours, peer: besideSqlite(sqlite?.replay) }),
    figure({ ...events, name: `replay of a stream of ${replayed}`, ours, peer: besidePostgres(postgres?.replay) }),
  ];
}

async function counted(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count += 1;
  return count;
}

/** A bare log: writes that arrive during a flush share the next one. */
function groupCommit(directory: string): () => Promise<number> {
  const fd = openSync(join(directory, 'bare-log'), 'w');
  const flush = promisify(fdatasync);
  const append = promisify(write) as (fd: number, bytes: Buffer) => Promise<unknown>;
  let waiting: { readonly bytes: Buffer; readonly done: () => void }[] = [];
  let flushing = false;
  async function commit(): Promise<void> {
    flushing = true;
    while (waiting.length > 0) {
      const now = waiting;
      waiting = [];
      await append(fd, Buffer.concat(now.map(({ bytes }) => bytes)));
      await flush(fd);
      for (const { done } of now) done();
    }
    flushing = false;
  }
  return () => new Promise((resolve) => {
    waiting.push({ bytes: Buffer.from(JSON.stringify(event())), done: () => { resolve(1); } });
    if (!flushing) setImmediate(() => { if (!flushing) void commit(); });
  });
}
