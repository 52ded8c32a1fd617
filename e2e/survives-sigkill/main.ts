// The platform is killed at ten random moments under load: nothing acknowledged is lost, nothing is doubled, and
// projections and chain agree. `npm run sigkill -- [--kills N]`
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { JsonRpcProvider } from 'ethers';
import { startFleet } from '../loop/agents';
import { graphqlClient, type GraphqlClient } from '../loop/graphql-client';
import { createFaucet, devWallet, signIn } from '../loop/people';
import { end, endAll, startProcess, type Started } from '../loop/processes';
import type { Report } from '../loop/report';
import { runStory } from '../loop/run-story';
import type { Session, Urls } from '../loop/step';
import { objectIs, startLoad, transferWei, type Acknowledged } from './load';

const { values: options } = parseArgs({ options: { kills: { type: 'string', default: '10' } } });
const payerAccount = 1;
const longestPauseMs = 2500;
const bucket = 'survives-sigkill';

interface Key { readonly createS3Key: { readonly __typename: string; readonly id?: string; readonly secretAccessKey?: string } }
interface Feed { readonly events: { readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string; readonly type: string } }[]; readonly pageInfo: { readonly hasNextPage: boolean } } }

async function main(report: Report): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-sigkill-'));
  mkdirSync(join(directory, 'logs'), { recursive: true });
  const ports = {
    OORT_GRAPHQL_PORT: String(await freePort()), OORT_S3_PORT: String(await freePort()), OORT_INGEST_PORT: String(await freePort()), OORT_CHAIN_PORT: String(await freePort()),
  };
  const start = (): Promise<Started<Urls>> =>
    startProcess<Urls>('platform', ['up', '--data', join(directory, 'platform'), '--json'], ports, join(directory, 'logs', 'platform.log'), 120_000);

  report.begin(1, 'Boot');
  let platform = await start();
  const urls = platform.ready;
  const graphql = graphqlClient(urls.graphql);
  const chain = new JsonRpcProvider(urls.chain, undefined, { cacheTimeout: -1, pollingInterval: 100 });
  const customer = await signIn(devWallet(0, chain), graphql);
  await startFleet({ graphql, chain, customer, faucet: createFaucet(chain), urls, directory }, [['super', 6]]);
  const s3 = await client(graphql, customer, urls);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  report.end();

  report.begin(2, `${options.kills} kills under load`);
  const payer = devWallet(payerAccount, chain);
  const before = await chain.getBalance(payer.address);
  const load = startLoad({ graphql, chain, payer, customer, s3, bucket });
  for (let kill = 1; kill <= Number(options.kills); kill += 1) {
    await new Promise((resolve) => { setTimeout(resolve, Math.random() * longestPauseMs + 200); });
    await end(platform.process, 'SIGKILL');
    platform = await start();
    const { transfers, modelIds, objects } = load.acknowledged;
    report.progress(`kill ${kill}: ${transfers.size} transfers, ${modelIds.size} models, ${objects.size} objects acknowledged so far`);
  }
  await new Promise((resolve) => { setTimeout(resolve, longestPauseMs); });
  await load.stop();
  report.end();

  report.begin(3, 'Nothing lost, nothing doubled');
  await checkChain(report, chain, payer.address, before, load.acknowledged);
  await checkEvents(report, graphql, load.acknowledged);
  await checkObjects(report, s3, load.acknowledged);
  report.end();
  const held = report.summary();
  await endAll();
  if (held) rmSync(directory, { recursive: true, force: true });
  return held;
}

/** Every transfer has a receipt, its recipient was paid exactly once, and the payer's account adds up to the wei. */
async function checkChain(report: Report, chain: JsonRpcProvider, payer: string, before: bigint, { transfers }: Acknowledged): Promise<void> {
  let missing = 0;
  let wrong = 0;
  let fees = 0n;
  for (const [hash, to] of transfers) {
    const receipt = await chain.waitForTransaction(hash, 1, 30_000).catch(() => null);
    if (receipt === null) missing += 1;
    fees += (receipt?.gasUsed ?? 0n) * (receipt?.gasPrice ?? 0n);
    if ((await chain.getBalance(to)) !== transferWei) wrong += 1;
  }
  report.check('every acknowledged transaction is final', missing === 0, `${transfers.size - missing} of ${transfers.size}`);
  report.check('each was executed once', wrong === 0);
  // A transfer whose answer the kill cut off may be final too: it stands in the nonce, and is paid for in full.
  const nonce = await chain.getTransactionCount(payer);
  const spent = before - (await chain.getBalance(payer));
  const unanswered = BigInt(nonce - transfers.size);
  const fee = transfers.size === 0 ? 0n : fees / BigInt(transfers.size);
  report.check('the payer\'s balance adds up', spent === BigInt(nonce) * transferWei + fees + unanswered * fee, `${unanswered} unanswered`);
}

async function checkEvents(report: Report, graphql: GraphqlClient, { modelIds }: Acknowledged): Promise<void> {
  const ids: string[] = [];
  let created = 0;
  let after: string | null = null;
  for (let more = true; more;) {
    const { events }: Feed = await graphql<Feed>('query Feed($after: String) { events(after: $after, first: 500) { edges { cursor node { id type } } pageInfo { hasNextPage } } }', { after });
    ids.push(...events.edges.map(({ node }) => node.id));
    created += events.edges.filter(({ node }) => node.type === 'ModelCreated').length;
    after = events.edges.at(-1)?.cursor ?? after;
    more = events.pageInfo.hasNextPage;
  }
  report.check('no event stands twice in the log', new Set(ids).size === ids.length, `${ids.length} public events`);
  const { models } = await graphql<{ readonly models: { readonly totalCount: number } }>('query Models { models(first: 1) { totalCount } }');
  report.check('the projection agrees with the log', models.totalCount === created, `${models.totalCount} rows, ${created} events`);
  let lost = 0;
  for (const id of modelIds) {
    const { model } = await graphql<{ readonly model: object | null }>('query Model($id: ID!) { model(id: $id) { id } }', { id });
    if (model === null) lost += 1;
  }
  report.check('every acknowledged command is there', lost === 0, `${modelIds.size - lost} of ${modelIds.size}`);
}

async function checkObjects(report: Report, s3: S3Client, { objects }: Acknowledged): Promise<void> {
  let lost = 0;
  for (const [key, bytes] of objects) {
    if (!(await objectIs(s3, bucket, key, bytes).catch(() => false))) lost += 1;
  }
  report.check('every acknowledged object reads back byte for byte', lost === 0, `${objects.size - lost} of ${objects.size}`);
}

async function client(graphql: GraphqlClient, customer: Session, urls: Urls): Promise<S3Client> {
  const { createS3Key } = await graphql<Key>('mutation Key { createS3Key { __typename ... on S3Key { id secretAccessKey } } }', {}, customer.token);
  return new S3Client({
    endpoint: urls.s3, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1,
    credentials: { accessKeyId: createS3Key.id ?? '', secretAccessKey: createS3Key.secretAccessKey ?? '' },
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => { resolve(port); });
    });
  });
}

runStory(main);
