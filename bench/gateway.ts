// An entity query over three subgraphs: through our door, with the subgraphs in the process, and through a stock
// @apollo/gateway behind a stock @apollo/server, with the same subgraphs behind stock servers over HTTP.
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { composeSupergraph, openDoor, serveSupergraph } from '@oort/gateway-graphql';
import { Fault } from '@oort/kernel-wire';
import type { Subgraph } from '@oort/schema';
import { figure, type Figure } from './figure';
import { rate } from './rate';

class WrongAnswer extends Fault {}

interface Serving { readonly url: string; stop(): Promise<void> }

const clients = 16;
const query = '{ objects { id bytes node { id trust jobs { id units } } } }';
const head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';

const objects = Array.from({ length: 20 }, (_, index) => ({ id: `object-${index}`, bytes: index * 1000, node: { id: `node-${index % 5}` } }));

const subgraphs: readonly Subgraph[] = [
  {
    name: 'objects',
    typeDefs: parse(`${head} type Object @key(fields: "id") { id: ID! bytes: Int! node: Node! }
      type Node @key(fields: "id", resolvable: false) { id: ID! } type Query { objects: [Object!]! }`),
    resolvers: { Query: { objects: () => objects } },
  },
  {
    name: 'nodes',
    typeDefs: parse(`${head} type Node @key(fields: "id") { id: ID! trust: Float! } type Query { node(id: ID!): Node }`),
    resolvers: { Node: { __resolveReference: ({ id }: { readonly id: string }) => ({ id, trust: 0.9 }) } },
  },
  {
    name: 'jobs',
    typeDefs: parse(`${head} type Node @key(fields: "id") { id: ID! jobs: [Job!]! } type Job { id: ID! units: Int! } type Query { job: Job }`),
    resolvers: { Node: { jobs: ({ id }: { readonly id: string }) => [{ id: `${id}/1`, units: 7 }, { id: `${id}/2`, units: 9 }] } },
  },
];

export async function gatewayFigures(): Promise<readonly Figure[]> {
  const ours = await measured(await ourDoor());
  const stock = await measured(await stockGateway());
  return [figure({
    name: 'entity query over three subgraphs', unit: 'requests/s', better: 'higher', ours,
    peer: { name: 'stock @apollo/gateway over HTTP', value: stock }, aim: { kind: 'ratio', value: 2 },
  })];
}

async function measured({ url, stop }: Serving): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const expected = await post(url, agent);
  if (!expected.includes('"units":9')) throw new WrongAnswer('WRONG_ANSWER', expected.slice(0, 200));
  const ask = async (): Promise<number> => {
    if (await post(url, agent) !== expected) throw new WrongAnswer('WRONG_ANSWER', 'not the answer of before');
    return 1;
  };
  try {
    await rate(clients, ask, 1);
    return await rate(clients, ask, 4);
  } finally {
    agent.destroy();
    await stop();
  }
}

function post(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => { chunks.push(chunk); });
      response.on('end', () => { resolve(Buffer.concat(chunks).toString()); });
    }).on('error', reject).end(JSON.stringify({ query }));
  });
}

async function ourDoor(): Promise<Serving> {
  const cacheDirectory = mkdtempSync(join(tmpdir(), 'oort-bench-'));
  const supergraph = await serveSupergraph(composeSupergraph(subgraphs), subgraphs, (line) => { process.stderr.write(line); });
  const door = await openDoor({
    port: 0, supergraph, cacheDirectory,
    credentials: { session: () => null, nodeKey: () => Promise.resolve(null), now: () => new Date() },
  });
  return {
    url: door.url,
    async stop() {
      await door.close();
      rmSync(cacheDirectory, { recursive: true, force: true });
    },
  };
}

async function stockGateway(): Promise<Serving> {
  const listen = { host: '127.0.0.1', port: 0 };
  const behind = await Promise.all(subgraphs.map(async ({ name, typeDefs, resolvers }) => {
    const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]);
    const server = new ApolloServer({ schema, nodeEnv: 'production', stopOnTerminationSignals: false });
    return { name, server, url: (await startStandaloneServer(server, { listen })).url };
  }));
  const supergraphSdl = behind.reduce((sdl, { name, url }) => sdl.replace(`local:${name}`, url), composeSupergraph(subgraphs));
  const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl }), nodeEnv: 'production', stopOnTerminationSignals: false });
  const { url } = await startStandaloneServer(server, { listen });
  return {
    url,
    async stop() {
      await server.stop();
      for (const one of behind) await one.server.stop();
    },
  };
}
