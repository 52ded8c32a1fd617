import fc from 'fast-check';
import { DataSource, EntitySchema, type EntityManager } from 'typeorm';
import { Rows } from './rows';
import { rowsFor } from './scout';
import { testPostgres, type TestDatabase } from './test-postgres';

interface Thing { owner: string; index: number; colour: string | null; amount: string; data: object | null }

const ThingEntity = new EntitySchema<Thing>({
  name: 'Thing', tableName: 'thing',
  columns: {
    owner: { type: 'text', primary: true }, index: { type: 'int', primary: true }, colour: { type: 'text', nullable: true },
    amount: { type: 'numeric' }, data: { type: 'jsonb', nullable: true },
  },
});

let postgres: TestDatabase;
let database: DataSource;

beforeAll(async () => {
  postgres = await testPostgres();
  database = new DataSource({ type: 'postgres', url: postgres.url, entities: [ThingEntity], synchronize: true, installExtensions: false });
  await database.initialize();
});

afterAll(async () => {
  await database.destroy();
  await postgres.stop();
});

const owner = fc.constantFrom('ann', 'bob');
const index = fc.constantFrom(0, 1, 2);
const colour = fc.constantFrom('red', 'blue', null);
const amount = fc.bigInt({ min: -5n, max: 10n ** 20n }).map(String);
const where = fc.oneof(
  fc.record({ owner, index }), fc.record({ owner }), fc.record({ colour }), fc.record({ owner, colour }), fc.record({ owner, index, colour }),
  fc.record({ index: fc.uniqueArray(index) }),
);
const thing = fc.record({ owner, index, colour, amount, data: fc.constantFrom(null, { b: 1, a: [2] }, []) });
const changes = fc.oneof(fc.record({ colour }), fc.record({ amount }), fc.record({ colour, amount }));

type Step = (rows: Rows) => Promise<unknown>;

/** Each says what it saw, so that reads count as well as what is left. */
const step: fc.Arbitrary<Step> = fc.oneof(
  thing.map((row): Step => (rows) => rows.put(ThingEntity, row)),
  thing.map((row): Step => async (rows) => {
    if (await rows.findOne(ThingEntity, { owner: row.owner, index: row.index }) === null) await rows.insert(ThingEntity, row);
  }),
  fc.tuple(where, changes).map(([wanted, change]): Step => (rows) => rows.update(ThingEntity, wanted, change)),
  where.map((wanted): Step => (rows) => rows.delete(ThingEntity, wanted)),
  where.map((wanted): Step => (rows) => rows.increment(ThingEntity, wanted, 'amount', 7)),
  where.map((wanted): Step => async (rows) => (await rows.find(ThingEntity, wanted)).map((row) => ({ ...row }))),
  fc.constant<Step>((rows) => rows.query('UPDATE thing SET amount = amount + 1')),
);

async function outcome(steps: readonly Step[], atOnce: number): Promise<unknown> {
  let result: unknown = null;
  await database.transaction(async (manager: EntityManager) => {
    const seen: unknown[] = [];
    for (let start = 0; start < steps.length; start += atOnce) {
      const some = steps.slice(start, start + atOnce);
      const rows = await rowsFor(database, manager, some, (one, scouting) => one(scouting).then(() => undefined));
      for (const one of some) seen.push(await one(rows));
      await rows.flush();
    }
    result = [seen, await manager.query('SELECT * FROM thing ORDER BY owner, index')];
    await manager.query('DELETE FROM thing');
  });
  return result;
}

test('what is read and what is left does not depend on how many events share a transaction', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), fc.integer({ min: 2, max: 30 }), async (steps, atOnce) => {
    expect(await outcome(steps, atOnce)).toEqual(await outcome(steps, 1));
  }), { numRuns: 150 });
});

test('a row that is there already is refused, in the batch and in the database', async () => {
  const row = { owner: 'ann', index: 0, colour: null, amount: '1', data: null };
  await expect(database.transaction(async (manager) => {
    const rows = new Rows(database, manager);
    await rows.insert(ThingEntity, row);
    await rows.insert(ThingEntity, row);
  })).rejects.toMatchObject({ code: 'ROW_REFUSED' });
  await expect(database.transaction(async (manager) => {
    for (let batch = 0; batch < 2; batch += 1) {
      const rows = new Rows(database, manager);
      await rows.insert(ThingEntity, row);
      await rows.flush();
    }
  })).rejects.toMatchObject({ code: '23505' });
  await expect(database.transaction((manager) => new Rows(database, manager).get(ThingEntity, { owner: 'nobody', index: 1 }))).rejects.toMatchObject({ code: 'ROW_REFUSED' });
});
