// Which machines take part, where they are reached, and how far they are trusted?
export { NodeEntity, type NodeRow, type NodeStatus } from './entities';
export { newcomersTrust, nodesProjection } from './projection';
export { findNode, liveNodes, nodePublicKey, nodesPage, type LiveNode, type LiveNodesFilter, type NodesFilter, type NodesPage } from './questions';
