// Who takes part: machines enrolled by a one-time token and a proven key, watched by their heartbeats.
export { nodeDecider } from './decide';
export { nodesFlow } from './flow';
export { createNodesSubgraph, type NodesPorts } from './subgraph';
