// A version of a model outside of the platform: verified offline, and run by onnxruntime-node or onnxruntime-web alike.
// Nothing here imports Node, so that a browser can load it; what needs files and a network stands in `pull.ts`.
export { EdgeNode, EdgeNodeRefused, type EdgeNodeOptions, type KeyValue } from './edge-node';
export { OfflineModel, type Answer, type OfflineModelOptions } from './offline-model';
export { ModelRefused, OpenModel, type NamedTensor, type OpenModelOptions } from './open-model';
export { ReleaseRefused, releaseText, verifyModelFile, verifyRelease, type Release, type SignedRelease } from './release';
export { deterministic, type OnnxRuntime } from './runtime';
