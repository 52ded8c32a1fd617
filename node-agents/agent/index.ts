// What every agent is: an enrolled key, heartbeats, leased work in a sandbox, pieces under the platform's orders.
export { startAgent, traitsOf, type AgentContext, type AgentOptions, type AgentTraits, type RunningAgent } from './agent';
export { faultFrom, type AgentFault } from './agent-fault';
export { EnrolmentRefused, runtimeClass, type EnrolmentOptions, type Identity } from './enrolment';
export { cudaRuntimeClass, findGpu, installGpu } from './gpu';
export { drainNode, leaveNetwork } from './leaving';
export { PlatformRejected, PlatformUnreachable, platformClient, type PlatformClient } from './platform-client';
export { readState, writeState } from './state-file';
export type { TelemetrySender } from './telemetry/sender';
