// The whole path of a model over real parts, with a compute that answers as nodes would: start, rounds, evaluation, publication,
// deployment, offline usage, served inference.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse, subscribe, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { encodeExampleSet } from '@oort/algorithms-training';
import { contentIdOf, diskContentStore, type ContentStore } from '@oort/kernel-content';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey, signWith, verifySignature } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import { contentsProjection } from '@oort/projections-contents';
import { modelsProjection } from '@oort/projections-models';
import type { Actor, SubgraphPorts } from '@oort/schema';
import { answer, image, labels, record } from './fixture-nodes';
import { createModelsSubgraph, type RequestedJob } from './index';

const architecture = { input: [1, 4, 4], labels, layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] };
const account: Actor = { kind: 'account', accountId: 'account_1', address: '0x0000000000000000000000000000000000000001' };
const device = newDeviceKey();
const platformKey = newDeviceKey();
const node: Actor = { kind: 'node', nodeId: 'node_edge' };

interface World {
  readonly store: EventStore; readonly content: ContentStore; readonly readModels: OpenReadModels; readonly schema: GraphQLSchema;
  readonly jobs: Map<string, RequestedJob>; readonly broken: Set<string>; readonly stop: AbortController; readonly database: TestDatabase;
}
let world: World;

async function ask<T>(source: string, actor: Actor = account, variableValues: Record<string, unknown> = {}): Promise<T> {
  const result = await graphql({ schema: world.schema, source, contextValue: { actor, requestId: 'r' }, variableValues });
  expect(result.errors).toBeUndefined();
  return result.data as T;
}

async function eventually<T>(probe: () => Promise<T | null>): Promise<T> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const value = await probe();
    if (value !== null) return value;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error('it did not happen');
}

beforeAll(async () => {
  const database = await testPostgres();
  const store = memoryStore();
  const content = diskContentStore(mkdtempSync(join(tmpdir(), 'oort-models-')));
  const readModels = await openReadModels({ url: database.url, projections: [contentsProjection, modelsProjection], store });
  const stop = new AbortController();
  const jobs = new Map<string, RequestedJob>();
  const broken = new Set<string>();
  const ports = { store, content, readModels, now: () => new Date() } as unknown as SubgraphPorts;
  const subgraph = await createModelsSubgraph({
    ...ports, platformKey, inferenceTimeoutMs: 2000,
    submitJob: async (job) => {
      if (jobs.has(job.jobId)) return;
      jobs.set(job.jobId, job);
      await answer({ store, content, broken }, job);
    },
  });
  await readModels.start(stop.signal);
  await subgraph.start?.(stop.signal);
  const schema = buildSubgraphSchema({ typeDefs: subgraph.typeDefs, resolvers: subgraph.resolvers as never });
  world = { store, content, readModels, schema, jobs, broken, stop, database };

  const items = await Promise.all([10, 20, 230, 240, 250].map(async (level, index) => {
    const bytes = image(level);
    return { itemId: `item_${String(index)}`, contributionId: `c_${String(index)}`, contentId: await content.put(bytes), sha256: sha256Hex(bytes), label: level < 128 ? 'dark' : 'bright', mediaType: 'image/png' };
  }));
  const manifestContentId = await content.put(Buffer.from(canonicalJson({ versionId: 'version_1', datasetId: 'dataset_1', labels, items })));
  await record(store, 'datasetversion-1', { type: 'DatasetVersionSealed', data: {
    versionId: 'version_1', datasetId: 'dataset_1', missionId: 'mission_1', accountId: 'account_1', author: '0x', parentVersionId: null, root: 'aa'.repeat(32),
    manifestContentId, itemCount: 5, itemIds: [], contributionIds: [], agreementBefore: 1, agreementAfter: 1, licence: 'CC-BY-4.0',
  } });
  await record(store, 'node-1', { type: 'NodeEnrolled', data: {
    nodeId: 'node_edge', kind: 'edge', name: 'e', publicKey: device.publicKey, operator: '0x', region: 'r', network: 'n', runtimeClass: 'c', endpoint: null,
  } });
  await readModels.waitFor('models', await store.head() ?? 0n);
});

afterAll(async () => {
  world.stop.abort();
  await world.readModels.close();
  await world.database.stop();
});

const createModel = `mutation ($architecture: JSON!) { createModel(input: {name: "digits", architecture: $architecture}) { __typename ... on Model { id } ... on Refusal { code } } }`;
const startRun = `mutation ($input: StartTrainingRunInput!) { startTrainingRun(input: $input) { __typename ... on TrainingRun { id status } ... on Refusal { code } } }`;
const readRun = `query ($id: ID!) { trainingRun(id: $id) { status failure metrics nodeIds modelContentId modelRoot manifest manifestHash
  completedRounds { round jobIds } jobs { kind status } checkpoints { step } } }`;

interface Made { readonly __typename: string; readonly id: string; readonly code?: string }
interface RunView {
  readonly status: string; readonly failure: string | null; readonly metrics: { accuracy: number }; readonly modelContentId: string; readonly modelRoot: string; readonly manifest: Json;
  readonly manifestHash: string; readonly completedRounds: readonly { readonly jobIds: readonly string[] }[]; readonly jobs: readonly { kind: string; status: string }[]; readonly checkpoints: readonly object[];
}

async function newModel(): Promise<string> {
  return (await ask<{ createModel: Made }>(createModel, account, { architecture })).createModel.id;
}

async function evaluationSet(level: number): Promise<string> {
  const examples = [{ label: 'dark', mediaType: 'image/png', bytes: image(level) }, { label: 'bright', mediaType: 'image/png', bytes: image(235) }];
  return handIn(encodeExampleSet({ labels, examples }));
}

async function handIn(bytes: Buffer, by = 'account_1'): Promise<string> {
  const contentId = await world.content.put(bytes);
  await record(world.store, `content-${contentId}`, { type: 'ContentHandedIn', data: { contentId, by } });
  return contentId;
}

async function runOnce(modelId: string, change: Record<string, unknown> = {}): Promise<{ runId: string; run: RunView }> {
  const input = { modelId, datasetVersionIds: ['version_1'], rounds: 2, workers: 2, seed: 7, evaluationContentId: await evaluationSet(15), ...change };
  const { startTrainingRun } = await ask<{ startTrainingRun: Made }>(startRun, account, { input });
  expect(startTrainingRun).toMatchObject({ __typename: 'TrainingRun', status: 'RUNNING' });
  const run = await eventually(async () => {
    const { trainingRun } = await ask<{ trainingRun: RunView }>(readRun, account, { id: startTrainingRun.id });
    return trainingRun.status === 'RUNNING' ? null : trainingRun;
  });
  return { runId: startTrainingRun.id, run };
}

describe('a training run', () => {
  it('goes through its rounds, is marked, and leaves a manifest that hashes to what it says', async () => {
    const { runId, run } = await runOnce(await newModel());
    expect(run).toMatchObject({ status: 'COMPLETED', metrics: { accuracy: 1 }, completedRounds: [{ round: 0 }, { round: 1 }] });
    expect(run.jobs.map(({ kind, status }) => `${kind} ${status}`)).toEqual([...Array.from({ length: 4 }, () => 'training COMPLETED'), 'evaluation COMPLETED']);
    expect(run.checkpoints).toHaveLength(4);
    expect(sha256Hex(canonicalJson(run.manifest))).toBe(run.manifestHash);
    expect(contentIdOf(await world.content.get(run.modelContentId))).toBe(run.modelContentId);
    await record(world.store, `chaincall-${runId}`, { type: 'ChainCallFinalised', data: {
      callId: runId, contract: 'Anchors', method: 'recordTrainingRun', subject: { kind: 'training-run', id: runId }, txHash: '0xaa', blockHash: '0xbb', blockNumber: 9, status: 'succeeded',
    } });
    await world.readModels.waitFor('models', await world.store.head() ?? 0n);
    expect(await ask(`{ trainingRun(id: "${runId}") { txHash blockNumber } }`)).toEqual({ trainingRun: { txHash: '0xaa', blockNumber: 9 } });
    expect(run.manifest).toMatchObject({ datasets: [{ versionId: 'version_1', root: 'aa'.repeat(32) }], seed: 7, rounds: [{ round: 0 }, { round: 1 }], checkpoints: [{}, {}, {}, {}] });
  });

  it('ends early when it gets no better, and goes on from a version', async () => {
    const modelId = await newModel();
    const { runId, run } = await runOnce(modelId, { rounds: 5, hyperParameters: { patience: 1 } });
    expect(run).toMatchObject({ status: 'COMPLETED', completedRounds: [{ round: 0 }, { round: 1 }], manifest: { baseVersionId: null } });
    const { publishVersion: { id: baseVersionId } } = await ask<{ publishVersion: Made }>(`mutation { publishVersion(input: {runId: "${runId}", card: {}}) { ... on ModelVersion { id } } }`);
    const tuned = await runOnce(modelId, { rounds: 1, seed: 99, baseVersionId });
    const { initialWeightsContentId } = tuned.run.manifest as { readonly initialWeightsContentId: string };
    const { rounds } = run.manifest as { readonly rounds: readonly { readonly weightsContentId: string }[] };
    expect(initialWeightsContentId).toBe(rounds.at(-1)?.weightsContentId);
    expect(await ask(`{ trainingRun(id: "${tuned.runId}") { baseVersionId } }`)).toEqual({ trainingRun: { baseVersionId } });
  });

  it('streams how it goes from its start to its end, and draws it', async () => {
    const { runId, run } = await runOnce(await newModel(), { rounds: 1 });
    const document = parse(`subscription { trainingProgress(runId: "${runId}") { kind round worker step loss accuracy failure } }`);
    const items = await subscribe({ schema: world.schema, document, contextValue: { actor: account, requestId: 'r' } });
    if (!(Symbol.asyncIterator in items)) throw new Error('it was refused');
    const seen: object[] = [];
    for await (const { data } of items as AsyncIterable<ExecutionResult>) seen.push((data as { readonly trainingProgress: object }).trainingProgress);
    expect(seen.filter((item) => (item as { kind: string }).kind === 'CHECKPOINT')).toHaveLength(2);
    expect(seen).toContainEqual({ kind: 'WORKER', round: 0, worker: 1, step: 10, loss: 0.5, accuracy: null, failure: null });
    expect(seen.slice(-2)).toEqual([
      { kind: 'ROUND', round: 0, worker: null, step: null, loss: 0.5, accuracy: null, failure: null },
      { kind: 'ENDED', round: null, worker: null, step: null, loss: 0.1, accuracy: 1, failure: null },
    ]);
    const { trainingRun: { plot } } = await ask<{ trainingRun: { plot: string } }>(`{ trainingRun(id: "${runId}") { plot } }`);
    expect(plot).toMatch(/^<svg /);
    expect((await world.content.get((run.manifest as { readonly plotContentId: string }).plotContentId)).toString()).toBe(plot);
    const refused = await subscribe({ schema: world.schema, document: parse('subscription { trainingProgress(runId: "run_x") { kind } }'), contextValue: { actor: account, requestId: 'r' } });
    expect((refused as ExecutionResult).errors?.[0]?.extensions['code']).toBe('UNKNOWN_RUN');
  });

  it('fails when a job does', async () => {
    world.broken.add('training');
    const { run } = await runOnce(await newModel());
    world.broken.clear();
    expect(run).toMatchObject({ status: 'FAILED' });
  });

  it('is refused with a code for each thing that is wrong with it', async () => {
    const modelId = await newModel();
    const code = async (change: Record<string, unknown>, actor: Actor = account): Promise<string | undefined> => {
      const input = { modelId, datasetVersionIds: ['version_1'], ...change };
      return (await ask<{ startTrainingRun: Made }>(startRun, actor, { input })).startTrainingRun.code;
    };
    expect(await code({}, { kind: 'anonymous' })).toBe('NOT_SIGNED_IN');
    expect(await code({ modelId: 'model_x' })).toBe('UNKNOWN_MODEL');
    expect(await code({ datasetVersionIds: ['version_x'] })).toBe('UNKNOWN_DATASET_VERSION');
    expect(await code({ rounds: 0 })).toBe('INVALID_INPUT');
    expect(await code({ workers: 6 })).toBe('INVALID_INPUT');
    expect(await code({ hyperParameters: { batchSize: 0 } })).toBe('SPEC_REFUSED');
    expect(await code({ baseVersionId: 'version_x' })).toBe('UNKNOWN_VERSION');
    expect(await code({ evaluationContentId: 'missing' })).toBe('UNKNOWN_CONTENT');
    expect(await code({ evaluationContentId: await handIn(Buffer.from('x')) })).toBe('EXAMPLE_SET_CORRUPT');
    expect(await code({ evaluationContentId: await evaluationSet(10) })).toBe('EVALUATION_OVERLAPS');
    const swapped = encodeExampleSet({ labels: ['bright', 'dark'], examples: [] });
    expect(await code({ evaluationContentId: await handIn(swapped) })).toBe('LABELS_DIFFER');
    const bad = await ask<{ createModel: Made }>(createModel, account, { architecture: { ...architecture, layers: [] } });
    expect(bad.createModel.code).toBe('ARCHITECTURE_REFUSED');
  });
});

describe('a community', () => {
  const ann: Actor = { kind: 'account', accountId: 'account_ann', address: '0xaa' };
  const bob: Actor = { kind: 'account', accountId: 'account_bob', address: '0xbb' };
  const one = async (mutation: string, actor: Actor, variables: Record<string, unknown> = {}): Promise<Made & { readonly status?: string; readonly forkedFrom?: string }> => {
    const [made] = Object.values(await ask<Record<string, Made>>(mutation, actor, variables));
    if (made === undefined) throw new Error('nothing came back');
    return made;
  };
  const propose = `mutation ($input: ProposeDesignInput!) { proposeDesign(input: $input) { __typename ... on DesignProposal { id status } ... on Refusal { code } } }`;
  const review = `mutation ($input: ReviewDesignInput!) { reviewDesign(input: $input) { __typename ... on DesignProposal { id status } ... on Refusal { code } } }`;
  const decide = `mutation ($input: DecideDesignInput!) { decideDesign(input: $input) { __typename ... on DesignProposal { id status } ... on Refusal { code } } }`;

  it('forks a model and talks about it', async () => {
    const modelId = await newModel();
    const fork = await one(`mutation { forkModel(input: {modelId: "${modelId}", name: "mine"}) { ... on Model { id forkedFrom } } }`, ann);
    expect(fork.forkedFrom).toBe(modelId);
    const comment = `mutation ($input: CommentOnModelInput!) { commentOnModel(input: $input) { __typename ... on ModelComment { id } ... on Refusal { code } } }`;
    const { id: replyTo } = await one(comment, ann, { input: { modelId, text: 'Does it know sevens?' } });
    await one(comment, bob, { input: { modelId, text: 'It does.', replyTo } });
    expect((await one(comment, bob, { input: { modelId, text: ' ' } })).code).toBe('INVALID_INPUT');
    expect((await one(comment, bob, { input: { modelId, text: 'x', replyTo: 'comment_x' } })).code).toBe('UNKNOWN_COMMENT');
    const { model } = await ask<{ model: object }>(`{ model(id: "${modelId}") { comments { totalCount edges { node { text accountId replyTo } } } } }`);
    expect(model).toEqual({ comments: { totalCount: 2, edges: [
      { node: { text: 'It does.', accountId: 'account_bob', replyTo } }, { node: { text: 'Does it know sevens?', accountId: 'account_ann', replyTo: null } },
    ] } });
  });

  it('changes a design by a proposal that somebody else approved, and trains by it', async () => {
    const modelId = await newModel();
    const deeper = { ...architecture, layers: [{ kind: 'flatten' }, { kind: 'dense', units: 4 }, { kind: 'relu' }, { kind: 'dense', units: 2 }] };
    const input = { modelId, architecture: deeper, hyperParameters: { optimiser: 'adam', learningRate: 0.01 }, text: 'A hidden layer.' };
    expect((await one(propose, ann, { input: { ...input, architecture: { ...deeper, labels: ['a', 'b'] } } })).code).toBe('LABELS_DIFFER');
    expect((await one(propose, ann, { input: { ...input, hyperParameters: { optimiser: 'magic' } } })).code).toBe('SPEC_REFUSED');
    const { id: proposalId } = await one(propose, ann, { input });
    expect((await one(decide, account, { input: { proposalId, adopt: true } })).code).toBe('NOT_APPROVED');
    expect((await one(review, ann, { input: { proposalId, verdict: 'APPROVE' } })).code).toBe('OWN_PROPOSAL');
    await one(review, bob, { input: { proposalId, verdict: 'APPROVE', text: 'Yes.' } });
    expect(await one(decide, account, { input: { proposalId, adopt: true } })).toMatchObject({ status: 'ADOPTED' });
    const read = `{ model(id: "${modelId}") { architecture hyperParameters proposals { edges { node { status reviews { accountId verdict text } } } } } }`;
    expect(await ask(read)).toEqual({ model: {
      architecture: deeper, hyperParameters: { optimiser: 'adam', learningRate: 0.01 },
      proposals: { edges: [{ node: { status: 'ADOPTED', reviews: [{ accountId: 'account_bob', verdict: 'APPROVE', text: 'Yes.' }] } }] },
    } });
    const { run } = await runOnce(modelId, { rounds: 1, hyperParameters: { localSteps: 7 } });
    expect(run.manifest).toMatchObject({ architecture: deeper, hyperParameters: { optimiser: 'adam', learningRate: 0.01, localSteps: 7 } });
  });
});

describe('the catalogue', () => {
  it('pages through its models, newest first', async () => {
    const ids = [await newModel(), await newModel(), await newModel()].reverse();
    interface Listed { readonly models: { readonly edges: readonly { readonly node: { readonly id: string } }[]; readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean } } }
    const page = (after: string | null): Promise<Listed> =>
      ask('query ($after: String) { models(first: 2, after: $after) { edges { node { id } } pageInfo { endCursor hasNextPage } } }', account, { after });
    const { models: first } = await page(null);
    expect(first.edges.map(({ node: { id } }) => id)).toEqual(ids.slice(0, 2));
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect((await page(first.pageInfo.endCursor)).models.edges[0]?.node.id).toBe(ids[2]);
  });
});

describe('a version', () => {
  const publish = `mutation ($runId: ID!) { publishVersion(input: {runId: $runId, card: {intendedUse: "tests"}}) { __typename ... on ModelVersion { id publisher modelRoot card } ... on Refusal { code } } }`;
  const deploy = `mutation ($versionId: ID!, $nodeIds: [ID!]!) { deployVersion(input: {versionId: $versionId, nodeIds: $nodeIds}) { __typename ... on Deployment { id bundleSignature } ... on Refusal { code } } }`;
  const mine = `{ myDeployments { deploymentId bundle signature licence } }`;
  const report = `mutation ($input: ReportOfflineUsageInput!) { reportOfflineUsage(input: $input) { __typename ... on OfflineUsage { reported predictions } ... on Refusal { code } } }`;

  it('is published by its owner, deployed under the platform\'s signature, and its offline usage counts once', async () => {
    const { runId, run } = await runOnce(await newModel());
    const { publishVersion } = await ask<{ publishVersion: Made }>(publish, account, { runId });
    expect(publishVersion).toMatchObject({ publisher: (account as { address: string }).address, modelRoot: run.modelRoot, card: { intendedUse: 'tests', metrics: { accuracy: 1 } } });
    expect((await ask<{ publishVersion: Made }>(publish, account, { runId })).publishVersion.code).toBe('VERSION_EXISTS');
    const stranger: Actor = { kind: 'account', accountId: 'account_2', address: '0x02' };
    expect((await ask<{ publishVersion: Made }>(publish, stranger, { runId })).publishVersion.code).toBe('NOT_OWNER');

    const versionId = publishVersion.id;
    expect((await ask<{ deployVersion: Made }>(deploy, account, { versionId, nodeIds: ['node_x'] })).deployVersion.code).toBe('UNKNOWN_NODE');
    const { deployVersion } = await ask<{ deployVersion: Made }>(deploy, account, { versionId, nodeIds: ['node_edge'] });
    const { myDeployments: [bundle] } = await ask<{ myDeployments: { deploymentId: string; bundle: string; signature: string; licence: string }[] }>(mine, node);
    expect(bundle?.deploymentId).toBe(deployVersion.id);
    expect(verifySignature(platformKey.publicKey, bundle?.bundle ?? '', bundle?.signature ?? '')).toBe(true);
    const [facts = '', signature = ''] = bundle?.licence.split('.') ?? [];
    expect(verifySignature(platformKey.publicKey, Buffer.from(facts, 'base64url'), signature)).toBe(true);
    expect((await ask<{ myDeployments: object[] }>(mine, { kind: 'node', nodeId: 'node_other' })).myDeployments).toEqual([]);

    const acknowledge = `mutation { acknowledgeDeployment(input: {deploymentId: "${deployVersion.id}"}) { ... on Deployment { installedOn } } }`;
    expect(await ask(acknowledge, node)).toEqual({ acknowledgeDeployment: { installedOn: ['node_edge'] } });

    const predictions = ['a', 'b'].map((key) => ({ predictionId: `prediction_${key}`, inputHash: 'i', outputHash: 'o', label: 'dark', predictedAt: new Date().toISOString() }));
    const packet = canonicalJson({ packetId: 'packet_1', deploymentId: deployVersion.id, versionId, nodeId: 'node_edge', predictions });
    const input = { packet, signature: signWith(device, packet) };
    expect(await ask(report, node, { input })).toEqual({ reportOfflineUsage: { __typename: 'OfflineUsage', reported: true, predictions: 2 } });
    expect(await ask(report, node, { input })).toEqual({ reportOfflineUsage: { __typename: 'OfflineUsage', reported: false, predictions: 2 } });
    expect(await ask(report, node, { input: { ...input, signature: signWith(newDeviceKey(), packet) } })).toMatchObject({ reportOfflineUsage: { code: 'PACKET_REFUSED' } });
    expect(await ask(`{ deployment(id: "${deployVersion.id}") { offlinePackets offlinePredictions installedOn } predictions(deploymentId: "${deployVersion.id}") { totalCount } }`))
      .toEqual({ deployment: { offlinePackets: 1, offlinePredictions: 2, installedOn: ['node_edge'] }, predictions: { totalCount: 2 } });
  });

  it('is released as a statement of the platform that anybody may ask for', async () => {
    const { runId, run } = await runOnce(await newModel());
    const publish = (licenceExpiresAt: unknown) => ask<{ publishVersion: Made }>(
      'mutation ($runId: ID!, $card: JSON!) { publishVersion(input: {runId: $runId, card: $card, openToAll: true}) { ... on ModelVersion { id } ... on Refusal { code } } }', account, { runId, card: { licenceExpiresAt } });
    // A licence that was to end must not run for ever because its end was written in another way.
    for (const unreadable of ['2030-01-01', 'next year', 1893456000, '2030-13-01T00:00:00Z']) expect(await publish(unreadable)).toEqual({ publishVersion: { code: 'INVALID_INPUT' } });
    const { publishVersion: { id } } = await publish('2030-01-01T02:00:00+02:00');
    const query = `{ modelRelease(versionId: "${id}") { release signature publicKey } modelVersion(id: "${id}") { openToAll } }`;
    const { modelRelease, modelVersion } = await ask<{ modelRelease: { release: string; signature: string; publicKey: string }; modelVersion: object }>(query, { kind: 'anonymous' });
    expect(modelVersion).toEqual({ openToAll: true });
    expect(verifySignature(platformKey.publicKey, modelRelease.release, modelRelease.signature)).toBe(true);
    expect(JSON.parse(modelRelease.release)).toEqual({
      kind: 'oort-model/1', versionId: id, modelId: expect.any(String) as string, name: 'digits', modelContentId: run.modelContentId, modelRoot: run.modelRoot, labels,
      input: [1, 4, 4], licence: 'Apache-2.0', licenceExpiresAt: '2030-01-01T00:00:00.000Z',
    });
    expect(await ask('{ modelRelease(versionId: "x") { release } }')).toEqual({ modelRelease: null });
  });

  it('is built on and handed on by nobody but its owner, unless it is open', async () => {
    const stranger: Actor = { kind: 'account', accountId: 'account_2', address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' };
    const { runId } = await runOnce(await newModel(), { seed: 41 });
    const publishAs = async (openToAll: boolean, run: string): Promise<string> => (await ask<{ publishVersion: Made }>(
      'mutation ($runId: ID!, $openToAll: Boolean!) { publishVersion(input: {runId: $runId, card: {}, openToAll: $openToAll}) { ... on ModelVersion { id } } }', account, { runId: run, openToAll })).publishVersion.id;
    const closed = await publishAs(false, runId);
    const { createModel: { id: modelId } } = await ask<{ createModel: Made }>(createModel, stranger, { architecture });
    const train = async (change: Record<string, unknown>): Promise<string | undefined> => (await ask<{ startTrainingRun: Made }>(startRun, stranger, { input: { modelId, datasetVersionIds: ['version_1'], rounds: 1, workers: 1, seed: 1, ...change } })).startTrainingRun.code;
    const deploy = async (versionId: string): Promise<string | undefined> => (await ask<{ deployVersion: Made }>(
      'mutation ($versionId: ID!) { deployVersion(input: {versionId: $versionId, nodeIds: ["node_edge"]}) { ... on Refusal { code } } }', stranger, { versionId })).deployVersion.code;
    expect([await train({ baseVersionId: closed }), await deploy(closed)]).toEqual(['NOT_OWNER', 'NOT_OWNER']);
    expect(await train({ evaluationContentId: await evaluationSet(15) })).toBe('UNKNOWN_CONTENT');
    const manifestContentId = await world.content.put(Buffer.from(canonicalJson({ items: [] })));
    await record(world.store, 'datasetversion-closed', { type: 'DatasetVersionSealed', data: {
      versionId: 'version_closed', datasetId: 'dataset_2', missionId: 'mission_2', accountId: 'account_1', author: '0x', parentVersionId: null, root: 'bb'.repeat(32),
      manifestContentId, itemCount: 5, itemIds: [], contributionIds: [], agreementBefore: 1, agreementAfter: 1, licence: 'LicenseRef-Closed',
    } });
    await world.readModels.waitFor('models', await world.store.head() ?? 0n);
    expect(await train({ datasetVersionIds: ['version_closed'] })).toBe('NOT_OWNER');
    const open = await publishAs(true, (await runOnce(await newModel(), { seed: 42 })).runId);
    expect([await train({ baseVersionId: open }), await deploy(open)]).toEqual([undefined, undefined]);
  });

  it('is refused to whom it does not concern', async () => {
    world.broken.add('training');
    const { runId } = await runOnce(await newModel());
    world.broken.clear();
    expect((await ask<{ publishVersion: Made }>(publish, account, { runId })).publishVersion.code).toBe('RUN_NOT_COMPLETED');
    expect((await ask<{ publishVersion: Made }>(publish, account, { runId: 'run_x' })).publishVersion.code).toBe('UNKNOWN_RUN');
    const code = async (mutation: string, actor: Actor): Promise<unknown> =>
      Object.values(await ask<Record<string, { code: string }>>(`mutation { ${mutation} { ... on Refusal { code } } }`, actor))[0]?.code;
    expect(await code('acknowledgeDeployment(input: {deploymentId: "deployment_x"})', account)).toBe('NOT_A_NODE');
    expect(await code('acknowledgeDeployment(input: {deploymentId: "deployment_x"})', node)).toBe('UNKNOWN_DEPLOYMENT');
    expect(await code('reportOfflineUsage(input: {packet: "{}", signature: ""})', account)).toBe('NOT_A_NODE');
    expect(await code('reportOfflineUsage(input: {packet: "{}", signature: ""})', node)).toBe('PACKET_REFUSED');
    expect(await code('rollBackDeployment(input: {deploymentId: "deployment_x", reason: "r"})', node)).toBe('NOT_SIGNED_IN');
    expect(await code('deployVersion(input: {versionId: "x", nodeIds: ["node_edge"]})', account)).toBe('UNKNOWN_VERSION');
  });

  it('answers an image through a node, and says why when it cannot', async () => {
    const { runId } = await runOnce(await newModel());
    const { publishVersion: { id: versionId } } = await ask<{ publishVersion: Made }>(publish, account, { runId });
    const infer = `mutation ($input: InferInput!) { infer(input: $input) { __typename ... on Prediction { label versionId jobId } ... on Refusal { code } } }`;
    const input = { versionId, imageBase64: image(200).toString('base64') };
    expect(await ask(infer, account, { input })).toMatchObject({ infer: { __typename: 'Prediction', label: 'bright', versionId } });
    const before = [...world.jobs.values()].filter(({ kind }) => kind === 'inference').length;
    const levels = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 5 : 200));
    const answers = await Promise.all(levels.map((level) => ask<{ infer: { label: string; inputHash: string } }>(
      'mutation ($input: InferInput!) { infer(input: $input) { ... on Prediction { label inputHash } } }', account, { input: { versionId, imageBase64: image(level).toString('base64') } })));
    expect(answers.map(({ infer: { label } }) => label)).toEqual(levels.map((level) => (level < 128 ? 'dark' : 'bright')));
    // What was asked in another job has another hash: that it was asked before is not to be seen.
    expect(new Set(answers.map(({ infer: { inputHash } }) => inputHash)).size).toBeGreaterThan(2);
    // However they fell together, they are far fewer jobs than calls.
    expect([...world.jobs.values()].filter(({ kind }) => kind === 'inference').length - before).toBeLessThan(30);
    expect(await ask(infer, account, { input: { ...input, imageBase64: 'AAAA' } })).toMatchObject({ infer: { code: 'IMAGE_UNREADABLE' } });
    expect(await ask(infer, account, { input: { ...input, versionId: 'x' } })).toMatchObject({ infer: { code: 'UNKNOWN_VERSION' } });
    world.broken.add('inference');
    expect(await ask(infer, account, { input })).toMatchObject({ infer: { code: 'INFERENCE_FAILED' } });
    world.broken.clear();
    world.broken.add('silent');
    expect(await ask(infer, account, { input })).toMatchObject({ infer: { code: 'INFERENCE_LATE' } });
    world.broken.clear();
  });
});
