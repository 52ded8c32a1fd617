// Everything that a stranger can read: the whole graph, walked from its own introspection with every id that is public,
// the feed and the subscription, the chain's blocks and logs, and what S3 and the ingest door let go of.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import type { LoopContext } from '../loop/step';
import type { Report } from '../loop/report';
import { questionsOf, schemaBehind } from './questions';
import type { Stranger } from './strangers';

export interface Reader { readonly name: string; readonly door: string; readonly text: string }

interface FeedEvent { readonly type: string; readonly data: unknown }
interface Feed { readonly data?: { readonly events: { readonly edges: readonly { readonly cursor: string; readonly node: FeedEvent }[] } } }

const feedQuery = 'query Feed($after: String) { events(after: $after, first: 500) { edges { cursor node { id type stream position occurredAt actor data } } } }';
const subscription = 'subscription { eventAppended { id type stream position occurredAt actor data } }';
const platformId = /\b[a-z]+_[0-9A-HJKMNP-TV-Z]{26}\b/g;
const contentId = /\bbafk[a-z2-7]{55}\b/g;
const idsPerKind = 2;

export async function readEveryDoor(context: LoopContext, strangers: readonly Stranger[], report: Report): Promise<readonly Reader[]> {
  const readers: Reader[] = [];
  const add = (name: string, door: string, text: string): void => {
    readers.push({ name, door, text });
    report.made(`${name} reads of ${door}`, `${text.length} characters`);
  };
  const [nobody] = strangers;
  if (nobody === undefined) return readers;
  const feed = await readFeed(context, nobody);
  add(nobody.name, 'the feed', feed);
  add(nobody.name, 'the subscription', await readSubscription(context, feed.split('\n').length));
  add(nobody.name, 'the chain', await readChain(context));
  for (const stranger of strangers) {
    add(stranger.name, 'the graph', await readGraph(context, stranger, feed));
    add(stranger.name, 'S3', await readS3(context, stranger));
  }
  await checkContent(context, nobody, feed, report);
  for (const stranger of strangers.slice(1)) await checkOthersContent(context, stranger, report);
  return readers;
}

export async function post(url: string, body: string, stranger: Stranger): Promise<{ readonly status: number; readonly text: string }> {
  const { pathname } = new URL(url);
  const response = await fetch(url, {
    method: 'POST', body, headers: { 'content-type': 'application/json', accept: 'application/json', ...stranger.headers('POST', pathname, body) },
  });
  return { status: response.status, text: await response.text() };
}

async function readFeed({ urls }: LoopContext, stranger: Stranger): Promise<string> {
  const lines: string[] = [];
  for (let after: string | null = null; ;) {
    const { text } = await post(urls.graphql, JSON.stringify({ query: feedQuery, variables: { after } }), stranger);
    const edges: NonNullable<Feed['data']>['events']['edges'] = (JSON.parse(text) as Feed).data?.events.edges ?? [];
    if (edges.length === 0) return lines.join('\n');
    lines.push(...edges.map((edge) => JSON.stringify(edge)));
    after = edges.at(-1)?.cursor ?? null;
  }
}

/** As many events as the feed had. */
async function readSubscription({ urls }: LoopContext, count: number): Promise<string> {
  const client = createClient({ url: urls.graphqlWebSocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  const lines: string[] = [];
  for await (const result of client.iterate({ query: subscription })) {
    lines.push(JSON.stringify(result));
    if (lines.length >= count) break;
  }
  await client.dispose();
  return lines.join('\n');
}

async function readChain({ chain }: LoopContext): Promise<string> {
  const height = await chain.getBlockNumber();
  const texts = [JSON.stringify(await chain.send('eth_getLogs', [{ fromBlock: '0x0', toBlock: 'latest' }]))];
  for (let number = 0; number <= height; number += 1) texts.push(JSON.stringify(await chain.send('eth_getBlockByNumber', [`0x${number.toString(16)}`, true])));
  return texts.join('\n');
}

/** Every root field with every public id, in one request a field. */
async function readGraph({ urls }: LoopContext, stranger: Stranger, feed: string): Promise<string> {
  const ids = someOf(feed.match(platformId) ?? []);
  const answers: string[] = [];
  for (const query of questionsOf(await schemaBehind(urls.graphql), ids)) answers.push((await post(urls.graphql, JSON.stringify({ query }), stranger)).text);
  return answers.join('\n');
}

/** The first and the last of each kind. */
function someOf(ids: readonly string[]): readonly string[] {
  const kinds = new Map<string, Set<string>>();
  for (const id of ids) {
    const kind = id.slice(0, id.indexOf('_'));
    kinds.set(kind, (kinds.get(kind) ?? new Set()).add(id));
  }
  return [...kinds.values()].flatMap((all) => [...new Set([...[...all].slice(0, idsPerKind), ...[...all].slice(-idsPerKind)])]);
}

/** With no key: listing, and objects by the names that somebody who knows them would try. */
async function readS3({ urls, artifacts }: LoopContext, stranger: Stranger): Promise<string> {
  const { bucket = '', objectKeys = [] } = artifacts;
  const answers: string[] = [];
  for (const path of ['/', `/${bucket}`, `/${bucket}?list-type=2`, ...objectKeys.map((key) => `/${bucket}/${key}`)]) {
    const response = await fetch(`${urls.s3}${path}`, { headers: stranger.headers('GET', path, '') });
    answers.push(`${response.status} ${await response.text()}`);
  }
  return answers.join('\n');
}

/** A content id of a public event is public too; without signing in not even that is handed out. */
async function checkContent({ urls }: LoopContext, nobody: Stranger, feed: string, report: Report): Promise<void> {
  const ids = [...new Set(feed.match(contentId) ?? [])].slice(0, 50);
  const statuses = await Promise.all(ids.map(async (id) => (await fetch(`${urls.ingest}/content/${id}`, { headers: nobody.headers('GET', `/content/${id}`, '') })).status));
  report.check('the ingest door hands nobody content', ids.length > 0 && statuses.every((status) => status === 401), `${ids.length} ids`);
}

/** What was uploaded is its owner's, although its id is public; a model that is open to all and a dataset under an open licence are everybody's. */
async function checkOthersContent({ urls, artifacts }: LoopContext, stranger: Stranger, report: Report): Promise<void> {
  const statusOf = async (id: string): Promise<number> =>
    (await fetch(`${urls.ingest}/content/${id}`, { headers: stranger.headers('GET', `/content/${id}`, '') })).status;
  const { evaluationContentId, modelContentId, manifestContentId } = artifacts;
  if (evaluationContentId !== undefined) report.check(`the ingest door does not hand ${stranger.name} another's upload`, await statusOf(evaluationContentId) === 404);
  if (modelContentId !== undefined) report.check(`it hands ${stranger.name} a model that is open to all`, await statusOf(modelContentId) === 200);
  if (manifestContentId !== undefined) report.check(`it hands ${stranger.name} the manifest of an open dataset`, await statusOf(manifestContentId) === 200);
}
