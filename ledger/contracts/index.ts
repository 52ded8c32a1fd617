// The contracts of every network of ours: what stakes, judges, votes, pays and anchors.
export { artifact } from './artifact';
export type { Artifact, CompiledContract } from './compile';
export { ContractNotCompiled, systemAddresses, systemDeployments, type Deployment, type Genesis } from './deployments';
