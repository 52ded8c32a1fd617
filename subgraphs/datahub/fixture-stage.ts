// A data hub for tests: real PostgreSQL, a disk content store, wallets; the chain and the edge node are played by the test.
import { deepStrictEqual } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { Wallet, id as keccakOfText, type HDNodeWallet } from 'ethers';
import { graphql, type GraphQLSchema } from 'graphql';
import { diskContentStore, type ContentStore } from '@oort/kernel-content';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres } from '@oort/kernel-projection';
import { Fault, deriveId, sha256Hex, uuidV5, type Json } from '@oort/kernel-wire';
import { datasetsProjection } from '@oort/projections-datasets';
import type { Actor, PlatformEvent, SubgraphPorts } from '@oort/schema';
import { png } from './fixture-png';
import { createDatahubSubgraph } from './subgraph';

class StageFailed extends Fault {}

export const labels = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const stop = new AbortController();
const directory = mkdtempSync(join(tmpdir(), 'oort-datahub-'));
export let store: EventStore;
let content: ContentStore;
let schema: GraphQLSchema;

export async function openStage(): Promise<() => Promise<void>> {
  const postgres = await testPostgres();
  store = memoryStore();
  content = diskContentStore(directory);
  const readModels = await openReadModels({
    url: postgres.url,
    projections: [datasetsProjection],
    store,
  });
  await readModels.start(stop.signal);
  const ledger = {
    request: () => Promise.resolve<Json>({ Escrow: '0x0000000000000000000000000000000000000009' }),
  };
  const subgraph = await createDatahubSubgraph({
    store,
    readModels,
    content,
    ledger,
    now: () => new Date(),
  } as unknown as SubgraphPorts);
  await subgraph.start?.(stop.signal);
  schema = buildSubgraphSchema({
    typeDefs: subgraph.typeDefs,
    resolvers: subgraph.resolvers as never,
  });
  return async () => {
    stop.abort();
    await readModels.close();
    await postgres.stop();
    rmSync(directory, { recursive: true });
  };
}

export interface Person {
  readonly wallet: HDNodeWallet;
  readonly actor: Extract<Actor, { readonly kind: 'account' }>;
}

export async function ask<T = Record<string, never>>(
  source: string,
  input: unknown,
  person?: Person,
): Promise<T> {
  const contextValue = { actor: person?.actor ?? { kind: 'anonymous' }, requestId: 'r' };
  const { data, errors } = await graphql({
    schema,
    source,
    variableValues: { input },
    contextValue,
  });
  deepStrictEqual(errors, undefined);
  return (data as { readonly answer: T }).answer;
}

let events = 0;
export async function happened(event: PlatformEvent): Promise<void> {
  events += 1;
  const metadata = {
    actor: 'platform',
    correlationId: 'c',
    causationId: 'c',
    occurredAt: new Date().toISOString(),
    schemaVersion: 1,
  };
  await store.append(`elsewhere-${events}`, 'no-stream', [
    { id: uuidV5(String(events)), type: event.type, data: event.data, metadata },
  ]);
}

export async function newPerson(): Promise<Person> {
  const wallet = Wallet.createRandom();
  const accountId = deriveId('account', wallet.address);
  await happened({
    type: 'AccountOpened',
    data: { accountId, address: wallet.address, displayName: 'x' },
  });
  return { wallet, actor: { kind: 'account', accountId, address: wallet.address } };
}

export async function eventually<T>(probe: () => Promise<T | null>): Promise<T> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const found = await probe();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new StageFailed('NEVER', 'what was waited for did not come');
}

export const openMission =
  'mutation($input: OpenMissionInput!) { answer: openMission(input: $input) { ... on Mission { id status budgetWei } ... on Refusal { code detail } } }';
export const consentRequest =
  'query($input: ID!) { answer: consentRequest(missionId: $input) { ... on ConsentRequest { message } ... on Refusal { code } } }';
export const giveConsent =
  'mutation($input: GiveConsentInput!) { answer: giveConsent(input: $input) { ... on Consent { id } ... on Refusal { code } } }';
export const contributeItems =
  'mutation($input: ContributeItemsInput!) { answer: contributeItems(input: $input) { ... on ContributionBatch { acceptedCount items { contribution { id status contentId sha256 } refusal { code } } } ... on Refusal { code } } }';
export const addGoldItems =
  'mutation($input: AddGoldItemsInput!) { answer: addGoldItems(input: $input) { ... on GoldItems { added } ... on Refusal { code } } }';
export const nextTasks =
  'mutation($input: NextTasksInput!) { answer: nextTasks(input: $input) { ... on TaskBatch { tasks { id imageBase64 } } ... on Refusal { code } } }';
export const submitLabels =
  'mutation($input: SubmitLabelsInput!) { answer: submitLabels(input: $input) { ... on LabelBatch { acceptedCount labels { taskId accepted refusal { code } } } ... on Refusal { code } } }';
export const sealVersion =
  'mutation($input: SealVersionInput!) { answer: sealVersion(input: $input) { ... on DatasetVersion { id root itemCount agreementBefore agreementAfter parentVersionId manifest jsonLines } ... on Refusal { code } } }';

export const digest = {
  title: 'Digits',
  labels,
  pricePerItemWei: '1000',
  pricePerJudgementWei: '100',
  quality: { goldShare: 0.15, duplicateDistance: null },
};
export const imageOf = (index: number): Buffer =>
  png(28, 28, Buffer.alloc(784, index % 251).fill(index >> 8, 0, 5));
export const truthOf = (bytes: Buffer): string =>
  String(Number.parseInt(sha256Hex(bytes).slice(0, 8), 16) % 10);

export async function fundedMission(owner: Person, quota: number): Promise<string> {
  const { id } = await ask<{ id: string }>(openMission, { ...digest, quota }, owner);
  const { budgetWei } = await ask<{ budgetWei: string }>(
    'query($input: ID!) { answer: mission(id: $input) { budgetWei } }',
    id,
  );
  await happened({
    type: 'ChainLogObserved',
    data: {
      contract: 'Escrow',
      event: 'Funded',
      args: { id: keccakOfText(id), from: owner.wallet.address, amount: budgetWei },
      txHash: '0xf',
      logIndex: 0,
      blockNumber: 1,
    },
  });
  await eventually(async () =>
    (
      await ask<{ status: string }>(
        'query($input: ID!) { answer: mission(id: $input) { status } }',
        id,
      )
    ).status === 'OPEN'
      ? true
      : null,
  );
  return id;
}

export async function consented(missionId: string): Promise<Person> {
  const person = await newPerson();
  const { message } = await ask<{ message: string }>(consentRequest, missionId, person);
  await ask(
    giveConsent,
    { missionId, signature: await person.wallet.signMessage(message) },
    person,
  );
  return person;
}

export interface Batch {
  readonly acceptedCount: number;
  readonly items: readonly {
    readonly contribution: {
      readonly id: string;
      readonly contentId: string;
      readonly sha256: string;
    } | null;
    readonly refusal: { readonly code: string } | null;
  }[];
}

/** What an edge node returns for an image that needs no cleaning. */
export async function preprocess(batch: Batch): Promise<void> {
  for (const { contribution } of batch.items) {
    if (contribution === null) continue;
    const output = {
      contentId: contribution.contentId,
      sha256: contribution.sha256,
      perceptualHash: contribution.sha256.slice(0, 16),
      width: 28,
      height: 28,
      mediaType: 'image/png',
    };
    await happened({
      type: 'ResultRecorded',
      data: {
        jobId: `job_${contribution.id}`,
        kind: 'preprocess',
        nodeId: 'node_edge',
        subject: { kind: 'contribution', id: contribution.id },
        output,
      },
    });
  }
}

export async function labelAll(
  person: Person,
  missionId: string,
  answer: (bytes: Buffer) => string,
): Promise<number> {
  for (let total = 0; ;) {
    const { tasks = [], code } = await ask<{
      tasks?: { id: string; imageBase64: string }[];
      code?: string;
    }>(nextTasks, { missionId, first: 20 }, person);
    if (code !== undefined || tasks.length === 0) return total;
    const sent = tasks.map(({ id, imageBase64 }) => ({
      taskId: id,
      label: answer(Buffer.from(imageBase64, 'base64')),
    }));
    const { acceptedCount } = await ask<{ acceptedCount: number }>(
      submitLabels,
      { missionId, labels: sent },
      person,
    );
    total += acceptedCount;
  }
}
