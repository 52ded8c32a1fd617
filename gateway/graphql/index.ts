// The graph's door: subgraphs composed into one supergraph, planned by Apollo, executed in this process.
export { Unauthenticated, type Credentials } from './authenticate';
export { composeSupergraph, CompositionFailed, supergraphOf, type NamedSchema } from './compose';
export { graphqlPath, openDoor, type Door, type DoorOptions } from './door';
export { usualLimits, type Limits } from './limits';
export { serveSupergraph, type Operation, type ServedSupergraph } from './supergraph';
