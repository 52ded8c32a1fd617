import { createSourceEventStream, type ExecutionResult, GraphQLError, parse, execute, type GraphQLSchema } from 'graphql';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileKeyStore, memoryStore, openVisible, type EventStore, type KeyStore } from '@oort/kernel-eventstore';
import { eventPrivacy, visibilities } from '@oort/schema';
import { followPublic, type PublicEvent } from './feed';
import { createEventsSubgraph, reveal } from './subgraph';

const publicTypes = Object.keys(visibilities).filter((type) => visibilities[type] === 'public').slice(0, 2);
const closedTypes = Object.keys(visibilities).filter((type) => visibilities[type] !== 'public').slice(0, 2);

let store: EventStore;
let directory: string;
let revealedKeys: KeyStore;
let schema: GraphQLSchema;

beforeEach(async () => {
  store = memoryStore();
  directory = mkdtempSync(join(tmpdir(), 'oort-feed-'));
  revealedKeys = fileKeyStore(join(directory, 'revealed'));
  const { typeDefs, resolvers } = await createEventsSubgraph({ closedStore: store, revealedKeys });
  schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as NonNullable<Parameters<typeof buildSubgraphSchema>[0]> & object as never }]);
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

async function append(...types: readonly (string | undefined)[]): Promise<void> {
  for (const type of types) {
    const id = `${String(type)}-${(await store.head()) ?? -1n}`;
    const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
    await store.append('stream-1', 'any', [{ id, type: type ?? '', data: { of: id }, metadata }]);
  }
}

interface Feed { readonly events: { readonly edges: readonly { readonly cursor: string; readonly node: { readonly type: string } }[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } } }

async function feed(after: string | null, first: number): Promise<ExecutionResult<Feed>> {
  const document = parse('query($after: String, $first: Int!) { events(after: $after, first: $first) { edges { cursor node { type } } pageInfo { hasNextPage endCursor } } }');
  return await execute({ schema, document, variableValues: { after, first } }) as unknown as ExecutionResult<Feed>;
}

test('the feed holds public events only, page after page, each once', async () => {
  const [open = '', other = ''] = publicTypes;
  const [closed = ''] = closedTypes;
  await append(open, closed, other, '$internal', 'NeverDeclared', open);
  const seen: string[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page: Feed | null | undefined = (await feed(after, 1)).data;
    seen.push(...(page?.events.edges ?? []).map(({ cursor, node }) => `${cursor} ${node.type}`));
    after = page?.events.pageInfo.endCursor ?? null;
    more = page?.events.pageInfo.hasNextPage ?? false;
  }
  expect(seen).toEqual([`0 ${open}`, `2 ${other}`, `5 ${open}`]);
});

test('a cursor that is none is refused with a code', async () => {
  for (const cursor of ['x', '-1', '1.5', '9'.repeat(30)]) {
    expect((await feed(cursor, 1)).errors?.map(({ extensions }) => extensions['code'])).toEqual(['BAD_CURSOR']);
  }
});

test('a subscription goes on after its cursor, waits for what comes, and ends while it waits', async () => {
  const [open = ''] = publicTypes;
  await append(open, closedTypes[0], open);
  const events = await createSourceEventStream({ schema, document: parse('subscription { eventAppended(after: "0") { type } }'), contextValue: {} });
  if (!(Symbol.asyncIterator in events)) throw new GraphQLError('no subscription');
  const iterator = events[Symbol.asyncIterator]() as AsyncIterator<PublicEvent>;
  expect(((await iterator.next()).value as PublicEvent).position).toBe('2');
  const next = iterator.next();
  await append(closedTypes[0], open);
  expect(((await next).value as PublicEvent).position).toBe('4');
  const waiting = iterator.next();
  await iterator.return?.();
  expect((await waiting).done).toBe(true);
});

test('what is read from the closed store stays as it lies there', async () => {
  const [open = ''] = publicTypes;
  await append(open);
  const { value } = await followPublic(store, 'start').next() as IteratorYieldResult<PublicEvent>;
  expect(value).toEqual({
    id: `${open}--1`, type: open, stream: 'stream-1', position: '0', occurredAt: '2026-01-01T00:00:00.000Z', actor: 'platform', data: { of: `${open}--1` },
  });
});

test('sealed labels come into the feed once their item is resolved, for whoever asks for what was revealed, and no others', async () => {
  const holder = { ...eventPrivacy, keys: fileKeyStore(join(directory, 'keys')) };
  const open = openVisible(store, holder);
  const write = async (id: string, type: string, data: object): Promise<void> => {
    const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
    await open.append(`stream-${id}`, 'any', [{ id, type, data: data as Readonly<Record<string, string>>, metadata }]);
  };
  await write('1', 'LabelSubmitted', { itemId: 'item_1', label: 'cat' });
  await write('2', 'LabelSubmitted', { itemId: 'item_2', label: 'dog' });
  await write('3', 'ProfileUpdated', { accountId: 'account_1', email: 'a@b.c' });
  const read = async (): Promise<unknown> => {
    const document = parse('{ events(first: 10, revealed: true) { edges { node { position type data } } } }');
    const { data } = await execute({ schema, document }) as unknown as ExecutionResult<Feed>;
    return data?.events.edges.map(({ node }) => node);
  };
  expect(await read()).toEqual([]);
  await write('4', 'ItemResolved', { itemId: 'item_1' });
  for await (const event of store.readAll('start', { filter: { types: ['ItemResolved'] } })) await reveal(event, holder, revealedKeys);
  const resolved = { position: '3', type: 'ItemResolved', data: { itemId: 'item_1' } };
  expect(await read()).toEqual([{ position: '0', type: 'LabelSubmitted', data: { itemId: 'item_1', label: 'cat' } }, resolved]);
  expect((await feed(null, 10)).data?.events.edges).toMatchObject([{ cursor: '3' }]);
});
