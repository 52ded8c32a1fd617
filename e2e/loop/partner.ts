// A partner's program: follows the platform's public events over the pull feed and over a GraphQL subscription, and
// writes each to a file before it moves on. Killed and started again it goes on after the last whole line.
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { graphqlClient } from './graphql-client';

interface FeedEvent { readonly id: string; readonly type: string; readonly position: string }
interface Feed { readonly events: { readonly edges: readonly { readonly cursor: string; readonly node: FeedEvent }[] } }

const feedQuery = `query Feed($after: String) {
  events(after: $after, first: 500) { edges { cursor node { id type position } } }
}`;
const subscription = 'subscription Events($after: String) { eventAppended(after: $after) { id type position } }';
const idleMs = 200;

const [graphqlUrl = '', webSocketUrl = '', directory = '.'] = process.argv.slice(2);

/** The last line that was written whole; a torn one is cut off. */
function lastOf(file: string): { readonly cursor: string } | null {
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  const line = whole.trimEnd().split('\n').at(-1) ?? '';
  return line === '' ? null : JSON.parse(line) as { readonly cursor: string };
}

async function pull(file: string): Promise<void> {
  const graphql = graphqlClient(graphqlUrl);
  let after = lastOf(file)?.cursor ?? null;
  for (;;) {
    const edges = await graphql<Feed>(feedQuery, { after }).then(({ events }) => events.edges, () => []);
    for (const { cursor, node } of edges) appendFileSync(file, `${JSON.stringify({ ...node, cursor })}\n`);
    after = edges.at(-1)?.cursor ?? after;
    if (edges.length === 0) await new Promise((resolve) => { setTimeout(resolve, idleMs); });
  }
}

async function subscribe(file: string): Promise<void> {
  for (;;) {
    const client = createClient({ url: webSocketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
    try {
      const stream = client.iterate<{ eventAppended: FeedEvent }>({ query: subscription, variables: { after: lastOf(file)?.cursor ?? null } });
      for await (const { data } of stream) {
        if (data?.eventAppended === undefined) continue;
        appendFileSync(file, `${JSON.stringify({ ...data.eventAppended, cursor: data.eventAppended.position })}\n`);
      }
    } catch {
      await new Promise((resolve) => { setTimeout(resolve, idleMs); });
    } finally {
      await client.dispose();
    }
  }
}

void Promise.all([pull(join(directory, 'feed.jsonl')), subscribe(join(directory, 'subscription.jsonl'))]);
