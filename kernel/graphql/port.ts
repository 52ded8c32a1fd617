import type { DocumentNode, GraphQLFormattedError } from 'graphql';

/** Per request. The door that took it has proven the rest of what it says. */
export interface Caller {
  readonly requestId: string;
  /** Aborts when nobody waits for the answer any more; what was begun goes on, unless it is waiting itself. */
  readonly gone?: AbortSignal;
}

export interface NamedSchema {
  readonly name: string;
  readonly typeDefs: DocumentNode;
  readonly resolvers: Readonly<Record<string, unknown>>;
}

export interface SourceCall<Context extends Caller> {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly context: Context;
}

/** What may leave: errors are masked. */
export interface Presented {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLFormattedError[];
}

export interface SubgraphSource<Context extends Caller> {
  execute(call: SourceCall<Context>): Promise<Presented>;
  /** Throws GraphQLError when the subgraph refuses to subscribe. */
  subscribe(call: SourceCall<Context>): Promise<AsyncIterableIterator<Presented>>;
}
