import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { infrastructure } from './infrastructure';
import { leaseTiming, takeLease, type Lease } from './lease';
import { testPostgres, type TestDatabase } from './test-postgres';

let postgres: TestDatabase;
const databases: DataSource[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  postgres = await testPostgres();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const database of databases.splice(0)) await database.destroy();
  await postgres.stop();
});

async function connected(): Promise<DataSource> {
  const database = await new DataSource({ type: 'postgres', url: postgres.url, installExtensions: false }).initialize();
  databases.push(database);
  return database;
}

async function taken(database: DataSource): Promise<Lease> {
  const lease = await takeLease(database, 'work', new AbortController().signal);
  if (lease === null) throw new RangeError('aborted');
  return lease;
}

function holder(): { readonly child: ChildProcess; says(line: string): Promise<void> } {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'lease-holder.ts'), postgres.url], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  return { child, async says(line) { while (!said.includes(`${line}\n`)) await sleep(10); } };
}

test('one holds it, the next gets it at once when it is let go or the connection ends', async () => {
  const [one, other] = [await connected(), await connected()];
  const first = await taken(one);
  let got: Lease | null = null;
  const waiting = taken(other).then((lease) => { got = lease; });
  await sleep(200);
  expect(got).toBeNull();
  await first.release();
  await waiting;
  expect(got).toMatchObject({ epoch: '2' });
  await one.query('SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = \'advisory\' AND pid <> pg_backend_pid()');
  expect((await taken(one)).epoch).toBe('3');
});

test('a killed holder is followed at once; one that stalls is followed too, and changes nothing when it wakes', async () => {
  const database = await connected();
  await infrastructure(database);
  await database.query(`CREATE TABLE counter AS SELECT '{}'::bigint[] AS by_epoch`);
  const first = holder();
  await first.says('took 1');
  const second = holder();
  await sleep(1_500);
  first.child.kill('SIGKILL');
  await second.says('took 2');
  await sleep(50);

  second.child.kill('SIGSTOP');
  const usual = leaseTiming.stalledMs;
  leaseTiming.stalledMs = 500;
  const third = await taken(database);
  leaseTiming.stalledMs = usual;
  expect(third.epoch).toBe('3');
  const [before] = await database.query<{ by_epoch: string[] }[]>('SELECT by_epoch FROM counter');
  second.child.kill('SIGCONT');
  await second.says('lost 2');
  expect(await database.query('SELECT by_epoch FROM counter')).toEqual([before]);
  expect(before?.by_epoch).toEqual([...(before?.by_epoch ?? [])].sort());
  expect(new Set(before?.by_epoch)).toEqual(new Set(['1', '2']));
});
