import { InferenceSession } from 'onnxruntime-node';
import { requireSelfContained } from '@oort/algorithms-training/self-contained';
import { usesCuda } from './runtime-flag';

/** One thread, one node after another: the only setting under which ONNX Runtime adds floats in a fixed order. Throws ModelFileRefused. */
export async function deterministicSession(model: Uint8Array): Promise<InferenceSession> {
  requireSelfContained(model);
  return InferenceSession.create(model, {
    executionProviders: usesCuda() ? ['cuda', 'cpu'] : ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 3,
  });
}
