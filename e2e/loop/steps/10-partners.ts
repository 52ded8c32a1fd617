// The partner has followed from the start. It is killed, goes on, and must end with every public event once.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { visibilityOf } from '@oort/schema';
import { killPartner, partnerDirectory, startPartner } from '../partners';
import type { LoopContext, Step } from '../step';

interface Line { readonly id: string; readonly type: string; readonly position: string }
interface Feed { readonly events: { readonly edges: readonly { readonly cursor: string; readonly node: Line }[]; readonly pageInfo: { readonly hasNextPage: boolean } } }

const feedQuery = `query Feed($after: String) {
  events(after: $after, first: 500) { edges { cursor node { id type position } } pageInfo { hasNextPage } }
}`;

export const step: Step = { number: 10, title: 'Partners: every public event once, no sealed one', run };

async function run(context: LoopContext): Promise<void> {
  const before = linesOf(context, 'feed.jsonl').length;
  await killPartner();
  context.progress(`the partner was killed after ${before} events`);
  await context.graphql('mutation Challenge($address: String!) { signInChallenge(input: { address: $address }) { __typename } }', { address: context.customer.wallet.address });
  await context.person('a newcomer, while the partner is away');
  await startPartner(context);
  const all = await wholeFeed(context);
  for (const file of ['feed.jsonl', 'subscription.jsonl']) {
    const last = all.at(-1)?.position ?? '';
    const lines = await context.eventually(`${file} up to position ${last}`, () => {
      const read = linesOf(context, file);
      return Promise.resolve(read.some(({ position }) => position === last) ? read : null);
    }, 60_000);
    const until = lines.slice(0, lines.findIndex(({ position }) => position === last) + 1);
    context.check(`${file} holds every public event once and in order`, JSON.stringify(until.map(({ id }) => id)) === JSON.stringify(all.map(({ id }) => id)), `${until.length} of ${all.length}`);
    const closed = lines.filter(({ type }) => visibilityOf(type) !== 'public');
    context.check(`${file} holds no sealed event and no tenant's`, closed.length === 0, closed[0]?.type ?? `${lines.length} read`);
  }
  context.made('public events', all.length);
}

async function wholeFeed(context: LoopContext): Promise<readonly Line[]> {
  const all: Line[] = [];
  let after: string | null = null;
  for (;;) {
    const { events }: Feed = await context.graphql<Feed>(feedQuery, { after });
    all.push(...events.edges.map(({ node }) => node));
    after = events.edges.at(-1)?.cursor ?? after;
    if (!events.pageInfo.hasNextPage) return all;
  }
}

function linesOf(context: LoopContext, file: string): readonly Line[] {
  const path = join(partnerDirectory(context), file);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line);
}
