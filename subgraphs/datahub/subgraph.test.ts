// The room as a whole: wallets, read models in real PostgreSQL, an edge node played by the test, a spammer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { Wallet, id as keccakOfText, type HDNodeWallet } from 'ethers';
import { graphql, type GraphQLSchema } from 'graphql';
import { diskContentStore, type ContentStore } from '@oort/kernel-content';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres } from '@oort/kernel-projection';
import { deriveId, sha256Hex, uuidV5, type Json } from '@oort/kernel-wire';
import { datasetsProjection } from '@oort/projections-datasets';
import type { Actor, PlatformEvent, SubgraphPorts } from '@oort/schema';
import { png } from './fixture-png';
import { createDatahubSubgraph, itemLeaf, manifestRoot, type Manifest } from './index';

const labels = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const stop = new AbortController();
const directory = mkdtempSync(join(tmpdir(), 'oort-datahub-'));
let store: EventStore;
let content: ContentStore;
let schema: GraphQLSchema;
let closing: () => Promise<void>;

beforeAll(async () => {
  const postgres = await testPostgres();
  store = memoryStore();
  content = diskContentStore(directory);
  const readModels = await openReadModels({ url: postgres.url, projections: [datasetsProjection], store });
  await readModels.start(stop.signal);
  const ledger = { request: () => Promise.resolve<Json>({ Escrow: '0x0000000000000000000000000000000000000009' }) };
  const subgraph = await createDatahubSubgraph({ store, readModels, content, ledger, now: () => new Date() } as unknown as SubgraphPorts);
  await subgraph.start?.(stop.signal);
  schema = buildSubgraphSchema({ typeDefs: subgraph.typeDefs, resolvers: subgraph.resolvers as never });
  closing = async () => {
    stop.abort();
    await readModels.close();
    await postgres.stop();
    rmSync(directory, { recursive: true });
  };
}, 60_000);
afterAll(() => closing());

interface Person { readonly wallet: HDNodeWallet; readonly actor: Extract<Actor, { readonly kind: 'account' }> }

async function ask<T = Record<string, never>>(source: string, input: unknown, person?: Person): Promise<T> {
  const contextValue = { actor: person?.actor ?? { kind: 'anonymous' }, requestId: 'r' };
  const { data, errors } = await graphql({ schema, source, variableValues: { input }, contextValue });
  expect(errors).toBeUndefined();
  return (data as { readonly answer: T }).answer;
}

let events = 0;
async function happened(event: PlatformEvent): Promise<void> {
  events += 1;
  const metadata = { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: new Date().toISOString(), schemaVersion: 1 };
  await store.append(`elsewhere-${events}`, 'no-stream', [{ id: uuidV5(String(events)), type: event.type, data: event.data as unknown as Json, metadata }]);
}

async function newPerson(): Promise<Person> {
  const wallet = Wallet.createRandom();
  const accountId = deriveId('account', wallet.address);
  await happened({ type: 'AccountOpened', data: { accountId, address: wallet.address, displayName: 'x' } });
  return { wallet, actor: { kind: 'account', accountId, address: wallet.address } };
}

async function eventually<T>(probe: () => Promise<T | null>): Promise<T> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const found = await probe();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('never');
}

const openMission = 'mutation($input: OpenMissionInput!) { answer: openMission(input: $input) { ... on Mission { id status budgetWei } ... on Refusal { code detail } } }';
const consentRequest = 'query($input: ID!) { answer: consentRequest(missionId: $input) { ... on ConsentRequest { message } ... on Refusal { code } } }';
const giveConsent = 'mutation($input: GiveConsentInput!) { answer: giveConsent(input: $input) { ... on Consent { id } ... on Refusal { code } } }';
const contributeItems = 'mutation($input: ContributeItemsInput!) { answer: contributeItems(input: $input) { ... on ContributionBatch { acceptedCount items { contribution { id status contentId sha256 } refusal { code } } } ... on Refusal { code } } }';
const addGoldItems = 'mutation($input: AddGoldItemsInput!) { answer: addGoldItems(input: $input) { ... on GoldItems { added } ... on Refusal { code } } }';
const nextTasks = 'mutation($input: NextTasksInput!) { answer: nextTasks(input: $input) { ... on TaskBatch { tasks { id imageBase64 } } ... on Refusal { code } } }';
const submitLabels = 'mutation($input: SubmitLabelsInput!) { answer: submitLabels(input: $input) { ... on LabelBatch { acceptedCount labels { taskId accepted refusal { code } } } ... on Refusal { code } } }';
const sealVersion = 'mutation($input: SealVersionInput!) { answer: sealVersion(input: $input) { ... on DatasetVersion { id root itemCount agreementBefore agreementAfter parentVersionId manifest jsonLines } ... on Refusal { code } } }';

const digest = { title: 'Digits', labels, pricePerItemWei: '1000', pricePerJudgementWei: '100', quality: { goldShare: 0.15, duplicateDistance: null } };
const imageOf = (index: number): Buffer => png(28, 28, Buffer.alloc(784, index % 251).fill(index >> 8, 0, 5));
const truthOf = (bytes: Buffer): string => String(Number.parseInt(sha256Hex(bytes).slice(0, 8), 16) % 10);

async function fundedMission(owner: Person, quota: number): Promise<string> {
  const { id } = await ask<{ id: string }>(openMission, { ...digest, quota }, owner);
  const { budgetWei } = await ask<{ budgetWei: string }>('query($input: ID!) { answer: mission(id: $input) { budgetWei } }', id);
  await happened({ type: 'ChainLogObserved', data: { contract: 'Escrow', event: 'Funded', args: { id: keccakOfText(id), from: owner.wallet.address, amount: budgetWei }, txHash: '0xf', logIndex: 0, blockNumber: 1 } });
  await eventually(async () => (await ask<{ status: string }>('query($input: ID!) { answer: mission(id: $input) { status } }', id)).status === 'OPEN' ? true : null);
  return id;
}

async function consented(missionId: string): Promise<Person> {
  const person = await newPerson();
  const { message } = await ask<{ message: string }>(consentRequest, missionId, person);
  await ask(giveConsent, { missionId, signature: await person.wallet.signMessage(message) }, person);
  return person;
}

interface Batch { readonly acceptedCount: number; readonly items: readonly { readonly contribution: { readonly id: string; readonly contentId: string; readonly sha256: string } | null; readonly refusal: { readonly code: string } | null }[] }

/** What an edge node returns for an image that needs no cleaning. */
async function preprocess(batch: Batch): Promise<void> {
  for (const { contribution } of batch.items) {
    if (contribution === null) continue;
    const output = { contentId: contribution.contentId, sha256: contribution.sha256, perceptualHash: contribution.sha256.slice(0, 16), width: 28, height: 28, mediaType: 'image/png' };
    await happened({ type: 'ResultRecorded', data: { jobId: `job_${contribution.id}`, kind: 'preprocess', nodeId: 'node_edge', subject: { kind: 'contribution', id: contribution.id }, output } });
  }
}

async function labelAll(person: Person, missionId: string, answer: (bytes: Buffer) => string): Promise<number> {
  for (let total = 0; ;) {
    const { tasks = [], code } = await ask<{ tasks?: { id: string; imageBase64: string }[]; code?: string }>(nextTasks, { missionId, first: 20 }, person);
    if (code !== undefined || tasks.length === 0) return total;
    const sent = tasks.map(({ id, imageBase64 }) => ({ taskId: id, label: answer(Buffer.from(imageBase64, 'base64')) }));
    const { acceptedCount } = await ask<{ acceptedCount: number }>(submitLabels, { missionId, labels: sent }, person);
    total += acceptedCount;
  }
}

describe('opening', () => {
  it('waits for the escrow', async () => {
    const owner = await newPerson();
    const mission = await ask<{ id: string; status: string; budgetWei: string }>(openMission, { ...digest, quota: 10 }, owner);
    expect(mission).toMatchObject({ status: 'ANNOUNCED', budgetWei: String(10 * 1000 + 10 * 7 * 100) });
    expect(await ask('query($input: ID!) { answer: prepareFunding(missionId: $input) { ... on FundingCall { to data valueWei } } }', mission.id)).toEqual({
      to: '0x0000000000000000000000000000000000000009', data: expect.stringContaining(keccakOfText(mission.id).slice(2)) as string, valueWei: mission.budgetWei,
    });
    expect(await ask(nextTasks, { missionId: mission.id, first: 1 }, owner)).toEqual({ code: 'MISSION_NOT_OPEN' });
    expect(await ask(openMission, { ...digest, quota: 0 }, owner)).toEqual({ code: 'MISSION_INVALID', detail: { field: 'quota' } });
    expect(await ask(openMission, { ...digest, quota: 1 })).toMatchObject({ code: 'NOT_SIGNED_IN' });
  });
});

describe('contributing', () => {
  it('takes what can be read and says why not to the rest', async () => {
    const missionId = await fundedMission(await newPerson(), 2);
    const person = await consented(missionId);
    const send = (...files: readonly (readonly [string, Buffer | string])[]): Promise<Batch> => ask<Batch>(contributeItems, {
      missionId, items: files.map(([mediaType, bytes]) => ({ mediaType, base64: typeof bytes === 'string' ? bytes : bytes.toString('base64') })),
    }, person);
    expect(await ask(contributeItems, { missionId, items: [] }, await newPerson())).toEqual({ code: 'TOO_MANY_AT_ONCE' });
    expect(await ask(contributeItems, { missionId, items: [{ mediaType: 'image/png', base64: '' }] }, await newPerson())).toEqual({ code: 'NO_CONSENT' });
    const good = imageOf(1);
    const batch = await send(['image/png', good], ['image/png', good], ['image/jpeg', imageOf(2)], ['image/png', good.subarray(0, 50)], ['image/png', '%%'], ['image/png', Buffer.alloc(1024 * 1024 + 1)], ['image/png', imageOf(3)], ['image/png', imageOf(4)]);
    expect(batch.items.map(({ refusal }) => refusal?.code ?? null)).toEqual([null, 'DUPLICATE', 'WRONG_TYPE', 'UNREADABLE_IMAGE', 'NOT_BASE64', 'TOO_LARGE', null, 'QUOTA_REACHED']);
    const failed = batch.items[6]?.contribution?.id ?? '';
    await happened({ type: 'JobSubmitted', data: { jobId: 'job_f', kind: 'preprocess', submitter: 'platform', subject: { kind: 'contribution', id: failed }, specHash: '', spec: null, reservedMicroUsd: '0' } });
    await happened({ type: 'JobFailed', data: { jobId: 'job_f', kind: 'preprocess', submitter: 'platform', reason: 'no node' } });
    await eventually(async () => (await ask<{ status: string }>('query($input: ID!) { answer: contribution(id: $input) { status } }', failed)).status === 'REJECTED' ? true : null);
    expect((await send(['image/png', imageOf(4)])).acceptedCount).toBe(1);
  });

  it('asks for a consent that its own wallet signed', async () => {
    const missionId = await fundedMission(await newPerson(), 2);
    const [person, stranger] = [await newPerson(), await newPerson()];
    const { message } = await ask<{ message: string }>(consentRequest, missionId, person);
    expect(await ask(giveConsent, { missionId, signature: await stranger.wallet.signMessage(message) }, person)).toEqual({ code: 'SIGNATURE_INVALID' });
    expect(await ask(giveConsent, { missionId, signature: await person.wallet.signMessage(message) }, person)).toHaveProperty('id');
  });
});

describe('labelling and sealing', () => {
  it('finds the spammer, seals what people agree on, pays for it, and goes on with a next version', async () => {
    const owner = await newPerson();
    const missionId = await fundedMission(owner, 80);
    const people = await Promise.all(Array.from({ length: 8 }, () => consented(missionId)));
    const images = Array.from({ length: 72 }, (_, index) => imageOf(index + 10));
    const truth = new Map(images.map((bytes) => [sha256Hex(bytes), truthOf(bytes)]));
    const batches = await Promise.all(people.map((person, index) => ask<Batch>(contributeItems, {
      missionId, items: images.slice(index * 9, index * 9 + 9).map((bytes) => ({ mediaType: 'image/png', base64: bytes.toString('base64') })),
    }, person)));
    expect(batches.reduce((sum, { acceptedCount }) => sum + acceptedCount, 0)).toBe(72);
    for (const batch of batches) await preprocess(batch);
    await eventually(async () => (await ask<{ acceptedCount: number }>('query($input: ID!) { answer: mission(id: $input) { acceptedCount } }', missionId)).acceptedCount === 72 ? true : null);

    const gold = batches.flatMap(({ items }) => items.slice(0, 2)).map(({ contribution }) => ({ contributionId: contribution?.id ?? '', answer: truth.get(contribution?.sha256 ?? '') ?? '' }));
    expect(await ask(addGoldItems, { missionId, items: gold }, people[0])).toEqual({ code: 'NOT_THE_OWNER' });
    expect(await ask(addGoldItems, { missionId, items: gold }, owner)).toEqual({ added: 16 });

    let random = 7;
    const dice = (): number => { random = (random * 1103515245 + 12345) % 2 ** 31; return random / 2 ** 31; };
    const anything = (): string => labels[Math.floor(dice() * 10)] ?? '0';
    const [spammer, ...honest] = people;
    if (spammer === undefined) throw new Error('no people');
    const [own, counts] = [new Set(batches[1]?.items.map(({ contribution }) => contribution?.sha256)), new Map<string, number>()];
    await labelAll(spammer, missionId, anything);
    for (const person of honest) {
      await labelAll(person, missionId, (bytes) => {
        const hash = sha256Hex(bytes);
        if (person === honest[0]) counts.set(hash, (counts.get(hash) ?? 0) + 1);
        return dice() < 0.05 ? anything() : truth.get(hash) ?? '';
      });
    }
    expect([...counts.values()].every((count) => count === 1)).toBe(true);
    expect([...counts.keys()].some((hash) => own.has(hash))).toBe(false);
    expect(await ask(nextTasks, { missionId, first: 1 }, spammer)).toEqual({ code: 'ANNOTATOR_EXCLUDED' });
    expect(await ask('query($input: ID!) { answer: mission(id: $input) { labelling { openCount } } }', missionId)).toEqual({ labelling: { openCount: 0 } });

    const version = await ask<{ id: string; root: string; itemCount: number; agreementBefore: number; agreementAfter: number; manifest: string; jsonLines: string }>(sealVersion, { missionId }, owner);
    const manifest = JSON.parse(version.manifest) as Manifest;
    expect(version).toMatchObject({ itemCount: 72, root: manifestRoot(manifest.items), parentVersionId: null });
    expect(version.agreementAfter).toBeGreaterThan(version.agreementBefore);
    expect(version.jsonLines.split('\n').filter((line) => line !== '')).toHaveLength(72);
    expect(itemLeaf(manifest.items[0] ?? ({} as never))).toHaveLength(32);
    expect(manifest.items.filter(({ sha256, label }) => truth.get(sha256) === label).length).toBeGreaterThanOrEqual(70);
    const earnings = await ask<{ accountId: string; kind: string }[]>('query($input: ID!) { answer: earnings(missionId: $input) { accountId kind amountWei } }', missionId);
    expect(earnings.filter(({ kind }) => kind === 'contribution')).toHaveLength(8);
    const paidForLabels = earnings.filter(({ kind }) => kind === 'label').map(({ accountId }) => accountId);
    expect(paidForLabels.length).toBeGreaterThanOrEqual(3);
    expect(paidForLabels).not.toContain(spammer.actor.accountId);
    expect(await ask(sealVersion, { missionId }, owner)).toEqual({ code: 'NOTHING_TO_SEAL' });
    expect(await ask(sealVersion, { missionId }, spammer)).toEqual({ code: 'NOT_THE_OWNER' });

    const [first, second] = manifest.items;
    const withdraw = 'mutation($input: WithdrawContributionInput!) { answer: withdrawContribution(input: $input) { ... on Contribution { status } } }';
    const contributor = people.find(({ actor }) => actor.accountId === first?.contributor);
    expect(await ask(withdraw, { contributionId: first?.contributionId }, contributor)).toEqual({ status: 'WITHDRAWN' });
    const fresh = await ask<Batch>(contributeItems, { missionId, items: [{ mediaType: 'image/png', base64: imageOf(900).toString('base64') }] }, honest[0]);
    await preprocess(fresh);
    await eventually(async () => (await ask<{ acceptedCount: number }>('query($input: ID!) { answer: mission(id: $input) { acceptedCount } }', missionId)).acceptedCount === 72 ? true : null);
    for (const person of honest.slice(1, 5)) await labelAll(person, missionId, () => '3');
    const next = await ask<{ itemCount: number; parentVersionId: string; manifest: string }>(sealVersion, { missionId }, owner);
    expect(next).toMatchObject({ itemCount: 72, parentVersionId: version.id });
    expect((JSON.parse(next.manifest) as Manifest).tombstones).toEqual([first?.itemId]);

    const review = 'mutation($input: RecordReviewInput!) { answer: recordReview(input: $input) { ... on Review { rating } ... on Refusal { code } } }';
    expect(await ask(review, { missionId, itemId: second?.itemId, rating: 5 }, owner)).toEqual({ rating: 5 });
    expect(await ask(review, { missionId, itemId: 'item_none', rating: 5 }, owner)).toEqual({ code: 'ITEM_UNKNOWN' });
  }, 60_000);
});
