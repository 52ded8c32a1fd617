// A domain in a process of its own: what lies below it is reached over the network, where the environment says.
export { openBusDoor, type BusDoorOptions } from './bus-door';
export { busFrom } from './bus-from';
export { DependencyAway, openFoundation, type FoundationOptions, type Sealing, type ServiceFoundation } from './foundation';
export { jsonRpc, RpcRefused, RpcUnreachable } from './json-rpc';
export { ServiceRunsAlready } from './only-one';
export { remoteBus } from './remote-bus';
export { runSubgraph, type StartableSubgraph, type SubgraphProcess } from './subgraph';
