import { GraphQLError, parse } from 'graphql';
import { newDeviceKey } from '@oort/kernel-identity';
import { Fault } from '@oort/kernel-wire';
import { passportHeader, RemoteSource, sealPassport, serveSubgraph, type NamedSchema, type Presented, type ServedSubgraph } from './index';

interface Context { readonly requestId: string; readonly actor: string }
class PlannedFault extends Fault {}

let returned = 0;
const notes: NamedSchema = {
  name: 'notes',
  typeDefs: parse(`extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    type Query { whoami(text: String): String! broken: String refused: String }
    type Subscription { counted(to: Int!): Int! waiting: Int! refusing: Int! breaking: Int! }`),
  resolvers: {
    Query: {
      whoami: (_: unknown, { text = '' }: { readonly text?: string }, { actor }: Context) => `${actor}${text}`,
      broken: () => { throw new PlannedFault('PLANNED', 'the secret of the database'); },
      refused: () => { throw new GraphQLError('not today', { extensions: { code: 'NOT_TODAY', until: 'tomorrow' } }); },
    },
    Subscription: {
      counted: { async* subscribe(_: unknown, { to }: { readonly to: number }) { for (let at = 0; at < to; at += 1) yield { counted: at }; } },
      waiting: {
        subscribe: () => ({
          next: () => new Promise(() => undefined),
          return: () => { returned += 1; return Promise.resolve({ done: true, value: undefined }); },
          [Symbol.asyncIterator]() { return this; },
        }),
      },
      refusing: { subscribe: () => { throw new GraphQLError('no such thing', { extensions: { code: 'NO_SUCH_THING' } }); } },
      breaking: { async* subscribe() { yield { breaking: 1 }; throw new PlannedFault('PLANNED', 'half way'); } },
    },
  },
};

const gateway = newDeviceKey();
const context: Context = { requestId: 'r1', actor: 'account_1' };
const logged: string[] = [];
const log = (line: string): void => { logged.push(line); };
let served: ServedSubgraph;
let remote: RemoteSource<Context>;

beforeAll(async () => {
  served = await serveSubgraph({ subgraph: notes, port: 0, host: '127.0.0.1', gatewayKey: gateway.publicKey, log, now: () => new Date() });
  remote = new RemoteSource<Context>({ name: 'notes', url: served.url }, gateway, log);
});
afterAll(async () => { await served.close(); });

async function all(query: string): Promise<readonly Presented[]> {
  const seen: Presented[] = [];
  for await (const event of await remote.subscribe({ query, context })) seen.push(event);
  return seen;
}

describe('a subgraph in another process', () => {
  it('answers, and knows who asks', async () => {
    expect(await remote.execute({ query: 'query($t: String) { whoami(text: $t) }', variables: { t: ', 𝄞 and ü' }, context })).toEqual({ data: { whoami: 'account_1, 𝄞 and ü' } });
  });

  it('says what was said on purpose, and nothing of its insides', async () => {
    expect(await remote.execute({ query: '{ refused }', context })).toMatchObject({ errors: [{ message: 'not today', path: ['refused'], extensions: { code: 'NOT_TODAY', until: 'tomorrow' } }] });
    const { errors } = await remote.execute({ query: '{ broken }', context });
    expect(errors).toMatchObject([{ path: ['broken'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r1' } }]);
    expect(JSON.stringify(errors)).not.toContain('secret');
    expect(logged.join('')).toContain('the secret of the database');
    expect(await remote.execute({ query: '{ nothing }', context })).toMatchObject({ data: null, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it('streams events in order to the end', async () => {
    const events = await all('subscription { counted(to: 200) }');
    expect(events.map(({ data }) => data?.['counted'])).toEqual(Array.from({ length: 200 }, (_, at) => at));
  });

  it('refuses a subscription with its code, and says so when one breaks', async () => {
    await expect(all('subscription { refusing }')).rejects.toMatchObject({ extensions: { code: 'NO_SUCH_THING' } });
    await expect(all('subscription { breaking }')).rejects.toMatchObject({ extensions: { code: 'SUBGRAPH_AWAY' } });
  });

  it('ends what it follows when its reader leaves', async () => {
    const events = await remote.subscribe({ query: 'subscription { waiting }', context });
    const waiting = events.next();
    await events.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    for (let tries = 0; returned === 0 && tries < 500; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
    expect(returned).toBe(1);
  });

  it('is away when nobody listens', async () => {
    const gone = await serveSubgraph({ subgraph: notes, port: 0, host: '127.0.0.1', gatewayKey: gateway.publicKey, log, now: () => new Date() });
    await gone.close();
    await expect(new RemoteSource<Context>({ name: 'notes', url: gone.url }, gateway, log, 50).execute({ query: '{ whoami }', context }))
      .rejects.toMatchObject({ extensions: { code: 'SUBGRAPH_AWAY' } });
  });
});

describe('a passport', () => {
  const body = JSON.stringify({ query: '{ whoami }' });
  const seal = (more: Partial<Parameters<typeof sealPassport<Context>>[0]> = {}): string => sealPassport<Context>({ context, audience: 'notes', body, key: gateway, now: new Date(), ...more });
  const ask = async (passport: string | null, sent = body): Promise<number> =>
    (await fetch(served.url, { method: 'POST', body: sent, headers: passport === null ? {} : { [passportHeader]: passport } })).status;

  it('holds once', async () => {
    const passport = seal();
    expect(await ask(passport)).toBe(200);
    expect(await ask(passport)).toBe(401);
  });

  it.each<[string, () => Promise<number>]>([
    ['none at all', () => ask(null)],
    ['of another key', () => ask(seal({ key: newDeviceKey() }))],
    ['for another subgraph', () => ask(seal({ audience: 'storage' }))],
    ['for another body', () => ask(seal(), JSON.stringify({ query: '{ broken }' }))],
    ['of an hour ago', () => ask(seal({ now: new Date(Date.now() - 3_600_000) }))],
    ['changed', () => ask(seal().replace(/^./, (first) => (first === 'e' ? 'f' : 'e')))],
    ['that is no passport', () => ask('x')],
  ])('is refused: %s', async (_, asked) => { expect(await asked()).toBe(401); });
});
