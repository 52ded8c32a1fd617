// Subgraphs as the gateway calls them: in this process, or in another over HTTP.
import type { GraphQLDataSource } from '@apollo/gateway';
import type { DeviceKey } from '@oort/kernel-identity';
import { RemoteSource, SchemaSource, type Log, type RemoteSubgraph, type SubgraphSource } from '@oort/kernel-graphql';
import type { RequestContext, Subgraph } from '@oort/schema';

export type Source = SubgraphSource<RequestContext>;
/** By the name of the subgraph. */
export type Sources = ReadonlyMap<string, Source>;

export function sourcesHere(subgraphs: readonly Subgraph[], log: Log): Sources {
  return new Map(subgraphs.map((subgraph) => [subgraph.name, new SchemaSource<RequestContext>(subgraph, log)]));
}

/** `gatewayKey` signs whom a request is from; subgraphs hold its public half. */
export function sourcesOver(subgraphs: readonly RemoteSubgraph[], gatewayKey: DeviceKey, log: Log): Sources {
  return new Map(subgraphs.map((subgraph) => [subgraph.name, new RemoteSource<RequestContext>(subgraph, gatewayKey, log)]));
}

export function dataSourceOver(source: Source): GraphQLDataSource {
  return {
    process: ({ request: { query = '', operationName, variables }, context }) =>
      source.execute({ query, operationName, variables, context: context as RequestContext }),
  };
}
