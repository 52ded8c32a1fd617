// What an edge agent is beyond an agent: models on the device, inference without a network, usage reported later.
// While it idles it pre-processes contributions.
export { DeploymentRefused, DeploymentShelf, type OfferedDeployment } from './deployment-shelf';
export { startEdgeAgent } from './edge-agent';
export { OfflineInference, type OfflinePorts } from './offline';
export { UsageBuffer, type UsagePacket, type UsedPrediction } from './usage-buffer';
