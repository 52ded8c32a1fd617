// A subgraph in this process. Each of the planner's fetches is parsed and validated once: the stock LocalGraphQLDataSource does
// both every time, which costs four times as much as the execution itself.
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, parse, subscribe, validate, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { Caller, NamedSchema, Presented, SourceCall, SubgraphSource } from './port';
import { asBadInput, presentError, type Log } from './present';

type GraphQLSchemaModule = Exclude<Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>[number], DocumentNode>;

const keptDocuments = 2000;

export class SchemaSource<Context extends Caller> implements SubgraphSource<Context> {
  readonly schema: GraphQLSchema;
  readonly #documents = new Map<string, DocumentNode>();

  constructor(subgraph: NamedSchema, private readonly log: Log) {
    const resolvers = subgraph.resolvers as NonNullable<GraphQLSchemaModule['resolvers']>;
    this.schema = buildSubgraphSchema([{ typeDefs: subgraph.typeDefs, resolvers }]);
  }

  /** Throws GraphQLError for what is no document of this schema. */
  async execute(call: SourceCall<Context>): Promise<Presented> {
    return this.present(await execute(this.argumentsOf(call)), call.context);
  }

  async subscribe(call: SourceCall<Context>): Promise<AsyncIterableIterator<Presented>> {
    const result = await subscribe(this.argumentsOf(call));
    if (Symbol.asyncIterator in result) {
      return mapped(result as AsyncIterableIterator<ExecutionResult>, (event) => this.present(event, call.context));
    }
    const [error] = result.errors ?? [];
    throw error === undefined ? new RangeError('a subscription that neither runs nor fails') : asBadInput(error);
  }

  private present({ data, errors }: ExecutionResult, { requestId }: Context): Presented {
    if (errors === undefined) return { data: data ?? null };
    return { data: data ?? null, errors: errors.map((error) => presentError(error, requestId, data === undefined, this.log)) };
  }

  private argumentsOf({ query, operationName, variables, context }: SourceCall<Context>): Parameters<typeof execute>[0] {
    return {
      schema: this.schema, document: this.documentOf(query), contextValue: context,
      variableValues: variables ?? {}, operationName: operationName ?? null,
    };
  }

  private documentOf(query: string): DocumentNode {
    const known = this.#documents.get(query);
    if (known !== undefined) return known;
    const document = parse(query, { noLocation: true });
    const [wrong] = validate(this.schema, document);
    if (wrong !== undefined) throw wrong;
    // The first in is the first out; the planner's fetches are few, ad hoc documents many.
    const [oldest] = this.#documents.size >= keptDocuments ? this.#documents.keys() : [];
    if (oldest !== undefined) this.#documents.delete(oldest);
    this.#documents.set(query, document);
    return document;
  }
}

/** Not a generator: one that waits for an event could not be ended. */
function mapped<From, To>(events: AsyncIterableIterator<From>, map: (event: From) => To): AsyncIterableIterator<To> {
  return {
    async next() {
      const { done, value } = await events.next();
      return done === true ? { done, value: undefined } : { done: false, value: map(value) };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() { return this; },
  };
}
