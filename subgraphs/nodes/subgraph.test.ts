// The domain behind its schema, over real PostgreSQL: tokens, proofs, heartbeats, verdicts and slashes.
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, type GraphQLSchema } from 'graphql';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey, signWith, type DeviceKey } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { memoryBus, sealEnvelope, type TelemetryBus } from '@oort/kernel-telemetry';
import { canonicalJson, sha256Hex, uuidV5, type Json } from '@oort/kernel-wire';
import { liveNodes, nodePublicKey, nodesProjection } from '@oort/projections-nodes';
import type { Actor, PlatformEvent, SubgraphPorts } from '@oort/schema';
import { enrolmentStatement, operatorOfToken } from '@oort/schema/statements';
import { encodeReading } from '@oort/schema/telemetry/readings';
import { createNodesSubgraph } from './index';

const operator = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
const account: Actor = { kind: 'account', accountId: 'account_1', address: operator };
const stranger: Actor = { kind: 'account', accountId: 'account_2', address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' };
const anonymous: Actor = { kind: 'anonymous' };
const platformPublicKey = newDeviceKey().publicKey;

let database: TestDatabase;
let store: EventStore;
let readModels: OpenReadModels;
let telemetry: TelemetryBus;
let schema: GraphQLSchema;
const stop = new AbortController();

beforeAll(async () => {
  database = await testPostgres();
  store = memoryStore();
  telemetry = memoryBus();
  readModels = await openReadModels({ url: database.url, projections: [nodesProjection], store });
  await readModels.start(stop.signal);
  const ports = { store, readModels, telemetry, now: () => new Date() } as unknown as SubgraphPorts;
  const nodes = await createNodesSubgraph({ ...ports, platformPublicKey, offlineMs: 600, suspensionMs: 1500 });
  await nodes.start?.(stop.signal);
  schema = buildSubgraphSchema({ typeDefs: nodes.typeDefs, resolvers: nodes.resolvers as Record<string, never> });
});

afterAll(async () => {
  stop.abort();
  await telemetry.close();
  await readModels.close();
  await database.stop();
});

type Answer = Readonly<Record<string, Json>>;

async function ask(actor: Actor, field: string, input: Json, type: string, selection: string): Promise<Answer> {
  const source = `mutation M($input: ${type}!) { ${field}(input: $input) { __typename ... on Refusal { code } ${selection} } }`;
  const { data, errors } = await graphql({ schema, source, variableValues: { input }, contextValue: { actor, requestId: 'r' } });
  expect(errors).toBeUndefined();
  return (data as Readonly<Record<string, Answer>>)[field] ?? {};
}

const token = (actor: Actor, change: object = {}) =>
  ask(actor, 'createEnrolmentToken', { kind: 'super', ...change }, 'CreateEnrolmentTokenInput', '... on EnrolmentToken { token operator }');

function enrol(given: string, key: DeviceKey, signer = key): Promise<Answer> {
  const profile = { publicKey: key.publicKey, name: 'one', operator, region: 'eu', network: 'n', runtimeClass: 'r', endpoint: null };
  const signature = signWith(signer, enrolmentStatement({ tokenHash: sha256Hex(given), ...profile }));
  return ask(anonymous, 'enrolNode', { token: given, signature, ...profile }, 'EnrolNodeInput', '... on NodeEnrolment { nodeId platformPublicKey node { status } }');
}

async function activeNode(key: DeviceKey): Promise<string> {
  const { nodeId } = await enrol(String((await token(account))['token']), key);
  const benchmark = { cores: 2, memoryMb: 4096, diskMbPerS: 100, inferencesPerS: 100, wall: 'bubblewrap' };
  const measured = await ask({ kind: 'node', nodeId: String(nodeId) }, 'reportBenchmark', benchmark, 'ReportBenchmarkInput', '... on Node { status wall benchmark { cores } }');
  expect(measured).toMatchObject({ status: 'active', wall: 'bubblewrap', benchmark: { cores: 2 } });
  return String(nodeId);
}

async function show(id: string): Promise<Answer> {
  const source = 'query N($id: ID!) { node(id: $id) { status online trust endpoint suspendedFor suspendedUntil } }';
  const { data } = await graphql({ schema, source, variableValues: { id }, contextValue: { actor: anonymous, requestId: 'r' } });
  return data?.['node'] as Answer;
}

async function record(stream: string, event: PlatformEvent): Promise<void> {
  await store.append(stream, 'any', [{
    id: uuidV5(`${stream}/${canonicalJson(event)}`), type: event.type, data: event.data,
    metadata: { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
  }]);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error('it did not happen in time');
}

describe('nodes', () => {
  it('gives tokens to accounts, one machine each, against a proof of its key', async () => {
    expect(await token(anonymous)).toMatchObject({ code: 'NOT_SIGNED_IN' });
    expect(await token(account, { operator: 'me' })).toMatchObject({ code: 'OPERATOR_INVALID' });
    const given = String((await token(account))['token']);
    expect(operatorOfToken(given)).toBe(operator);
    const [key, other] = [newDeviceKey(), newDeviceKey()];
    expect(await enrol('oort_guess', key)).toMatchObject({ code: 'UNKNOWN_TOKEN' });
    expect(await enrol(given, key, other)).toMatchObject({ code: 'KEY_NOT_PROVEN' });
    const enrolled = await enrol(given, key);
    expect(enrolled).toMatchObject({ __typename: 'NodeEnrolment', platformPublicKey, node: { status: 'enrolled' } });
    expect(await enrol(given, key)).toEqual(enrolled);
    expect(await enrol(given, other)).toMatchObject({ code: 'TOKEN_USED' });
    expect(await nodePublicKey(readModels, String(enrolled['nodeId']))).toBe(key.publicKey);
    const logged: string[] = [];
    for await (const event of store.readAll('start')) logged.push(JSON.stringify(event.data));
    expect(logged.join().includes(given)).toBe(false);
  });

  it('sees a node go and come back by its signed heartbeats', async () => {
    const key = newDeviceKey();
    const nodeId = await activeNode(key);
    await until(async () => (await show(nodeId))['online'] === false);
    const reading = { atMs: Date.now(), endpoint: 'http://127.0.0.1:7' };
    const beat = (signer: DeviceKey) => telemetry.publish('heartbeats', nodeId, sealEnvelope({
      nodeId, key: signer, topic: 'heartbeats', epoch: 1, epochReason: 'first', sequence: 0, previousHash: null, sealedAtMs: Date.now(),
      readings: [encodeReading('heartbeats', reading)] }).bytes);
    await beat(newDeviceKey());
    await telemetry.publish('heartbeats', nodeId, Buffer.from('noise'));
    await beat(key);
    await until(async () => (await show(nodeId))['online'] === true);
    expect(await show(nodeId)).toMatchObject({ endpoint: 'http://127.0.0.1:7', status: 'active' });
    expect(await liveNodes(readModels, { nodeIds: [nodeId] })).toMatchObject([{ nodeId, kind: 'super', operator, trust: 0.05 }]);
  });

  it('shows what a node reports of itself, once', async () => {
    const key = newDeviceKey();
    const nodeId = await activeNode(key);
    const used = { atMs: Date.now(), subjectId: 'job_1', kind: 'inference', units: 4, durationMs: 20 };
    const { bytes } = sealEnvelope({
      nodeId, key, topic: 'usage', epoch: 1, epochReason: 'first', sequence: 0, previousHash: null, sealedAtMs: Date.now(), dropped: 2,
      readings: [encodeReading('usage', used), encodeReading('usage', used)] });
    for (const _ of ['once', 'and again']) await telemetry.publish('usage', nodeId, bytes);
    const reports = async () => (await graphql({ schema, contextValue: { actor: anonymous, requestId: 'r' }, source: `{ node(id: "${nodeId}") { machine { cpuShare } reports { topic readings missing dropped epochs } reportedUsage { kind subjects units durationMs } } }` })).data?.['node'] as Answer;
    await until(async () => ((await reports())['reports'] as Json[]).length > 0);
    expect(await reports()).toEqual({
      machine: null, reports: [{ topic: 'usage', readings: 2, missing: 0, dropped: 2, epochs: 0 }], reportedUsage: [{ kind: 'inference', subjects: 2, units: 8, durationMs: 40 }] });
  });

  it('takes over trust from verdicts, suspends who was slashed, and gives work again to who was cleared', async () => {
    const nodeId = await activeNode(newDeviceKey());
    await record('audit', { type: 'VerdictReached', data: {
      caseId: 'case_1', nodeId, taskId: 't', work: 'inference', evidence: 'phantom', outcome: 'pass', distance: 0, cusum: 0, trust: 0.4, auditRate: 1 } });
    await until(async () => (await show(nodeId))['trust'] === 0.4);
    await record('audit', { type: 'SlashConfirmed', data: { caseId: 'case_1', nodeId, operator, basisPoints: 1000, evidenceHash: 'h' } });
    await until(async () => (await show(nodeId))['status'] === 'suspended');
    expect(await show(nodeId)).toMatchObject({ suspendedFor: 'slashed by 10 %' });
    expect(await liveNodes(readModels, { nodeIds: [nodeId], online: 'either' })).toEqual([]);
    await record('audit', { type: 'NodeCleared', data: { caseId: 'case_1', nodeId } });
    await until(async () => (await show(nodeId))['status'] === 'active');
    expect(await show(nodeId)).toMatchObject({ suspendedFor: null });
    expect(await liveNodes(readModels, { nodeIds: [nodeId], online: 'either' })).toHaveLength(1);
  });

  it('lets an operator have a node back of which a tenth was taken, and none of which everything was', async () => {
    const [slashed, ruined] = [await activeNode(newDeviceKey()), await activeNode(newDeviceKey())];
    for (const [nodeId, basisPoints] of [[slashed, 1000], [ruined, 10_000]] as const) {
      await record('audit', { type: 'SlashConfirmed', data: { caseId: `case_${nodeId}`, nodeId, operator, basisPoints, evidenceHash: 'h' } });
      await until(async () => (await show(nodeId))['status'] === 'suspended');
    }
    const back = (actor: Actor, nodeId: string) => ask(actor, 'reinstateNode', { nodeId }, 'NodeInput', '... on Node { status suspendedUntil }');
    expect(await back(stranger, slashed)).toMatchObject({ code: 'NOT_OPERATOR' });
    expect(await back(account, ruined)).toMatchObject({ code: 'SUSPENDED_FOR_GOOD' });
    expect(await show(ruined)).toMatchObject({ suspendedFor: 'slashed by 100 %', suspendedUntil: null });
    const { suspendedUntil } = await show(slashed);
    await until(() => Promise.resolve(new Date().toISOString() >= String(suspendedUntil)));
    expect(await back(account, slashed)).toMatchObject({ status: 'active', suspendedUntil: null });
  });

  it('lets only its operator, and itself, drain and retire a node, and pages through all', async () => {
    const nodeId = await activeNode(newDeviceKey());
    const leave = (actor: Actor, field: string) => ask(actor, field, { nodeId }, 'NodeInput', '... on Node { status }');
    expect(await leave(anonymous, 'drainNode')).toMatchObject({ code: 'NOT_SIGNED_IN' });
    expect(await leave(stranger, 'drainNode')).toMatchObject({ code: 'NOT_OPERATOR' });
    expect(await leave({ kind: 'node', nodeId: 'node_other' }, 'drainNode')).toMatchObject({ code: 'NOT_SIGNED_IN' });
    expect(await leave(account, 'retireNode')).toMatchObject({ code: 'NOT_DRAINING' });
    expect(await leave({ kind: 'node', nodeId }, 'drainNode')).toMatchObject({ status: 'draining' });
    expect(await leave(account, 'drainNode')).toMatchObject({ status: 'draining' });
    expect(await leave(account, 'retireNode')).toMatchObject({ status: 'retired' });
    expect(await nodePublicKey(readModels, nodeId)).toBeNull();
    const source = 'query P($after: String) { nodes(first: 4, after: $after) { totalCount edges { node { id } } pageInfo { hasNextPage endCursor } } }';
    const page = async (after: Json) => (await graphql({ schema, source, variableValues: { after }, contextValue: { actor: anonymous, requestId: 'r' } })).data?.['nodes'] as {
      readonly edges: readonly Answer[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string } };
    const first = await page(null);
    expect(first).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: true } });
    const second = await page(first.pageInfo.endCursor);
    expect(second.pageInfo.hasNextPage).toBe(false);
    expect(new Set([...first.edges, ...second.edges].map((edge) => JSON.stringify(edge))).size).toBe(7);
  });
});
