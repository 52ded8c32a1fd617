// Models: designs, federated training runs, published versions, deployments to devices, and what they predict.
export { modelDecider, predictionDecider, versionDecider } from './decide/catalogue';
export { deploymentDecider } from './decide/deployment';
export { runDecider } from './decide/run';
export { modelsFlow } from './flow';
export type { ModelsPorts, RequestedJob } from './ports';
export { createModelsSubgraph } from './subgraph';
