import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, type GraphQLSchema } from 'graphql';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { contentIdOf, diskContentStore, type ContentStore } from '@oort/kernel-content';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey, verifySignature } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { uuidV5, type Json } from '@oort/kernel-wire';
import { contentsProjection } from '@oort/projections-contents';
import { modelsProjection } from '@oort/projections-models';
import type { Actor, SubgraphPorts } from '@oort/schema';
import { createModelsSubgraph } from './index';

const network = readArchitecture({ input: [1, 2, 2], labels: ['a', 'b'], layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] });
const file = Buffer.from(inferenceModel(network, initialWeights(network, 1)));
const ann: Actor = { kind: 'account', accountId: 'account_ann', address: '0x0000000000000000000000000000000000000001' };
const bob: Actor = { ...ann, accountId: 'account_bob' };
const platformKey = newDeviceKey();

let store: EventStore;
let content: ContentStore;
let database: TestDatabase;
let readModels: OpenReadModels;
let schema: GraphQLSchema;
const stop = new AbortController();

beforeAll(async () => {
  store = memoryStore();
  content = diskContentStore(mkdtempSync(join(tmpdir(), 'oort-import-')));
  database = await testPostgres();
  readModels = await openReadModels({ url: database.url, projections: [modelsProjection, contentsProjection], store });
  await readModels.start(stop.signal);
  const ports = { store, readModels, content, now: () => new Date('2026-01-01T00:00:00Z'), platformKey, submitJob: () => Promise.resolve() };
  const { typeDefs, resolvers } = await createModelsSubgraph(ports as unknown as SubgraphPorts & Parameters<typeof createModelsSubgraph>[0]);
  schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as NonNullable<Parameters<typeof buildSubgraphSchema>[0]> & object as never }]);
  await handIn(file, 'account_ann');
});

afterAll(async () => {
  stop.abort();
  await readModels.close();
  await database.stop();
});

async function handIn(bytes: Buffer, by: string): Promise<string> {
  const contentId = await content.put(bytes);
  await happened('content', 'ContentHandedIn', { contentId, by });
  return contentId;
}

async function happened(stream: string, type: string, data: Json): Promise<void> {
  const metadata = { actor: 'a', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  await store.append(stream, 'any', [{ id: uuidV5(JSON.stringify([type, data])), type, data: data, metadata }]);
}

interface Version { readonly __typename: string; readonly id: string; readonly code?: string; readonly modelRoot: string; readonly runId: string | null; readonly card: Json }

async function ask<T>(source: string, variableValues: Record<string, unknown>, actor: Actor = ann): Promise<T> {
  const { data, errors } = await graphql({ schema, source, contextValue: { actor, requestId: 'r' }, variableValues });
  expect(errors).toBeUndefined();
  return data as T;
}

async function importing(change: object = {}, actor: Actor = ann): Promise<Version> {
  const input = { name: 'Speech', modelContentId: contentIdOf(file), licence: 'MIT', card: { from: 'npm' }, ...change };
  return (await ask<{ readonly answer: Version }>(
    'mutation I($input: ImportVersionInput!) { answer: importVersion(input: $input) { __typename ... on ModelVersion { id modelRoot runId card } ... on Refusal { code } } }', { input }, actor)).answer;
}

describe('a model that was trained elsewhere', () => {
  it('is a version like any other, and asked again the same one', async () => {
    const version = await importing();
    expect(version).toMatchObject({ __typename: 'ModelVersion', runId: null, card: { from: 'npm' } });
    expect(await importing()).toEqual(version);
    const { modelRelease } = await ask<{ readonly modelRelease: { readonly release: string; readonly signature: string } }>('query R($id: ID!) { modelRelease(versionId: $id) { release signature } }', { id: version.id });
    expect(verifySignature(platformKey.publicKey, modelRelease.release, modelRelease.signature)).toBe(true);
    expect(JSON.parse(modelRelease.release)).toMatchObject({ name: 'Speech', licence: 'MIT', labels: [], input: null, modelContentId: contentIdOf(file), modelRoot: version.modelRoot });
  });

  it('is deployed with what its importer said of it', async () => {
    await happened('node-n', 'NodeEnrolled', { nodeId: 'node_1', kind: 'edge', name: 'n', publicKey: newDeviceKey().publicKey, operator: ann.kind === 'account' ? ann.address : '', region: 'r', network: 'n', runtimeClass: 'c', endpoint: null });
    await readModels.waitFor('models', await store.head() ?? 0n);
    const { id: versionId } = await importing({ name: 'Letters', labels: ['a', 'b'], input: [1, 2, 2] });
    const { answer } = await ask<{ readonly answer: { readonly id?: string } }>('mutation D($input: DeployVersionInput!) { answer: deployVersion(input: $input) { ... on Deployment { id } ... on Refusal { code } } }', { input: { versionId, nodeIds: ['node_1'] } });
    expect(answer.id).toMatch(/^deployment_/);
    const { myDeployments } = await ask<{ readonly myDeployments: readonly { readonly bundle: string }[] }>('{ myDeployments { bundle } }', {}, { kind: 'node', nodeId: 'node_1' });
    expect(JSON.parse(myDeployments[0]?.bundle ?? '{}')).toMatchObject({ versionId, labels: ['a', 'b'], modelContentId: contentIdOf(file) });
  });

  it('is not trained on, and asked for a label only where its importer said what it takes', async () => {
    const { id: versionId } = await importing();
    const { infer } = await ask<{ readonly infer: { readonly code?: string } }>('mutation F($input: InferInput!) { infer(input: $input) { ... on Refusal { code } } }', { input: { versionId, imageBase64: 'AAAA' } });
    expect(infer.code).toBe('NEEDS_FEEDS');
  });

  it.each([
    ['of whoever has not the file', {}, bob, 'UNKNOWN_CONTENT'],
    ['of nobody', {}, { kind: 'anonymous' } as const, 'NOT_SIGNED_IN'],
    ['without a licence', { licence: ' ' }, ann, 'INVALID_INPUT'],
    ['with a card that is none', { card: [] }, ann, 'INVALID_INPUT'],
    ['of an input without a size', { input: [1, 0] }, ann, 'INVALID_INPUT'],
  ])('is refused %s', async (_, change, actor, code) => {
    expect((await importing(change, actor)).code).toBe(code);
  });

  it('is refused when the file is no model', async () => {
    expect((await importing({ modelContentId: await handIn(Buffer.from('{"not": "a model", "of": "any kind"}'), 'account_ann') })).code).toBe('NOT_ONNX');
    // { graph { initializer { data_location: EXTERNAL } } }, and a name, so that it is long enough: its runner's disk would be read.
    const elsewhere = Buffer.concat([Buffer.from([0x08, 8, 0x3a, 4, 0x2a, 2, 0x70, 1, 0x12, 10]), Buffer.from('a producer')]);
    expect((await importing({ modelContentId: await handIn(elsewhere, 'account_ann') })).code).toBe('NOT_ONNX');
  });
});
