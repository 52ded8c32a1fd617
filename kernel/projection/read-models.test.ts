import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { uuidV5 } from '@oort/kernel-wire';
import { EntitySchema } from 'typeorm';
import { openReadModels, testPostgres, type OpenReadModels, type Projection, type TestDatabase } from './index';

interface Total { name: string; total: string }

function totals(version: number, onApply: () => void = () => undefined): Projection {
  const entity = new EntitySchema<Total>({
    name: `Total${version}`, tableName: 'totals', schema: `totals_v${version}`,
    columns: { name: { type: 'text', primary: true }, total: { type: 'numeric' } },
  });
  return {
    name: 'totals', version, subscribes: ['Added'], entities: [entity],
    async apply(event, manager) {
      const { name, by } = event.data as { name: string; by: number };
      await manager.query(`INSERT INTO totals_v${version}.totals VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET total = totals.total + $2`, [name, by * version]);
      onApply();
    },
  };
}

let postgres: TestDatabase;
let store: EventStore;
let open: OpenReadModels[];
let sequence = 0;

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

async function add(name: string, by: number, type = 'Added'): Promise<bigint> {
  const id = uuidV5(`test/${sequence += 1}`);
  const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  const { position } = await store.append(`total-${name}`, 'any', [{ id, type, data: { name, by }, metadata }]);
  return position;
}

function rows(readModels: OpenReadModels, version = 1): Promise<unknown> {
  return readModels.database.query(`SELECT * FROM totals_v${version}.totals ORDER BY name`);
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
  const readModels = await started(totals(1, () => {
    applied += 1;
    if (applied % 3 === 0 && (failures -= 1) >= 0) throw new RangeError('planned');
  }));
  await readModels.waitFor('totals', last);
  write.mockRestore();
  expect(applied).toBe(9);
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
  const second = await started(totals(1, () => { applied += 1; }));
  await second.waitFor('totals', await add('a', 1));
  expect(applied).toBe(1);
  expect(await rows(second)).toEqual([{ name: 'a', total: '2' }]);
});

test('a rebuild gives the same rows', async () => {
  const readModels = await started(totals(1));
  const last = await add('a', 4);
  await readModels.waitFor('totals', last);
  await readModels.rebuild('totals');
  await readModels.waitFor('totals', last);
  expect(await rows(readModels)).toEqual([{ name: 'a', total: '4' }]);
});

test('a new version is built from the first event and the old one is dropped after it caught up', async () => {
  const first = await started(totals(1));
  const last = await add('a', 4);
  await first.waitFor('totals', last);
  await first.close();
  open = [];
  const second = await started(totals(2));
  await second.waitFor('totals', last);
  expect(await rows(second, 2)).toEqual([{ name: 'a', total: '8' }]);
  await expect((async () => {
    for (;;) await rows(second);
  })()).rejects.toThrow('totals_v1.totals');
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
  expect((await readModels.database.query<{ name: string }[]>('SELECT name FROM totals_v1.totals ORDER BY name')).map(({ name }) => name))
    .toEqual(['after', 'half \ufffd', 'nul \ufffd']);
});
