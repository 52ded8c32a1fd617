import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { uuidV5, type Json } from '@oort/kernel-wire';
import { contentsProjection, mayFetch } from './index';

let postgres: TestDatabase;
let store: EventStore;
let readModels: OpenReadModels;
let sequence = 0;

beforeEach(async () => {
  postgres = await testPostgres();
  store = memoryStore();
  readModels = await openReadModels({ url: postgres.url, projections: [contentsProjection], store });
  await readModels.start(new AbortController().signal);
});

afterEach(async () => {
  await readModels.close();
  await postgres.stop();
});

const content = (name: string): string => `b${name.padEnd(58, 'a')}`;
const [image, model, other] = ['image', 'model', 'other'].map(content) as [string, string, string];

async function happened(type: string, data: Json, actor = 'platform'): Promise<void> {
  sequence += 1;
  const metadata = { actor, correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  const { position } = await store.append(`s-${sequence}`, 'any', [{ id: uuidV5(`contents/${sequence}`), type, data, metadata }]);
  await readModels.waitFor('contents', position);
}

async function readers(contentId: string): Promise<readonly string[]> {
  const known = ['ann', 'bob', 'mallory', 'node_1', 'node_2'];
  const may = await Promise.all(known.map((reader) => mayFetch(readModels, contentId, reader)));
  return known.filter((_, index) => may[index]);
}

const handIn = (contentId: string, by: string): Promise<void> => happened('ContentHandedIn', { contentId, by });
const submit = (spec: Json, submitter: string, actor = submitter): Promise<void> => happened('JobSubmitted', { jobId: 'job_1', submitter, spec }, actor);
const leased = (nodeId: string): Promise<void> => happened('AttemptLeased', { jobId: 'job_1', nodeId });

test('nobody may fetch what nobody handed in, and whoever did may', async () => {
  expect(await readers(image)).toEqual([]);
  await handIn(image, 'ann');
  expect(await readers(image)).toEqual(['ann']);
});

test.each(['AttemptFailed', 'JobCompleted', 'JobFailed', 'JobCancelled'])('a node may fetch what its job needs while it has the lease, until %s', async (ending) => {
  await handIn(image, 'ann');
  await submit({ deep: [{ in: image }] }, 'ann');
  expect(await readers(image)).toEqual(['ann']);
  await leased('node_1');
  expect(await readers(image)).toEqual(['ann', 'node_1']);
  await happened(ending, { jobId: 'job_1' });
  expect(await readers(image)).toEqual(['ann']);
  await leased('node_2');
  expect(await readers(image)).toEqual(['ann', 'node_2']);
});

test('to name another\'s content gives nobody a right: neither the customer, nor the node that runs the job', async () => {
  await handIn(image, 'ann');
  await submit({ input: image }, 'mallory');
  await leased('node_1');
  await happened('AttemptCheckpointed', { jobId: 'job_1', nodeId: 'node_1', contentId: image });
  await happened('ResultRecorded', { jobId: 'job_1', nodeId: 'node_1', output: { contentId: image } });
  expect(await readers(image)).toEqual(['ann']);
});

test('what the platform chose for a job, and what its nodes made of it, goes where it is needed', async () => {
  await submit({ contentId: image }, 'platform');
  await leased('node_1');
  expect(await readers(image)).toEqual(['node_1']);
  await submit({ modelContentId: model }, 'ann', 'platform');
  await leased('node_1');
  expect(await readers(model)).toEqual(['node_1']);
  await handIn(other, 'node_1');
  await happened('AttemptCheckpointed', { jobId: 'job_1', nodeId: 'node_1', contentId: other });
  await leased('node_2');
  expect(await readers(other)).toEqual(['node_1', 'node_2']);
  await happened('ResultRecorded', { jobId: 'job_1', nodeId: 'node_1', output: { weights: other } });
  expect(await readers(other)).toEqual(['ann', 'node_1', 'node_2']);
});

test('a checkpoint that the platform lets a job go on from is for its node, and one that somebody else names is not', async () => {
  for (const [actor, allowed] of [['mallory', []], ['platform', ['node_1']]] as const) {
    await happened('JobSubmitted', { jobId: 'job_1', submitter: 'mallory', spec: {}, checkpoint: { step: 1, contentId: image, hash: 'h' } }, actor);
    await leased('node_1');
    expect(await readers(image)).toEqual(allowed);
  }
});

test.each([['CC-BY-4.0', ['ann', 'bob', 'mallory', 'node_1', 'node_2']], ['all rights reserved', ['ann', 'bob', 'node_1']]])(
  'a contribution is for its contributor and the mission; in a sealed version under %s also for those it names', async (licence, everyone) => {
    await happened('MissionOpened', { missionId: 'm', accountId: 'ann', licence });
    await happened('ContributionSubmitted', { contributionId: 'c', missionId: 'm', accountId: 'bob', contentId: image });
    expect(await readers(image)).toEqual(['ann', 'bob']);
    await happened('ContributionPreprocessed', { contributionId: 'c', missionId: 'm', nodeId: 'node_1', contentId: model });
    expect(await readers(model)).toEqual([]);
    await handIn(other, 'node_1');
    await happened('ContributionPreprocessed', { contributionId: 'c', missionId: 'm', nodeId: 'node_1', contentId: other });
    expect(await readers(other)).toEqual(['ann', 'bob', 'node_1']);
    await happened('DatasetVersionSealed', { missionId: 'm', accountId: 'ann', manifestContentId: model, contributionIds: ['c', 'unknown'], licence });
    expect(await readers(other)).toEqual(everyone);
    expect(await readers(model)).toEqual(licence.startsWith('CC') ? everyone : ['ann']);
  });

test('a version that is open to all is for everybody, and nothing else is', async () => {
  await happened('ModelVersionPublished', { versionId: 'v', modelContentId: model, accountId: 'ann', openToAll: true });
  await happened('ModelVersionPublished', { versionId: 'w', modelContentId: other, accountId: 'ann' });
  const open = (contentId: string): Promise<boolean> => mayFetch(readModels, contentId, 'everybody');
  expect([await open(model), await open(other), await open(image)]).toEqual([true, false, false]);
  expect(await mayFetch(readModels, model, 'mallory')).toBe(true);
});

test('a model is its owner\'s, of the devices it was deployed to, and of whoever has a lease on work with it', async () => {
  await happened('TrainingRunStarted', { runId: 'r', accountId: 'ann', exampleSetContentIds: [image], initialWeightsContentId: other });
  await happened('TrainingRunCompleted', { runId: 'r', modelContentId: model });
  expect([await readers(image), await readers(other), await readers(model)]).toEqual([['ann'], ['ann'], ['ann']]);
  await happened('ModelVersionPublished', { versionId: 'v', modelContentId: model, accountId: 'ann' });
  await happened('DeploymentCreated', { deploymentId: 'd', versionId: 'v', nodeIds: ['node_2'] });
  expect(await readers(model)).toEqual(['ann', 'node_2']);
  await submit({ modelContentId: model }, 'bob');
  await leased('node_1');
  expect(await readers(model)).toEqual(['ann', 'node_1', 'node_2']);
});
