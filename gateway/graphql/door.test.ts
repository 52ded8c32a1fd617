import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphQLError, parse } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { newDeviceKey, signRequest } from '@oort/kernel-identity';
import { Fault } from '@oort/kernel-wire';
import type { RequestContext, Subgraph } from '@oort/schema';
import { composeSupergraph } from './compose';
import { openDoor, type Door } from './door';
import { serveSupergraph } from './supergraph';

const head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';

class PlannedFault extends Fault {}

const people: Subgraph = {
  name: 'people',
  typeDefs: parse(`${head}
    type Person @key(fields: "id") { id: ID! name: String! friends(first: Int! = 10): [Person!]! }
    type Query { person(id: ID!): Person broken: String refused: String whoami: String! }
    type Mutation { rename(id: ID!, name: String!): Person }`),
  resolvers: {
    Query: {
      person: (_: unknown, { id }: { readonly id: string }) => ({ id }),
      broken: () => { throw new PlannedFault('PLANNED', 'the secret of the database'); },
      refused: () => { throw new GraphQLError('not today', { extensions: { code: 'NOT_TODAY' } }); },
      whoami: (_: unknown, __: unknown, { actor }: RequestContext) => (actor.kind === 'account' ? actor.accountId : actor.kind === 'node' ? actor.nodeId : actor.kind),
    },
    Mutation: { rename: (_: unknown, person: { readonly id: string; readonly name: string }) => person },
    Person: {
      __resolveReference: ({ id }: { readonly id: string }) => ({ id }),
      name: ({ id, name }: { readonly id: string; readonly name?: string }) => name ?? `name of ${id}`,
      friends: ({ id }: { readonly id: string }) => [{ id: `${id}a` }, { id: `${id}b` }],
    },
  },
};

const letters: Subgraph = {
  name: 'letters',
  typeDefs: parse(`${head}
    type Person @key(fields: "id") { id: ID! letters: Int! }
    type Letter { text: String! to: Person! }
    type Query { letter: Letter }
    type Subscription { letterArrived(count: Int!): Letter! silence: Letter! }`),
  resolvers: {
    Query: { letter: () => ({ text: 'hello', to: { id: '7' } }) },
    Person: {
      __resolveReference: ({ id }: { readonly id: string }) => ({ id }),
      letters: ({ id }: { readonly id: string }) => id.length,
    },
    Subscription: {
      letterArrived: {
        async* subscribe(_: unknown, { count }: { readonly count: number }) {
          for (let index = 0; index < count; index += 1) yield { letterArrived: { text: `letter ${index}`, to: { id: `p${index}` } } };
        },
      },
      silence: { subscribe: () => { throw new GraphQLError('no silence here', { extensions: { code: 'NO_SILENCE' } }); } },
    },
  },
};

const nodeKey = newDeviceKey();
let door: Door;
let directory: string;
const logged: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'oort-door-'));
  const supergraph = await serveSupergraph(composeSupergraph([people, letters]), [people, letters], (line) => { logged.push(line); });
  door = await openDoor({
    port: 0, supergraph, cacheDirectory: directory, limits: { maxDepth: 6, maxCost: 500 },
    credentials: {
      session: (token) => (token === 'good' ? { accountId: 'account_1', address: '0x01' } : null),
      nodeKey: (id) => Promise.resolve(id === 'node_1' ? nodeKey.publicKey : null),
      now: () => new Date(),
    },
  });
});

afterAll(async () => {
  await door.close();
  rmSync(directory, { recursive: true });
});

interface Answered { readonly status: number; readonly data: unknown; readonly codes: readonly unknown[]; readonly text: string }

async function send(body: string, headers: Record<string, string> = {}): Promise<Answered> {
  return answered(await fetch(door.url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }));
}

async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  const { data = null, errors = [] } = JSON.parse(text) as { data?: unknown; errors?: { extensions?: { code?: string } }[] };
  return { status: response.status, data, codes: errors.map(({ extensions }) => extensions?.code), text };
}

const ask = (query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<Answered> => send(JSON.stringify({ query, variables }), headers);

describe('queries', () => {
  it('join an entity over subgraphs', async () => {
    const { status, data } = await ask('{ letter { text to { id name letters friends { letters } } } }');
    expect({ status, data }).toEqual({ status: 200, data: { letter: { text: 'hello', to: { id: '7', name: 'name of 7', letters: 1, friends: [{ letters: 2 }, { letters: 2 }] } } } });
  });

  it('come by GET, mutations do not', async () => {
    const get = async (query: string): Promise<Answered> => answered(await fetch(`${door.url}?query=${encodeURIComponent(query)}`, { headers: { 'apollo-require-preflight': 'true' } }));
    expect((await get('{ letter { text } }')).data).toEqual({ letter: { text: 'hello' } });
    expect((await get('mutation { rename(id: 1, name: "x") { name } }')).status).toBe(405);
    expect((await ask('mutation { rename(id: 1, name: "x") { name } }')).data).toEqual({ rename: { name: 'x' } });
  });
});

describe('what is wrong is said with a code', () => {
  it.each([
    ['no JSON', () => send('{'), 400, ['BAD_REQUEST']],
    ['no query', () => send('{}'), 400, ['BAD_REQUEST']],
    ['a field that does not exist', () => ask('{ nobody }'), 400, ['GRAPHQL_VALIDATION_FAILED']],
    ['a variable of the wrong type', () => ask('query($id: ID!) { person(id: $id) { id } }', { id: {} }), 400, ['BAD_USER_INPUT']],
    ['a resolver that says no', () => ask('{ refused }'), 200, ['NOT_TODAY']],
    ['too deep', () => ask('{ person(id: 1) { friends { friends { friends { friends { friends { id } } } } } } }'), 400, ['DEPTH_LIMIT']],
    ['too costly, by a variable', () => ask('query($n: Int!) { person(id: 1) { friends(first: $n) { id name } } }', { n: 5000 }), 400, ['COST_LIMIT']],
    ['a forged session', () => ask('{ whoami }', {}, { authorization: 'Bearer forged' }), 401, ['UNAUTHENTICATED']],
    ['several operations and none named', () => ask('query A { whoami } query B { whoami }'), 400, ['OPERATION_RESOLUTION_FAILURE']],
    ['a subscription without a socket', () => ask('subscription { silence { text } }'), 400, ['SUBSCRIPTION_OVER_HTTP']],
    ['a header that is no session', () => ask('{ whoami }', {}, { authorization: 'Basic x' }), 401, ['UNAUTHENTICATED']],
    ['a node that nobody knows', () => ask('{ whoami }', {}, { 'x-oort-node': 'node_2' }), 401, ['UNAUTHENTICATED']],
  ])('%s', async (_, request, status, codes) => {
    expect(await request()).toMatchObject({ status, codes });
  });

  it('but a fault of ours keeps its text for the log', async () => {
    const { text, codes } = await ask('{ broken }');
    expect(codes).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(text).not.toContain('secret');
    expect(logged.join('')).toContain('the secret of the database');
  });

  it('a path that nothing serves', async () => {
    expect(await answered(await fetch(new URL('/elsewhere', door.url)))).toMatchObject({ status: 404, codes: ['NOT_FOUND'] });
  });

  it('a path that is none', async () => {
    const { port } = new URL(door.url);
    const status = await new Promise((resolve) => { get({ port, path: '//' }, ({ statusCode }) => { resolve(statusCode); }); });
    expect(status).toBe(400);
  });

  it.each([
    ['a variable', { query: 'mutation($name: String!) { rename(id: 1, name: $name) { id } }', variables: { name: 'a\0b' } }],
    ['a literal', { query: 'mutation { rename(id: 1, name: "a\\u0000b") { id } }' }],
    ['half of a surrogate pair', { query: 'query($id: ID!) { person(id: $id) { id } }', variables: { id: '\ud800' } }],
  ])('text that is none: %s', async (_, asked) => {
    expect(await send(JSON.stringify(asked))).toMatchObject({ status: 400, codes: ['BAD_USER_INPUT'] });
  });

  it('a body over the limit', async () => {
    expect(await send(' '.repeat(17 * 1024 * 1024)).catch(() => ({ status: 413, codes: ['BODY_TOO_LARGE'] }))).toMatchObject({ status: 413, codes: ['BODY_TOO_LARGE'] });
  });
});

describe('the actor', () => {
  it('is nobody, an account by session, or a node by signature', async () => {
    const body = JSON.stringify({ query: '{ whoami }' });
    const signed = signRequest({ nodeId: 'node_1', key: nodeKey, method: 'POST', path: '/graphql', body, now: new Date() });
    expect((await send(body)).data).toEqual({ whoami: 'anonymous' });
    expect((await send(body, { authorization: 'Bearer good' })).data).toEqual({ whoami: 'account_1' });
    expect((await send(body, { ...signed })).data).toEqual({ whoami: 'node_1' });
    expect((await send(`${body} `, { ...signed })).codes).toEqual(['UNAUTHENTICATED']);
  });
});

describe('graphql-ws', () => {
  const client = (token?: string): Client => createClient({
    url: door.url.replace(/^http/, 'ws'), webSocketImpl: WebSocket, retryAttempts: 0, ...(token === undefined ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
  });

  async function all(query: string, token?: string): Promise<readonly unknown[]> {
    const open = client(token);
    try {
      const results: unknown[] = [];
      for await (const result of open.iterate({ query })) results.push(result);
      return results;
    } finally {
      await open.dispose();
    }
  }

  it('subscribes, and fetches from other subgraphs what the event does not hold', async () => {
    expect(await all('subscription { letterArrived(count: 2) { text to { name letters } } }')).toEqual([
      { data: { letterArrived: { text: 'letter 0', to: { name: 'name of p0', letters: 2 } } } },
      { data: { letterArrived: { text: 'letter 1', to: { name: 'name of p1', letters: 2 } } } },
    ]);
  });

  it('answers queries too, as who connected', async () => {
    expect(await all('{ whoami }', 'good')).toEqual([{ data: { whoami: 'account_1' } }]);
    await expect(all('{ whoami }', 'forged')).rejects.toMatchObject({ code: 4403 });
  });

  it('passes on what a subgraph refuses', async () => {
    expect(await all('subscription { silence { text } }')).toMatchObject([{ data: null, errors: [{ extensions: { code: 'NO_SILENCE' } }] }]);
  });

  it.each([
    ['a field that does not exist', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['no GraphQL', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['text that is none', '{ person(id: "\\u0000") { id } }', 'BAD_USER_INPUT'],
    ['too deep', '{ person(id: 1) { friends { friends { friends { friends { friends { id } } } } } } }', 'DEPTH_LIMIT'],
  ])('says with a code: %s', async (_, query, code) => {
    await expect(all(query)).rejects.toMatchObject([{ extensions: { code } }]);
  });
});
