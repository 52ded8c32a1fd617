// The domain behind its schema, over real PostgreSQL: who may ask what, who sees what, and what other domains' events lead to.
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse, subscribe, type GraphQLSchema } from 'graphql';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey, signWith, verifySignature } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { canonicalJson, sha256Hex, uuidV5, type Json } from '@oort/kernel-wire';
import { jobsOf, jobsProjection } from '@oort/projections-jobs';
import { nodesProjection } from '@oort/projections-nodes';
import type { Actor, PlatformEvent, SubgraphPorts } from '@oort/schema';
import { commitmentHash, commitmentStatement, resultStatement } from '@oort/schema/statements';
import { createComputeSubgraph, type ComputeSubgraph } from './index';

const customer: Actor = { kind: 'account', accountId: 'account_1', address: '0x0000000000000000000000000000000000000001' };
const other: Actor = { kind: 'account', accountId: 'account_2', address: '0x0000000000000000000000000000000000000002' };
const anonymous: Actor = { kind: 'anonymous' };
const node: Actor = { kind: 'node', nodeId: 'node_1' };
const [key, platformKey] = [newDeviceKey(), newDeviceKey()];
const model = `b${'a'.repeat(58)}`;
const spec: Json = { modelContentId: model, input: [[1, 2]] };

let database: TestDatabase;
let store: EventStore;
let readModels: OpenReadModels;
let compute: ComputeSubgraph;
let schema: GraphQLSchema;
const stop = new AbortController();

beforeAll(async () => {
  database = await testPostgres();
  store = memoryStore();
  readModels = await openReadModels({ url: database.url, projections: [jobsProjection, nodesProjection], store });
  await readModels.start(stop.signal);
  const ports = { store, readModels, now: () => new Date() } as unknown as SubgraphPorts;
  compute = await createComputeSubgraph({ ...ports, leaseTtlMs: 60_000, packetKey: platformKey });
  await compute.start?.(stop.signal);
  schema = buildSubgraphSchema({ typeDefs: compute.typeDefs, resolvers: compute.resolvers as Record<string, never> });
  await record('node-node_1', { type: 'NodeEnrolled', data: {
    nodeId: 'node_1', kind: 'super', name: 'one', publicKey: key.publicKey, operator: '0x', region: 'eu', network: 'n', runtimeClass: 'r', endpoint: null } });
});

afterAll(async () => {
  stop.abort();
  await readModels.close();
  await database.stop();
});

async function record(stream: string, ...events: readonly PlatformEvent[]): Promise<void> {
  const { position } = await store.append(stream, 'any', events.map((event) => ({
    id: uuidV5(`${stream}/${canonicalJson(event as unknown as Json)}`), type: event.type, data: event.data,
    metadata: { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
  })));
  await readModels.waitFor('nodes', position);
}

async function ask(actor: Actor, field: string, input: Json, type: string, selection: string): Promise<Readonly<Record<string, Json>>> {
  const source = `mutation M($input: ${type}!) { ${field}(input: $input) { __typename ... on Refusal { code } ${selection} } }`;
  const { data, errors } = await graphql({ schema, source, variableValues: { input }, contextValue: { actor, requestId: 'r' } });
  expect(errors).toBeUndefined();
  return (data as Readonly<Record<string, Readonly<Record<string, Json>>>>)[field] ?? {};
}

async function jobAs(actor: Actor, id: string): Promise<Json> {
  const { data } = await graphql({ schema, source: 'query J($id: ID!) { job(id: $id) { status submitter spec output cost node { id } } }', variableValues: { id }, contextValue: { actor, requestId: 'r' } });
  return JSON.parse(JSON.stringify(data?.['job'])) as Json;
}

async function logOf(actor: Actor, jobId: string): Promise<readonly string[]> {
  const source = 'subscription L($jobId: ID!) { jobLog(jobId: $jobId) { text } }';
  const lines = await subscribe({ schema, document: parse(source), variableValues: { jobId }, contextValue: { actor, requestId: 'r' } });
  const texts: string[] = [];
  if (Symbol.asyncIterator in lines) for await (const { data } of lines) texts.push((data as { readonly jobLog: { readonly text: string } }).jobLog.text);
  return texts;
}

const submit = (actor: Actor, input: Json) => ask(actor, 'submitJob', input, 'SubmitJobInput', '... on Job { id status reserved }');
const lease = () => ask(node, 'leaseWork', { kinds: ['inference'], waitMs: 500 }, 'LeaseWorkInput', '... on WorkOffer { leases { jobId attempt fencingToken spec } }');

describe('compute', () => {
  it.each([
    ['a stranger', anonymous, { kind: 'inference', spec }, 'NOT_SIGNED_IN'],
    ['a spec that cannot be run', customer, { kind: 'inference', spec: {} }, 'SPEC_INVALID'],
    ['what only the platform asks', customer, { kind: 'preprocess', spec: { contentId: model, mediaType: 'image/png' } }, 'KIND_RESERVED'],
    ['a cap that is no number', customer, { kind: 'inference', spec, priceCap: '-1' }, 'PRICE_CAP_INVALID'],
    ['a cap below the quote', customer, { kind: 'inference', spec, priceCap: '1' }, 'PRICE_CAP_TOO_LOW'],
  ])('refuses a job of %s', async (_, actor, input, code) => {
    expect(await submit(actor, input)).toMatchObject({ __typename: 'Refusal', code });
  });

  it('offers work to active nodes only, and takes their signed result once', async () => {
    expect(await ask(customer, 'leaseWork', { kinds: ['inference'] }, 'LeaseWorkInput', '')).toMatchObject({ code: 'NOT_A_NODE' });
    expect(await lease()).toMatchObject({ code: 'NODE_NOT_ACTIVE' });
    await record('node-node_1', { type: 'NodeActivated', data: { nodeId: 'node_1' } });
    const { id } = await submit(customer, { kind: 'inference', spec });
    expect(await lease()).toMatchObject({ leases: [{ jobId: id, attempt: 1, fencingToken: 1, spec }] });
    const jobId = String(id);
    expect(await ask(node, 'renewLease', { jobId, attempt: 1, fencingToken: 1 }, 'LeaseInput', '... on RenewedLease { jobId }')).toMatchObject({ jobId });
    const say = (fencingToken: number) => ask(node, 'appendLog', { jobId, attempt: 1, fencingToken, first: 1, lines: ['hello', 'world'] }, 'AppendLogInput', '... on AttemptAccepted { status }');
    expect(await say(2)).toMatchObject({ code: 'STALE_FENCING_TOKEN' });
    expect(await say(1)).toMatchObject({ status: 'running' });
    const following = logOf(customer, jobId);
    expect(await logOf(other, jobId)).toEqual([]);
    const output: Json = { outputs: [[1]], labels: [0] };
    const complete = (signature: string, fencingToken = 1, endedAt: Json = '2026-01-01T00:00:01.000Z') => ask(node, 'completeAttempt', {
      jobId, attempt: 1, fencingToken, output, salt: '01', resultSignature: signature, units: 1, startedAt: '2026-01-01T00:00:00.000Z', endedAt,
    }, 'CompleteAttemptInput', '... on AttemptAccepted { status }');
    const answer = { jobId, attempt: 1, resultHash: sha256Hex(canonicalJson(output)), salt: '01' };
    const signature = signWith(key, resultStatement(answer));
    expect(await complete(signature)).toMatchObject({ code: 'NOT_COMMITTED' });
    const commitment = commitmentHash(key.publicKey, answer);
    const source = 'mutation C($input: CommitAttemptsInput!) { commitAttempts(input: $input) { __typename ... on AttemptAccepted { status } ... on Refusal { code } } }';
    const commit = async (actor: Actor, given: string) => (await graphql({
      schema, source, contextValue: { actor, requestId: 'r' },
      variableValues: { input: { attempts: [{ jobId, attempt: 1, fencingToken: 1, commitment: given, signature: signWith(key, commitmentStatement({ jobId, attempt: 1, commitment: given })) }] } },
    })).data?.['commitAttempts'];
    expect(await commit(customer, commitment)).toMatchObject([{ code: 'NOT_A_NODE' }]);
    expect(await commit(node, 'no hash')).toMatchObject([{ code: 'COMMITMENT_MALFORMED' }]);
    expect(await commit(node, commitment)).toMatchObject([{ status: 'running' }]);
    expect(await complete(signature, 2)).toMatchObject({ code: 'STALE_FENCING_TOKEN' });
    // No deadline is met by a time that is none.
    for (const never of ['soon', '', 7, {}, '2026-13-01T00:00:00Z']) expect(await complete(signature, 1, never)).toMatchObject({ code: 'TIMES_MALFORMED' });
    expect(await complete(signature)).toMatchObject({ status: 'completed' });
    expect(await following).toEqual(['hello', 'world']);
    expect(await complete(signature)).toMatchObject({ status: 'completed' });
    await readModels.waitFor('jobs', await store.head() ?? 0n);
    expect(await jobAs(customer, jobId)).toEqual({ status: 'completed', submitter: 'account_1', spec: { ...spec, nonce: expect.stringMatching(/^[0-9a-f]{32}$/) as string }, output, cost: '20', node: { id: 'node_1' } });
    for (const stranger of [other, node]) {
      expect(await jobAs(stranger, jobId)).toEqual({ status: 'completed', submitter: null, spec: null, output: null, cost: null, node: { id: 'node_1' } });
    }
    await record('audit', { type: 'ResultsRefuted', data: { caseId: 'case_1', nodeId: 'node_1', jobIds: [jobId] } });
    await until(async () => JSON.stringify(await jobAs(customer, jobId)).includes('refunded'));
  });

  it('signs work that a node takes along without a network', async () => {
    const dated = { ...spec as object, deadline: '2099-01-01T00:00:00Z' };
    const { id } = await submit(customer, { kind: 'inference', spec: dated });
    const offer = await ask(node, 'leaseWork', { kinds: ['inference'], waitMs: 500, offer: { offline: true, sandbox: 'bubblewrap' } }, 'LeaseWorkInput', '... on WorkOffer { leases { jobId expiresAt packet { statement signature } } }');
    const [lease] = offer['leases'] as readonly { readonly jobId: string; readonly expiresAt: string; readonly packet: { readonly statement: string; readonly signature: string } }[];
    expect(lease).toMatchObject({ jobId: id, expiresAt: '2099-01-04T00:00:00.000Z' });
    expect(verifySignature(platformKey.publicKey, lease?.packet.statement ?? '', lease?.packet.signature ?? '')).toBe(true);
    expect(await ask(customer, 'cancelJob', { jobId: String(id) }, 'JobInput', '... on Job { status }')).toMatchObject({ status: 'cancelled' });
  });

  it('queues a pre-processing job for each contribution, once', async () => {
    const data = { contributionId: 'contribution_1', missionId: 'm', accountId: 'a', consentId: 'c', contentId: model, sha256: '', sizeBytes: 1, mediaType: 'image/png' };
    await record('contribution-1', { type: 'ContributionSubmitted', data });
    await until(async () => (await jobsOf(readModels, { kind: 'contribution', id: 'contribution_1' })).length === 1);
    const [job] = await jobsOf(readModels, { kind: 'contribution', id: 'contribution_1' });
    expect(job).toMatchObject({ kind: 'preprocess', status: 'queued', submitter: 'platform', spec: { contentId: model, mediaType: 'image/png' } });
    await expect(compute.submitJob({ jobId: job?.jobId ?? '', kind: 'inference', spec, submitter: 'x' })).rejects.toMatchObject({ code: 'JOB_REFUSED' });
  });

  it('lets its submitter cancel a job, and lists the submitter\'s own', async () => {
    const { id } = await submit(customer, { kind: 'inference', spec });
    const cancel = (actor: Actor) => ask(actor, 'cancelJob', { jobId: String(id) }, 'JobInput', '... on Job { status }');
    expect(await cancel(other)).toMatchObject({ code: 'NOT_SUBMITTER' });
    expect(await cancel(customer)).toMatchObject({ status: 'cancelled' });
    const source = '{ jobs(first: 1, filter: { mine: true }) { totalCount edges { node { id } } pageInfo { hasNextPage } } }';
    const page = await graphql({ schema, source, contextValue: { actor: customer, requestId: 'r' } });
    expect(page.data?.['jobs']).toMatchObject({ totalCount: 3, edges: [{ node: { id } }], pageInfo: { hasNextPage: true } });
    const none = await graphql({ schema, source, contextValue: { actor: { kind: 'anonymous' }, requestId: 'r' } });
    expect(none.data?.['jobs']).toMatchObject({ totalCount: 0 });
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error('it did not happen in time');
}
