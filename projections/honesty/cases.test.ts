import { randomUUID } from 'node:crypto';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { honestyProjection } from './projection';
import { honestyCase, honestyCases } from './questions';

const officer = `0x${'0c'.repeat(20)}`;
let postgres: TestDatabase;
let readModels: OpenReadModels;

beforeAll(async () => { postgres = await testPostgres(); });
afterAll(async () => {
  await readModels.close();
  await postgres.stop();
});

it('a case shows the officer whose phantom brought it, and nobody where no officer did', async () => {
  const store = memoryStore();
  await propose(store, 'case_1', { finder: officer });
  const position = await propose(store, 'case_2', {});
  readModels = await openReadModels({ url: postgres.url, projections: [honestyProjection], store });
  await readModels.start(new AbortController().signal);
  await readModels.waitFor('honesty', position);
  expect(await honestyCase(readModels.database, 'case_1')).toMatchObject({ status: 'proposed', finder: officer });
  expect((await honestyCases(readModels.database, null)).map(({ caseId, finder }) => [caseId, finder])).toEqual([['case_1', officer], ['case_2', null]]);
});

async function propose(store: EventStore, caseId: string, found: { readonly finder?: string }): Promise<bigint> {
  const id = randomUUID();
  const data = { caseId, nodeId: 'node_1', operator: `0x${'0a'.repeat(20)}`, basisPoints: 1000, evidenceHash: 'ee'.repeat(32), appealUntil: '2026-11-20T09:31:00.000Z', ...found };
  const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: '2026-11-20T09:30:00.000Z', schemaVersion: 1 };
  return (await store.append(caseId, 'any', [{ id, type: 'SlashProposed', data, metadata }])).position;
}
