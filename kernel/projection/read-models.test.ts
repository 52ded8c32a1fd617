import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { totals, added } from './fixture-totals';
import { openReadModels, testPostgres, type OpenReadModels, type Projection, type TestDatabase } from './index';

let postgres: TestDatabase;
let store: EventStore;
let open: OpenReadModels[];

beforeEach(async () => {
  postgres = await testPostgres();
  store = memoryStore();
  open = [];
});

afterEach(async () => {
  for (const readModels of open) await readModels.close();
  await store.close();
  await postgres.stop();
});

async function started(projection: Projection): Promise<OpenReadModels> {
  const readModels = await openReadModels({ url: postgres.url, projections: [projection], store });
  open.push(readModels);
  await readModels.start(new AbortController().signal);
  return readModels;
}

const done = Promise.resolve();

interface Gate { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (error: Error) => void }

function gated(): Gate {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<void>((yes, no) => { [resolve, reject] = [yes, no]; });
  return { promise, resolve, reject };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await sleep(10);
}

async function schemas(): Promise<readonly string[]> {
  const found = await open[0]?.database.query<{ nspname: string }[]>(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'totals%' ORDER BY 1`);
  return (found ?? []).map(({ nspname }) => nspname);
}

async function add(name: string, by: number, type = 'Added'): Promise<bigint> {
  return (await store.append(`total-${name}`, 'any', [added(name, by, type)])).position;
}

function rows(readModels: OpenReadModels): Promise<unknown> {
  return readModels.database.query('SELECT * FROM totals.totals ORDER BY name');
}

test('a read that waits for a position sees the write', async () => {
  const readModels = await started(totals(1));
  await add('a', 1);
  await add('b', 5);
  await readModels.waitFor('totals', await add('a', 2));
  expect(await rows(readModels)).toEqual([{ name: 'a', total: '3' }, { name: 'b', total: '5' }]);
});

test('events of other types move the checkpoint too', async () => {
  const readModels = await started(totals(1));
  await readModels.waitFor('totals', await add('a', 1, 'Unrelated'), 2000);
  expect(await rows(readModels)).toEqual([]);
});

test('a failure in the middle of a batch leaves neither rows nor checkpoint, and each event counts once', async () => {
  let failures = 2;
  let last = 0n;
  for (const by of [1, 2, 3]) last = await add('a', by);
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  let applied = 0;
  const readModels = await started(totals(1, { onApply: () => {
    applied += 1;
    if (applied % 3 === 0 && (failures -= 1) >= 0) throw new RangeError('planned');
  } }));
  await readModels.waitFor('totals', last);
  write.mockRestore();
  expect(await rows(readModels)).toEqual([{ name: 'a', total: '6' }]);
});

test('a wait that began before the start ends when the checkpoint is there already', async () => {
  const first = await started(totals(1));
  const last = await add('a', 1);
  await first.waitFor('totals', last);
  await first.close();
  const second = await openReadModels({ url: postgres.url, projections: [totals(1)], store });
  open = [second];
  const waiting = second.waitFor('totals', last, 2_000);
  await second.start(new AbortController().signal);
  await waiting;
});

test('a restart goes on from the checkpoint', async () => {
  const first = await started(totals(1));
  await first.waitFor('totals', await add('a', 1));
  await first.close();
  open = [];
  let applied = 0;
  const second = await started(totals(1, { onApply: () => { applied += 1; } }));
  await second.waitFor('totals', await add('a', 1));
  expect(applied).toBe(1);
  expect(await rows(second)).toEqual([{ name: 'a', total: '2' }]);
});

test('a rebuild runs beside what is read, which goes on, and takes its place in one step', async () => {
  let held = false;
  const gate = gated();
  const readModels = await started(totals(1, { wait: () => (held ? gate.promise : Promise.resolve()) }));
  const last = await add('a', 4);
  await readModels.waitFor('totals', last);
  await readModels.database.query('UPDATE totals.totals SET total = 99');
  held = true;
  const rebuilt = readModels.rebuild('totals');
  await sleep(100);
  expect(await rows(readModels)).toEqual([{ name: 'a', total: '99' }]);
  await readModels.waitFor('totals', last);
  gate.resolve();
  await rebuilt;
  expect(await rows(readModels)).toEqual([{ name: 'a', total: '4' }]);
  await readModels.waitFor('totals', await add('a', 1));
  expect(await rows(readModels)).toEqual([{ name: 'a', total: '5' }]);
});

test('a new version is read once it has caught up, in every process, and the old one is dropped', async () => {
  const gate = gated();
  const old = await started(totals(1));
  await old.waitFor('totals', await add('a', 4));
  const fresh = await started(totals(2, { wait: () => gate.promise }));
  const later = await add('a', 1);
  // Only the old code folds what is read now, and both processes see it.
  await Promise.all([old.waitFor('totals', later), fresh.waitFor('totals', later)]);
  expect(await rows(fresh)).toEqual([{ name: 'a', total: '5' }]);
  expect((await fresh.status()).map(({ version, state }) => [version, state])).toEqual([[1, 'active'], [2, 'building']]);
  gate.resolve();
  while ((await fresh.status())[0]?.version !== 2) await sleep(10);
  expect(await rows(old)).toEqual([{ name: 'a', total: '10' }]);
  const last = await add('a', 1);
  await Promise.all([old.waitFor('totals', last), fresh.waitFor('totals', last)]);
  expect(await rows(old)).toEqual([{ name: 'a', total: '12' }]);
  await until(async () => (await schemas()).join() === 'totals');
  // Who comes late with the old code does not build it again.
  const late = await started(totals(1));
  await late.waitFor('totals', last);
  expect((await late.status()).map(({ version, state }) => [version, state])).toEqual([[2, 'active']]);
});

test('new code that waits for its tables finds them filled, and is told of what cannot be', async () => {
  const old = await started(totals(1));
  await old.waitFor('totals', await add('a', 4));
  await open.pop()?.close();
  const gate = gated();
  const fresh = await started(totals(2, { wait: () => gate.promise, wider: true }));
  const current = fresh.current();
  await until(async () => (await fresh.status()).some(({ state }) => state === 'building'));
  gate.resolve();
  await current;
  expect(await rows(fresh)).toEqual([{ name: 'a', total: '8', times: 2 }]);
  await fresh.current();
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const broken = await started(totals(3, { wait: () => Promise.reject(new Error('no such luck')), poison: 'stop' }));
  await broken.current();
  const told = write.mock.calls.map(([line]) => String(line)).join('');
  write.mockRestore();
  expect(told).toMatch(/totals is filled for version 3, at -1 of .*, and fails: no such luck/);
  expect(await rows(broken)).toEqual([{ name: 'a', total: '8', times: 2 }]);
});

test('a build that was interrupted goes on from its checkpoint', async () => {
  const first = await started(totals(1));
  await first.waitFor('totals', await add('a', 1));
  await first.close();
  const gate = gated();
  let applied = 0;
  for (let by = 2; by <= 5; by += 1) await add('a', by);
  const broken = await openReadModels({ url: postgres.url, projections: [totals(2, { wait: () => ((applied += 1) > 2 ? gate.promise : done) })], store, mostAtOnce: 1 });
  open = [broken];
  await broken.start(new AbortController().signal);
  await until(() => Promise.resolve(applied === 3));
  const closed = broken.close();
  gate.reject(new RangeError('the process dies here'));
  await closed;
  open = [];
  applied = 0;
  const second = await started(totals(2, { onApply: () => { applied += 1; } }));
  await until(async () => (await second.status())[0]?.version === 2);
  expect(await rows(second)).toEqual([{ name: 'a', total: '30' }]);
  expect(applied).toBe(3);
});

test('waiting for what does not come ends in ReadModelBehind', async () => {
  const readModels = await started(totals(1));
  await expect(readModels.waitFor('totals', 99n, 50)).rejects.toMatchObject({ code: 'READ_MODEL_BEHIND' });
  await expect(readModels.waitFor('nothing', 0n)).rejects.toMatchObject({ code: 'UNKNOWN_PROJECTION' });
});

test('text that PostgreSQL does not take stops no projection', async () => {
  const readModels = await started(totals(1));
  await add('nul \0', 1);
  await add('half \ud800', 1);
  await readModels.waitFor('totals', await add('after', 1));
  expect((await readModels.database.query<{ name: string }[]>('SELECT name FROM totals.totals ORDER BY name')).map(({ name }) => name))
    .toEqual(['after', 'half \ufffd', 'nul \ufffd']);
});
