// ONNX Runtime as this library needs it: onnxruntime-node and onnxruntime-web are both of this form, so that one code runs in both.
import type { InferenceSession, TensorConstructor } from 'onnxruntime-common';

export interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession> };
  readonly Tensor: TensorConstructor;
}

/** One thread, one node after another: the only setting under which ONNX Runtime adds floats in a fixed order. */
export const deterministic: InferenceSession.SessionOptions = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 3 };
