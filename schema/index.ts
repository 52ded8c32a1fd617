export { eventPrivacy, personalData, sealedUntil, upcasters, visibilities, visibilityOf, type PlatformEvent } from './events';
export type { Visibility } from './events/visibility';
export { contentKinds, contractAbis, type ContractName } from './chain/contracts';
export type { Ledger } from './chain/ledger';
export { governedParameters, localParameters, publicParameters, type PlatformParameters } from './parameters';
export type { Actor, RequestContext, Subgraph, SubgraphPorts } from './subgraph';
