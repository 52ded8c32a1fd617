// The short form of `npm run strangers`, over a real platform without nodes: what a customer told and asked for is planted through
// the public doors, strangers read everything and say wrong things everywhere, and the customer is forgotten in the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonRpcProvider, Wallet } from 'ethers';
import { openEmbeddedStore } from '@oort/kernel-eventstore';
import { graphqlClient } from '../loop/graphql-client';
import { signIn } from '../loop/people';
import { endAll, startProcess } from '../loop/processes';
import type { Report } from '../loop/report';
import type { LoopContext, Session, Urls } from '../loop/step';
import { wrongAtChain } from './chain-wrong';
import { wrongAtGraphql } from './graphql-wrong';
import { wrongAtIngest } from './ingest-wrong';
import { post, readEveryDoor, type Reader } from './readers';
import { wrongAtS3 } from './s3-wrong';
import { checkLog, checkReaders, secretsOf } from './secrets';
import { strangersOf, type Stranger } from './strangers';

const ports = { OORT_GRAPHQL_PORT: '0', OORT_S3_PORT: '0', OORT_INGEST_PORT: '0', OORT_CHAIN_PORT: '0' };
const profile = { displayName: 'Wilhelmina of the Test', email: 'wilhelmina.secret@example.org', legalName: 'Wilhelmina Secretname', country: 'NL' };
const contentId = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
const failures: string[] = [];
const report = {
  begin: () => undefined, end: () => undefined, broke: () => undefined, made: () => undefined, progress: () => undefined, summary: () => true,
  check(what: string, holds: boolean, detail = '') { if (!holds) failures.push(`${what}: ${detail}`); },
} satisfies Report;

let directory: string;
let context: LoopContext;
let strangers: readonly Stranger[];
let readers: readonly Reader[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'oort-strangers-'));
  const { ready: urls } = await startProcess<Urls>('platform', ['up', '--data', join(directory, 'platform'), '--json'], ports, join(directory, 'platform.log'), 120_000);
  const graphql = graphqlClient(urls.graphql);
  const chain = new JsonRpcProvider(urls.chain, undefined, { cacheTimeout: -1 });
  const person = (): Promise<Session> => signIn(new Wallet(Wallet.createRandom().privateKey, chain), graphql);
  const customer = await person();
  context = {
    urls, chain, customer, person, agents: new Map(), artifacts: {}, directory, quick: true,
    graphql: (document, variables, session) => graphql(document, variables, session?.token),
    made: report.made, check: report.check, progress: report.progress,
  } as Partial<LoopContext> as LoopContext;
  await plant(customer);
  strangers = await strangersOf(context);
}, 120_000);

afterAll(async () => {
  context.chain.destroy();
  await endAll();
  rmSync(directory, { recursive: true, force: true });
});

async function plant(customer: Session): Promise<void> {
  const ask = (document: string, input: object = {}): Promise<unknown> => context.graphql(document, { input }, customer);
  await ask('mutation P($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }', { ...profile });
  await ask('mutation { createS3Key { __typename } }');
  await ask('mutation T($input: TopUpCreditsInput!) { topUpCredits(input: $input) { __typename } }', { amountMicroUsd: '900000000', card: '4242424242424242', idempotencyKey: 'k' });
  await ask('mutation J($input: SubmitJobInput!) { submitJob(input: $input) { __typename } }', {
    kind: 'inference', spec: { modelContentId: contentId, input: [[0.125]], note: 'a spec that is nobody else\'s business' }, subject: { kind: 'secret-subject-kind', id: 'secret-subject-id' },
  });
  await ask('mutation M($input: OpenMissionInput!) { openMission(input: $input) { __typename } }', { title: 'Seen by all', labels: ['a', 'b'], quota: 10, pricePerItemWei: '1', pricePerJudgementWei: '1' });
  Object.assign(context.artifacts, { bucket: 'wilhelminas-secret-bucket', objectKeys: ['a-secret-key'] });
  await ask('mutation B($input: CreateBucketInput!) { createBucket(input: $input) { __typename } }', { bucket: context.artifacts.bucket });
}

const everythingOfTheirs = `{
  me { id displayName forgotten creditsMicroUsd profile { email legalName } s3Keys { id revoked } invoices { totalCount } balances { account amountMicroUsd } }
  jobs(filter: { mine: true }) { totalCount edges { node { id status spec reserved } } }
  buckets { edges { node { id } } } missions { edges { node { id title status accountId } } } nodes { edges { node { id status name } } }
}`;

test('strangers read every door, and find nothing that was not for them', async () => {
  readers = await readEveryDoor(context, strangers, { ...report, check: () => undefined });
  const texts = readers.map(({ text }) => text).join('\n');
  expect(texts).toContain('Seen by all');
  expect(texts).not.toMatch(/wilhelmina\.secret|Secretname|nobody else|secret-subject/);
});

test('whatever strangers say, each door answers in its own words, and what is others\' stays as it was', async () => {
  const before = await context.graphql(everythingOfTheirs, {}, context.customer);
  await wrongAtGraphql(context, strangers, report, 1);
  await wrongAtS3(context, strangers, report);
  await wrongAtIngest(context, strangers, report);
  await wrongAtChain(context, report);
  expect(failures).toEqual([]);
  const after = await context.graphql<{ readonly missions: object }>(everythingOfTheirs, {}, context.customer);
  expect(after).toEqual({ ...before as object, missions: after.missions });
}, 120_000);

test('a forgotten customer is nobody any more, and nothing of them is left to be read', async () => {
  const { customer, urls } = context;
  const input = { accountId: customer.accountId };
  const forget = 'mutation F($input: ForgetAccountInput!) { forgetAccount(input: $input) { __typename ... on Refusal { code } } }';
  for (const stranger of strangers) {
    const { text } = await post(urls.graphql, JSON.stringify({ query: forget, variables: { input } }), stranger);
    expect(text).toMatch(/NOT_YOUR_ACCOUNT|NOT_SIGNED_IN/);
  }
  expect(await context.graphql(forget, { input }, customer)).toEqual({ forgetAccount: { __typename: 'ForgottenAccount' } });
  await expect(context.graphql('{ me { id } }', {}, customer)).rejects.toThrow('session');
  expect(await context.graphql('query A($id: ID!) { account(id: $id) { displayName forgotten } }', { id: customer.accountId })).toEqual({ account: { displayName: 'redacted', forgotten: true } });

  await endAll();
  const platform = join(directory, 'platform');
  const secrets = await secretsOf(platform);
  expect(secrets.map(({ text }) => text).join('\n')).toContain('nobody else');
  expect(secrets.filter(({ text }) => /wilhelmina\.secret|Secretname/.test(text))).toEqual([]);
  checkLog(secrets, join(platform, 'events'), report);
  // What a stranger was answered names what they asked for, and a job shows its spec's hash before its result does.
  const unasked = secrets.filter(({ type, text }) => text !== context.artifacts.bucket && !(type === 'JobSubmitted' && /^[0-9a-f]{64}$/.test(text)));
  checkReaders(unasked, readers, { ...report, check: (what, holds, detail) => { if (what !== 'there are secrets of every kind') report.check(what, holds, detail); } });
  expect(failures).toEqual([]);
  expect(await strangersElsewhere(platform)).toEqual([]);
});

/** Streams that a stranger wrote to although somebody else began them. */
async function strangersElsewhere(platform: string): Promise<readonly string[]> {
  const store = await openEmbeddedStore({ directory: join(platform, 'events') });
  const begun = new Map<string, string>();
  const found: string[] = [];
  for await (const { stream, metadata: { actor } } of store.readAll('start')) {
    if (!begun.has(stream)) begun.set(stream, actor);
    const first = begun.get(stream) ?? '';
    if (first === context.customer.accountId && actor !== first && actor !== 'platform') found.push(`${actor} in ${stream}`);
  }
  await store.close();
  return found;
}
