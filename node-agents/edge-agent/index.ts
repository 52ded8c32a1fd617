// What an edge agent is beyond an agent: models on the device, inference without a network, usage reported later.
export { DeploymentRefused, DeploymentShelf, type OfferedDeployment } from './deployment-shelf';
export { OfflineInference, type OfflinePorts } from './offline';
export { UsageBuffer, type UsagePacket, type UsedPrediction } from './usage-buffer';
