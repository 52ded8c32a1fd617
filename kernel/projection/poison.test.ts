import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { added, totals } from './fixture-totals';
import { askReplay, parkedEvents } from './parked';
import { metricsOf, openReadModels, testPostgres, type OpenReadModels, type Projection, type TestDatabase } from './index';

let postgres: TestDatabase;
let store: EventStore;
let readModels: OpenReadModels;
let broken: boolean;
let written: string[];

beforeEach(async () => {
  postgres = await testPostgres();
  store = memoryStore();
  broken = true;
  written = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((line) => written.push(String(line)) > 0);
});

afterEach(async () => {
  await readModels.close();
  jest.restoreAllMocks();
  await postgres.stop();
});

/** Cannot take 13 until it is mended. */
function fussy(poison: 'park' | 'stop'): Projection {
  const sums = totals(1, { poison });
  return { ...sums, async apply(event, rows) {
    await sums.apply(event, rows);
    if (broken && (event.data as { by: number }).by === 13) throw new RangeError('no thirteens');
  } };
}

async function open(projection: Projection, atStore = store): Promise<void> {
  readModels = await openReadModels({ url: postgres.url, projections: [projection], store: atStore });
  await readModels.start(new AbortController().signal);
}

async function add(stream: string, ...amounts: number[]): Promise<bigint> {
  return (await store.append(stream, 'any', amounts.map((by) => added(stream, by)))).position;
}

async function rows(): Promise<Record<string, string>> {
  const found = await readModels.database.query<{ name: string; total: string }[]>('SELECT * FROM totals.totals ORDER BY name');
  return Object.fromEntries(found.map(({ name, total }) => [name, total]));
}

test('an event that cannot be applied is parked with its reason, and the later ones of its stream behind it', async () => {
  await add('a', 1, 13, 2);
  const last = await add('b', 5);
  await open(fussy('park'));
  await readModels.waitFor('totals', last);
  const later = await add('a', 3);
  await readModels.waitFor('totals', later);
  expect(await rows()).toEqual({ a: '1', b: '5' });
  expect((await parkedEvents(readModels.database)).map(({ position, reason, attempts, stream }) => [position, reason, attempts, stream])).toEqual([
    ['1', 'no thirteens', 3, 'a'], ['2', 'an earlier event of its stream is parked', 0, 'a'], ['4', 'an earlier event of its stream is parked', 0, 'a'],
  ]);
  expect(metricsOf(await readModels.status())).toContain('oort_projection_parked_events{projection="totals",version="1",state="active"} 3');
});

test('after a fix the parked events are applied in their order; before it, the first that fails keeps the others back', async () => {
  const last = await add('a', 1, 13, 2);
  await open(fussy('park'));
  await readModels.waitFor('totals', last);
  expect(await askReplay(readModels.database, 'totals')).toBe(2);
  while ((await parkedEvents(readModels.database))[0]?.attempts !== 4) await sleep(20);
  expect(await rows()).toEqual({ a: '1' });
  broken = false;
  await askReplay(readModels.database, 'totals');
  while ((await parkedEvents(readModels.database)).length > 0) await sleep(20);
  await readModels.waitFor('totals', await add('a', 4));
  expect(await rows()).toEqual({ a: '20' });
});

test('a projection whose rows would be wrong without one event stops at it, says so, and goes on after a fix', async () => {
  const last = await add('a', 1, 13, 2);
  await open(fussy('stop'));
  while ((await readModels.status())[0]?.failure == null) await sleep(20);
  await expect(readModels.waitFor('totals', last, 400)).rejects.toMatchObject({ code: 'READ_MODEL_BEHIND', detail: { applied: '0', failure: 'no thirteens' } });
  expect((await readModels.status())[0]).toMatchObject({ position: 0n, failure: 'no thirteens', parked: 0 });
  broken = false;
  await readModels.waitFor('totals', last);
  expect(await rows()).toEqual({ a: '16' });
});

test('lost connections are nobody\'s poison', async () => {
  await open(totals(1));
  await readModels.waitFor('totals', await add('a', 1));
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  for (let round = 0; round < 3; round += 1) {
    const last = await add('a', 1, 1);
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
    await readModels.waitFor('totals', last);
  }
  await client.end();
  expect(await rows()).toEqual({ a: '7' });
  expect(await parkedEvents(readModels.database)).toEqual([]);
});

test('a store restored from an older backup is noticed, and a rebuild is the way out', async () => {
  await open(totals(1));
  await readModels.waitFor('totals', await add('a', 1, 2, 3));
  await readModels.close();
  const older = memoryStore();
  await older.append('a', 'any', [added('a', 1)]);
  await open(totals(1), older);
  await expect(readModels.waitFor('totals', 2n, 3_000)).rejects.toMatchObject({ code: 'READ_MODEL_AHEAD', message: expect.stringContaining('oort projections rebuild totals') as string });
  await readModels.rebuild('totals');
  expect(await rows()).toEqual({ a: '1' });
  await readModels.waitFor('totals', (await older.append('a', 'any', [added('a', 5)])).position);
  expect(await rows()).toEqual({ a: '6' });
});

test('it is noticed too when the store has grown past it again', async () => {
  await open(totals(1));
  await readModels.waitFor('totals', await add('a', 1, 2));
  await readModels.close();
  const other = memoryStore();
  for (const by of [1, 2, 3]) await other.append('a', 'any', [added('a', by)]);
  await open(totals(1), other);
  await expect(readModels.waitFor('totals', 2n, 3_000)).rejects.toMatchObject({ code: 'READ_MODEL_AHEAD' });
});

test('how far behind it is shows in positions and seconds', async () => {
  await open({ ...totals(1), poison: 'stop', apply: () => Promise.reject(new RangeError('planned')) });
  await add('a', 1, 2);
  for (;;) {
    const [status] = await readModels.status();
    if (status?.positionsBehind === 2n && status.secondsBehind > 0 && status.worked) break;
    await sleep(20);
  }
});
