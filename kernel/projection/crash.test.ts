import fc from 'fast-check';
import { memoryStore } from '@oort/kernel-eventstore';
import { added, totals } from './fixture-totals';
import { openReadModels, testPostgres, type Projection, type TestDatabase } from './index';

let postgres: TestDatabase;
beforeAll(async () => { postgres = await testPostgres(); });
afterAll(async () => { await postgres.stop(); });

/** Ends as a killed process does, after so many events: what its transaction did is undone. */
function dyingAfter(events: number, died: () => void): Projection {
  let left = events;
  return totals(1, { onApply: () => {
    if ((left -= 1) >= 0) return;
    died();
    throw Object.assign(new RangeError('the process dies here'), { code: '57P01' });
  } });
}

test('whatever the size of a batch and wherever the process dies, each event counts once', async () => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const event = fc.record({ name: fc.constantFrom('a', 'b', 'c'), by: fc.integer({ min: 1, max: 9 }) });
  await fc.assert(fc.asyncProperty(
    fc.array(event, { minLength: 1, maxLength: 40 }), fc.array(fc.nat({ max: 20 }), { maxLength: 3 }), fc.integer({ min: 1, max: 50 }),
    async (events, deaths, mostAtOnce) => {
      const store = memoryStore();
      let last = 0n;
      for (const { name, by } of events) last = (await store.append(name, 'any', [added(name, by)])).position;
      for (const after of deaths) {
        let dead: () => void = () => undefined;
        const died = new Promise<void>((resolve) => { dead = resolve; });
        const readModels = await openReadModels({ url: postgres.url, projections: [dyingAfter(after, dead)], store, mostAtOnce });
        await readModels.start(new AbortController().signal);
        await Promise.race([died, readModels.waitFor('totals', last)]);
        await readModels.close();
      }
      const readModels = await openReadModels({ url: postgres.url, projections: [totals(1)], store, mostAtOnce });
      await readModels.start(new AbortController().signal);
      await readModels.waitFor('totals', last);
      const rows = await readModels.database.query<{ name: string; total: string }[]>('SELECT * FROM totals.totals');
      await readModels.database.query('DROP SCHEMA totals CASCADE');
      await readModels.database.query('TRUNCATE read_models.builds CASCADE');
      await readModels.close();
      const sums = new Map<string, bigint>();
      for (const { name, by } of events) sums.set(name, (sums.get(name) ?? 0n) + BigInt(by));
      expect(new Map(rows.map(({ name, total }) => [name, BigInt(total)]))).toEqual(sums);
    },
  ), { numRuns: 12 });
  jest.restoreAllMocks();
});
