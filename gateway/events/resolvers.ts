import { GraphQLError } from 'graphql';
import type { From } from '@oort/kernel-eventstore';
import { followPublic, placeOf, readPublic, readRevealed, strangersView, type PublicEvent } from './feed';
import type { EventsPorts } from './subgraph';

interface Page { readonly after?: string | null; readonly first: number; readonly revealed: boolean }

const largestPage = 1000;

export function eventsResolvers({ closedStore, revealedKeys }: EventsPorts): Readonly<Record<string, unknown>> {
  const view = strangersView(closedStore, revealedKeys);
  return {
    Query: {
      events: async (_: unknown, { after, first, revealed }: Page) => {
        const size = Math.min(Math.max(first, 0), largestPage);
        const read = await (revealed ? readRevealed : readPublic)(view, fromOf(after), size);
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
        subscribe: (_: unknown, { after }: Pick<Page, 'after'>) => followPublic(view, fromOf(after)),
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
