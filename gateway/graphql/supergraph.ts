// Subgraphs behind Apollo's planner, in this process or over HTTP: queries and mutations through @apollo/gateway, subscriptions
// by its planner and our own loop, since its executor refuses them.
import { ApolloGateway, buildOperationContext, executeQueryPlan, type GraphQLDataSource, type ServiceMap } from '@apollo/gateway';
import type { GatewayExecutor, GatewayGraphQLRequestContext, GatewayGraphQLResponse } from '@apollo/server-gateway-interface';
import { Supergraph, operationFromDocument } from '@apollo/federation-internals';
import { QueryPlanner, type QueryPlan, type SubscriptionNode } from '@apollo/query-planner';
import { GraphQLError, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { asBadInput, type Log } from '@oort/kernel-graphql';
import type { RequestContext, Subgraph } from '@oort/schema';
import { dataSourceOver, sourcesHere, type Source, type Sources } from './subgraph-source';

process.env['APOLLO_TELEMETRY_DISABLED'] = '1';

export interface Operation {
  readonly source: string;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: RequestContext;
}

export interface ServedSupergraph {
  readonly sdl: string;
  /** What @apollo/server calls for each request. */
  readonly executor: GatewayExecutor;
  stop(): Promise<void>;
  readonly schema: GraphQLSchema;
  execute(operation: Operation): Promise<ExecutionResult>;
  /** Throws GraphQLError. */
  subscribe(operation: Operation): Promise<AsyncIterableIterator<ExecutionResult>>;
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: (text: string) => { process.stderr.write(`gateway: ${text}\n`); } };

/** Subgraphs in this process. */
export function serveSupergraph(supergraphSdl: string, subgraphs: readonly Subgraph[], log: Log): Promise<ServedSupergraph> {
  return serveSources(supergraphSdl, sourcesHere(subgraphs, log));
}

/** Subgraphs wherever they are. */
export async function serveSources(supergraphSdl: string, sources: Sources): Promise<ServedSupergraph> {
  const sourceOf = (name: string): Source => {
    const source = sources.get(name);
    if (source === undefined) throw new GraphQLError(`Subgraph ${name} does not run here.`, { extensions: { code: 'SUBGRAPH_AWAY' } });
    return source;
  };
  const gateway = new ApolloGateway({ supergraphSdl, buildService: ({ name }) => dataSourceOver(sourceOf(name)), logger: silent });
  const { schema, executor: planned } = await gateway.load();
  const executor: GatewayExecutor = async (request) => {
    const result = await planned(request);
    return result.data === undefined && result.errors !== undefined ? { ...result, errors: result.errors.map(asBadInput) } : result;
  };
  const subscribing = new Subscriptions(supergraphSdl, schema, sourceOf);
  return {
    schema, executor, sdl: supergraphSdl, stop: () => gateway.stop(),
    execute: (operation) => executor(requestContextOf(operation, schema)),
    subscribe: (operation) => subscribing.subscribe(operation),
  };
}

class Subscriptions {
  readonly #supergraph: Supergraph;
  readonly #planner: QueryPlanner;
  readonly #supergraphSchema: GraphQLSchema;

  constructor(supergraphSdl: string, private readonly schema: GraphQLSchema, private readonly sourceOf: (name: string) => Source) {
    this.#supergraph = Supergraph.build(supergraphSdl);
    this.#planner = new QueryPlanner(this.#supergraph);
    this.#supergraphSchema = this.#supergraph.schema.toGraphQLJSSchema();
  }

  async subscribe(operation: Operation): Promise<AsyncIterableIterator<ExecutionResult>> {
    const { primary, rest } = this.plan(operation);
    const { variables, context } = operation;
    const source = this.sourceOf(primary.serviceName);
    const events = await source.subscribe({ query: primary.operation, operationName: primary.operationName, variables, context });
    const plan: QueryPlan = { kind: 'QueryPlan', node: rest === undefined ? primary : { kind: 'Sequence', nodes: [primary, rest] } };
    return mapped(events, (event) => this.complete(plan, operation, primary.operation, event as GatewayGraphQLResponse));
  }

  private plan({ document, operationName }: Operation): SubscriptionNode {
    const wanted = operationFromDocument(this.#supergraph.apiSchema(), document, operationName === null ? {} : { operationName });
    const { node } = this.#planner.buildQueryPlan(wanted);
    if (node?.kind !== 'Subscription') throw new GraphQLError('This is no subscription.', { extensions: { code: 'BAD_USER_INPUT' } });
    return node;
  }

  /** The plan as if it were a query whose first fetch the event has answered. */
  private async complete(plan: QueryPlan, operation: Operation, primary: string, event: GatewayGraphQLResponse): Promise<ExecutionResult> {
    const services = new Proxy<ServiceMap>({}, {
      get: (_, name) => ({
        process: (options: Parameters<GraphQLDataSource['process']>[0]) =>
          (options.request.query === primary ? Promise.resolve(event) : dataSourceOver(this.sourceOf(String(name))).process(options)),
      }),
    });
    const operationContext = buildOperationContext({
      schema: this.schema, operationDocument: operation.document, ...(operation.operationName === null ? {} : { operationName: operation.operationName }),
    });
    return executeQueryPlan(plan, services, requestContextOf(operation, this.schema), operationContext, this.#supergraphSchema, this.#supergraph.apiSchema());
  }
}

/** Ends the events when its consumer leaves, also while it waits for one. */
function mapped<From, To>(events: AsyncIterableIterator<From>, map: (event: From) => Promise<To>): AsyncIterableIterator<To> {
  return {
    async next() {
      const { done, value } = await events.next();
      return done === true ? { done, value: undefined } : { done: false, value: await map(value) };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() { return this; },
  };
}

/** The part of Apollo's request that its gateway reads. */
function requestContextOf({ source, document, operationName, variables, context }: Operation, schema: GraphQLSchema): GatewayGraphQLRequestContext {
  const { operation } = buildOperationContext({ schema, operationDocument: document, ...(operationName === null ? {} : { operationName }) });
  return {
    request: { query: source, variables: { ...variables }, ...(operationName === null ? {} : { operationName }) },
    document, source, operationName, operation, schema, context, queryHash: source,
    metrics: {}, logger: silent, overallCachePolicy: undefined,
    schemaHash: '' as GatewayGraphQLRequestContext['schemaHash'],
    cache: { get: () => Promise.resolve(undefined), set: () => Promise.resolve(), delete: () => Promise.resolve(false) },
  };
}
