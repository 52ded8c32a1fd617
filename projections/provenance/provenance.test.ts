import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { uuidV5 } from '@oort/kernel-wire';
import type { PlatformEvent } from '@oort/schema';
import { lineage, provenanceProjection, provJson } from '.';

const story: readonly PlatformEvent[] = [
  { type: 'AccountOpened', data: { accountId: 'account_1', address: '0x01', displayName: 'Ada' } },
  { type: 'ConsentGiven', data: { consentId: 'consent_1', missionId: 'mission_1', accountId: 'account_1', consentVersion: '1', consentTextHash: 'h', signature: 's' } },
  { type: 'ContributionSubmitted', data: { contributionId: 'contribution_1', missionId: 'mission_1', accountId: 'account_1', consentId: 'consent_1', contentId: 'b', sha256: 'h', sizeBytes: 1, mediaType: 'image/png' } },
  { type: 'ContributionAccepted', data: { contributionId: 'contribution_1', missionId: 'mission_1', itemId: 'item_1', accountId: 'account_1', contentId: 'b', sha256: 'h', scores: { authenticity: 1, ownership: 1, quality: 1, uniqueness: 1 } } },
  { type: 'ItemResolved', data: { missionId: 'mission_1', itemId: 'item_1', contributionId: 'contribution_1', label: '7', posterior: 1, labels: [{ accountId: 'account_1', label: '7' }] } },
  { type: 'DatasetVersionSealed', data: { versionId: 'version_1', datasetId: 'dataset_1', missionId: 'mission_1', accountId: 'account_1', author: '0x01', parentVersionId: null, root: 'r', manifestContentId: 'b', itemCount: 1, itemIds: ['item_1'], contributionIds: ['contribution_1'], agreementBefore: 1, agreementAfter: 1, licence: 'CC0' } },
];

let database: TestDatabase;
let store: EventStore;
let models: OpenReadModels;
const stop = new AbortController();
let last = 0n;

beforeAll(async () => {
  database = await testPostgres();
  store = memoryStore();
  for (const [index, event] of story.entries()) {
    const metadata = { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
    last = (await store.append(`s-${index}`, 'no-stream', [{ id: uuidV5(`${index}`), type: event.type, data: event.data, metadata }])).position;
  }
  models = await openReadModels({ url: database.url, projections: [provenanceProjection], store });
  await models.start(stop.signal);
  await models.waitFor('provenance', last);
});

afterAll(async () => {
  stop.abort();
  await models.database.destroy();
  await database.stop();
});

const ids = (steps: readonly { readonly id: string }[]): readonly string[] => steps.map(({ id }) => id);

describe('lineage', () => {
  it('reaches back from a dataset version to the person and the consent', async () => {
    const steps = await lineage(models.database, 'version_1', 'BACKWARD', 16, null);
    expect(ids(steps)).toEqual(['version_1', 'account_1', 'annotation:item_1', 'item_1', 'contribution_1', 'consent_1']);
    expect(steps.find(({ id }) => id === 'consent_1')).toMatchObject({ kind: 'consent', depth: 3, role: 'underConsent', from: 'contribution_1' });
  });

  it('reaches forward from a consent to what was made under it', async () => {
    expect(ids(await lineage(models.database, 'consent_1', 'FORWARD', 16, null))).toEqual(['consent_1', 'contribution_1', 'item_1', 'version_1']);
  });

  it('stops at the depth and at the position asked for', async () => {
    expect(ids(await lineage(models.database, 'version_1', 'BACKWARD', 1, null))).toEqual(['version_1', 'account_1', 'annotation:item_1', 'item_1']);
    expect(ids(await lineage(models.database, 'consent_1', 'FORWARD', 16, last - 1n))).toEqual(['consent_1', 'contribution_1', 'item_1']);
  });

  it('is empty for what nobody stated', async () => {
    expect(await lineage(models.database, 'nothing', 'BACKWARD', 16, null)).toEqual([]);
  });

  it('exports as PROV-JSON', async () => {
    expect(provJson(await lineage(models.database, 'contribution_1', 'BACKWARD', 1, null))).toMatchObject({
      entity: { 'oort:contribution_1': { 'prov:type': 'oort:contribution' }, 'oort:consent_1': {} }, agent: { 'oort:account_1': {} },
    });
  });
});
