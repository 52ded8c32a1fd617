// A customer's inferences, and what anybody can read of what became of them.
import type { Stage } from './stage';

interface Submitted { readonly submitJob: { readonly __typename: string; readonly id?: string; readonly code?: string } }
interface Counted { readonly done: { readonly totalCount: number }; readonly failed: { readonly totalCount: number }; readonly refunded: { readonly totalCount: number } }

export interface FeedEvent { readonly type: string; readonly position: string; readonly data: Readonly<Record<string, unknown>> }
interface Page { readonly events: { readonly edges: readonly { readonly node: FeedEvent }[]; readonly pageInfo: { readonly endCursor: string | null } } }

export interface Case { readonly id: string; readonly status: string; readonly nodeId: string; readonly amountWei: string | null; readonly txHash: string | null }
export interface Honesty {
  readonly trust: number; readonly passes: number; readonly failures: number;
  readonly phantomPasses: number; readonly phantomFailures: number; readonly replicaPasses: number; readonly replicaFailures: number;
}

const submitMutation = 'mutation Submit($input: SubmitJobInput!) { submitJob(input: $input) { __typename ... on Job { id } ... on Refusal { code } } }';
const countQuery = `query Count {
  done: jobs(first: 0, filter: { mine: true, kind: inference, status: completed }) { totalCount }
  failed: jobs(first: 0, filter: { mine: true, kind: inference, status: failed }) { totalCount }
  refunded: jobs(first: 0, filter: { mine: true, kind: inference, status: refunded }) { totalCount }
}`;
const feedQuery = 'query Feed($after: String) { events(after: $after, first: 1000) { edges { node { type position data } } pageInfo { endCursor } } }';
const casesQuery = 'query Cases($nodeId: ID) { honestyCases(nodeId: $nodeId) { id status nodeId amountWei txHash } }';
const honestyQuery = `query Honesty($nodeId: ID!) { nodeHonesty(nodeId: $nodeId) {
  trust passes failures phantomPasses phantomFailures replicaPasses replicaFailures } }`;

const atOnce = 16;
const patienceMs = 45_000;

export class Traffic {
  asked = 0;
  private taken = 0;
  private readonly events: FeedEvent[] = [];
  private cursor: string | null = null;

  constructor(private readonly stage: Stage) {}

  /** Bursts of jobs until `enough`, at most so many jobs. */
  async until(what: string, most: number, enough: () => Promise<boolean>): Promise<boolean> {
    for (const end = this.asked + most; this.asked < end;) {
      await this.burst();
      if (await enough()) return true;
      if (this.asked % 80 === 0) this.stage.context.progress(`${this.asked} jobs asked, waiting for ${what}`);
    }
    return false;
  }

  /** Resolves when each has ended, or when it has waited long enough for those whose nodes say nothing. */
  async burst(): Promise<void> {
    const { context, modelContentId, pictures } = this.stage;
    const answers = await Promise.allSettled(Array.from({ length: atOnce }, (_, index) => {
      const input = [pictures[(this.asked + index) % pictures.length] ?? []];
      return context.graphql<Submitted>(submitMutation, { input: { kind: 'inference', spec: { modelContentId, input } } }, context.customer);
    }));
    this.asked += atOnce;
    // One whose answer was an error may be taken all the same: then more end than are waited for.
    this.taken += answers.filter(({ status }) => status === 'fulfilled').length;
    await context.eventually('the answers', async () => {
      const { done, failed, refunded } = await context.graphql<Counted>(countQuery, {}, context.customer);
      return done.totalCount + failed.totalCount + refunded.totalCount >= this.taken;
    }, patienceMs).catch(() => { context.progress('some jobs still wait'); });
  }

  /** Every public event so far. */
  async feed(): Promise<readonly FeedEvent[]> {
    for (;;) {
      const { events }: Page = await this.stage.context.graphql<Page>(feedQuery, { after: this.cursor });
      this.events.push(...events.edges.map(({ node }) => node));
      this.cursor = events.pageInfo.endCursor ?? this.cursor;
      if (events.edges.length < 1000) return this.events;
    }
  }

  async cases(nodeId: string): Promise<readonly Case[]> {
    return (await this.stage.context.graphql<{ readonly honestyCases: readonly Case[] }>(casesQuery, { nodeId })).honestyCases;
  }

  async honesty(nodeId: string): Promise<Honesty> {
    const { nodeHonesty } = await this.stage.context.graphql<{ readonly nodeHonesty: Honesty | null }>(honestyQuery, { nodeId });
    return nodeHonesty ?? { trust: 0, passes: 0, failures: 0, phantomPasses: 0, phantomFailures: 0, replicaPasses: 0, replicaFailures: 0 };
  }
}
