// A personal device: pre-processes contributions while it idles, holds models, infers without a network, reports usage later.
export { DeploymentRefused, DeploymentShelf, type OfferedDeployment } from './deployment-shelf';
export { OfflineInference, type OfflinePorts } from './offline';
export { startEdgeAgent } from './start';
export { UsageBuffer, type UsagePacket, type UsedPrediction } from './usage-buffer';
