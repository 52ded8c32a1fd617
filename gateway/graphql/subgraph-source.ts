// A subgraph in this process, as the gateway calls it. Each of the planner's fetches is parsed and validated once:
// the stock LocalGraphQLDataSource does both every time, which costs four times as much as the execution itself.
import type { GatewayGraphQLResponse } from '@apollo/server-gateway-interface';
import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, parse, subscribe, validate, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { RequestContext, Subgraph } from '@oort/schema';
import { asBadInput, presentError, type Log } from './masking';

type GraphQLSchemaModule = Exclude<Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>[number], DocumentNode>;

const keptDocuments = 2000;

export interface SubgraphCall {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly context: RequestContext;
}

export class SubgraphSource implements GraphQLDataSource {
  readonly schema: GraphQLSchema;
  readonly #documents = new Map<string, DocumentNode>();

  constructor(subgraph: Subgraph, private readonly log: Log) {
    const resolvers = subgraph.resolvers as NonNullable<GraphQLSchemaModule['resolvers']>;
    this.schema = buildSubgraphSchema([{ typeDefs: subgraph.typeDefs, resolvers }]);
  }

  async process({ request, context }: GraphQLDataSourceProcessOptions): Promise<GatewayGraphQLResponse> {
    const { query = '', operationName, variables } = request;
    const call: SubgraphCall = { query, operationName, variables, context: context as RequestContext };
    return this.present(await execute(this.argumentsOf(call)), call.context);
  }

  /** Throws GraphQLError when the subgraph refuses to subscribe. */
  async subscribe(call: SubgraphCall): Promise<AsyncIterableIterator<ExecutionResult>> {
    const result = await subscribe(this.argumentsOf(call));
    if (Symbol.asyncIterator in result) return result as AsyncIterableIterator<ExecutionResult>;
    const [error] = result.errors ?? [];
    throw error === undefined ? new RangeError('a subscription that neither runs nor fails') : asBadInput(error);
  }

  present(result: ExecutionResult, context: RequestContext): GatewayGraphQLResponse {
    const { data, errors } = result;
    if (errors === undefined) return { data: data ?? null };
    return { data: data ?? null, errors: errors.map((error) => presentError(error, context, data === undefined, this.log)) };
  }

  private argumentsOf({ query, operationName, variables, context }: SubgraphCall): Parameters<typeof execute>[0] {
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
