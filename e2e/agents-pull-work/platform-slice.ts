// The part of the platform that agents meet: nodes and compute over real PostgreSQL, behind doors that check signatures.
// GraphQL documents of agents have one root field each, so the door hands each to the subgraph that has it.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse, type GraphQLSchema } from 'graphql';
import { contentIdOf, diskContentStore } from '@oort/kernel-content';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey, verifyRequest } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels } from '@oort/kernel-projection';
import { claimOf, envelopesIn, memoryBus, openEnvelope } from '@oort/kernel-telemetry';
import { createTimers } from '@oort/kernel-timers';
import type { Json } from '@oort/kernel-wire';
import { jobsProjection } from '@oort/projections-jobs';
import { nodePublicKey, nodesProjection } from '@oort/projections-nodes';
import type { Actor, Subgraph, SubgraphPorts } from '@oort/schema';
import { createComputeSubgraph, type SubmitJob } from '@oort/subgraphs-compute';
import { createNodesSubgraph } from '@oort/subgraphs-nodes';

export interface PlatformSlice {
  readonly url: string;
  readonly directory: string;
  readonly store: EventStore;
  readonly content: SubgraphPorts['content'];
  readonly submitJob: SubmitJob;
  ask<T>(document: string, variables: { readonly [name: string]: Json }, actor: Actor): Promise<T>;
  close(): Promise<void>;
}

export async function startPlatformSlice({ leaseTtlMs, offlineMs }: { readonly leaseTtlMs: number; readonly offlineMs: number }): Promise<PlatformSlice> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-slice-'));
  const database = await testPostgres();
  const store = memoryStore();
  const readModels = await openReadModels({ url: database.url, projections: [nodesProjection, jobsProjection], store });
  const stop = new AbortController();
  await readModels.start(stop.signal);
  const now = (): Date => new Date();
  const content = diskContentStore(join(directory, 'content'));
  const telemetry = memoryBus();
  const ports: SubgraphPorts = {
    store, readModels, content, telemetry, now, timers: createTimers({ store, now }), ledger: { request: () => Promise.resolve(null) },
  };
  const compute = await createComputeSubgraph({ ...ports, leaseTtlMs });
  const subgraphs = [compute, await createNodesSubgraph({ ...ports, platformPublicKey: newDeviceKey().publicKey, offlineMs })];
  for (const subgraph of subgraphs) await subgraph.start?.(stop.signal);
  const schemas = subgraphs.map(schemaOf);

  async function run(source: string, variables: Readonly<Record<string, unknown>>, actor: Actor): Promise<object> {
    const definition = parse(source).definitions[0];
    const selection = definition?.kind === 'OperationDefinition' ? definition.selectionSet.selections[0] : undefined;
    const field = selection?.kind === 'Field' ? selection.name.value : '';
    const schema = schemas.find((one) => one.getMutationType()?.getFields()[field] ?? one.getQueryType()?.getFields()[field]);
    if (schema === undefined) return { errors: [{ message: `no field ${field}` }] };
    return graphql({ schema, source, variableValues: variables, contextValue: { actor, requestId: 'test' } });
  }

  const server = createServer((request, response) => {
    door({ request, response, run, readModels, content, telemetry }).catch((error: unknown) => answer(response, 500, { error: String(error) }));
  });
  const url = await listen(server);
  return {
    url, directory, store, content, submitJob: compute.submitJob,
    async ask<T>(document: string, variables: { readonly [name: string]: Json }, actor: Actor): Promise<T> {
      return (await run(document, variables, actor) as { readonly data: T }).data;
    },
    async close() {
      stop.abort();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
      await readModels.close();
      await telemetry.close();
      await database.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function schemaOf({ typeDefs, resolvers }: Subgraph): GraphQLSchema {
  return buildSubgraphSchema({ typeDefs, resolvers: resolvers as Parameters<typeof buildSubgraphSchema>[0] extends { resolvers?: infer R } ? R : never });
}

interface Visit extends Pick<SubgraphPorts, 'content' | 'telemetry'> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly readModels: OpenReadModels;
  run(source: string, variables: Readonly<Record<string, unknown>>, actor: Actor): Promise<object>;
}

async function door({ request, response, run, readModels, content, telemetry }: Visit): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { method = '', url = '' } = request;
  const actor = await actorOf(readModels, request, body);
  if (url === '/graphql') {
    const { query, variables } = JSON.parse(body.toString()) as { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
    return answer(response, 200, await run(query, variables, actor));
  }
  if (actor.kind !== 'node') return answer(response, 401, {});
  if (url === '/telemetry') {
    for (const envelope of envelopesIn(body)) {
      const { topic, nodeId } = openEnvelope(envelope, await nodePublicKey(readModels, claimOf(envelope).nodeId) ?? '');
      await telemetry.publish(topic, nodeId, envelope);
    }
    return answer(response, 202, {});
  }
  const contentId = url.replace('/content/', '');
  if (method === 'PUT') return answer(response, contentIdOf(body) === contentId ? 201 : 400, { contentId: await content.put(body) });
  if (!await content.has(contentId)) return answer(response, 404, {});
  response.end(await content.get(contentId));
}

async function actorOf(readModels: OpenReadModels, request: IncomingMessage, body: Buffer): Promise<Actor> {
  const nodeId = request.headers['x-oort-node'];
  if (typeof nodeId !== 'string') return { kind: 'anonymous' };
  const publicKey = await nodePublicKey(readModels, nodeId);
  const { method = '', url: path = '' } = request;
  const proven = publicKey !== null && verifyRequest({ headers: request.headers, method, path, body, publicKey, now: new Date() });
  return proven ? { kind: 'node', nodeId } : { kind: 'anonymous' };
}

function answer(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}
