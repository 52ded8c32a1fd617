// The graph's door: subgraphs composed into one supergraph, planned by Apollo, executed in this process or over HTTP.
export { Unauthenticated, type Credentials } from './authenticate';
export { composeSupergraph, CompositionFailed, supergraphOf, type NamedSchema } from './compose';
export { graphqlPath, openDoor, type Door, type DoorOptions } from './door';
export { usualLimits, type Limits } from './limits';
export { sourcesHere, sourcesOver, type Source, type Sources } from './subgraph-source';
export { serveSources, serveSupergraph, type Operation, type ServedSupergraph } from './supergraph';
