import { GraphQLError } from 'graphql';
import type { From } from '@oort/kernel-eventstore';
import { followPublic, placeOf, readPublic, type PublicEvent } from './feed';
import type { EventsPorts } from './subgraph';

interface Page { readonly after?: string | null; readonly first: number }

const largestPage = 1000;

export function eventsResolvers({ closedStore }: EventsPorts): Readonly<Record<string, unknown>> {
  return {
    Query: {
      events: async (_: unknown, { after, first }: Page) => {
        const size = Math.min(Math.max(first, 0), largestPage);
        const read = await readPublic(closedStore, fromOf(after), size);
        const events = read.slice(0, size);
        return {
          edges: events.map((node) => ({ cursor: node.position, node })),
          pageInfo: {
            hasNextPage: read.length > size, hasPreviousPage: after !== null && after !== undefined,
            startCursor: events[0]?.position ?? null, endCursor: events.at(-1)?.position ?? null,
          },
        };
      },
    },
    Subscription: {
      eventAppended: {
        subscribe: (_: unknown, { after }: Pick<Page, 'after'>) => followPublic(closedStore, fromOf(after)),
        resolve: (event: PublicEvent) => event,
      },
    },
  };
}

/** Throws GraphQLError with code BAD_CURSOR. */
function fromOf(after: string | null | undefined): From {
  const from = placeOf(after);
  if (from === null) throw new GraphQLError('"after" is not a cursor of this feed.', { extensions: { code: 'BAD_CURSOR' } });
  return from;
}
