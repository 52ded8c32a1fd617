// staking: stakes, votes and rewards; money moves only by what users sign.
export { distributionProof, distributionRoot, type DistributionLeaf } from './distribution';
export { epochsFlow } from './flow';
export { createStakingSubgraph, type StakingPorts } from './subgraph';
