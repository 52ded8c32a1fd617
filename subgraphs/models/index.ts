// Models: designs, federated training runs, published versions, deployments to devices, and what they predict.
export { predictionDecider, versionDecider } from './decide/catalogue';
export { deploymentDecider } from './decide/deployment';
export { modelDecider } from './decide/model';
export { runDecider } from './decide/run';
export { modelsFlow } from './flow';
export type { ModelsPorts, RequestedJob } from './ports';
export { createModelsSubgraph } from './subgraph';
