// How fast this machine infers, measured and not declared: the platform activates a node by it.
import { Tensor } from 'onnxruntime-node';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import type { Json } from '@oort/kernel-wire';
import type { Executed } from './executors';
import { deterministicSession } from './onnx-session';

const measuredMs = 150;

/** In the sandbox: how often a second a small network of fixed shape answers one 28 x 28 image, on one core. */
export async function runBenchmark(): Promise<Executed> {
  const architecture = readArchitecture({
    input: [1, 28, 28], labels: ['a', 'b'],
    layers: [{ kind: 'conv2d', filters: 8, kernel: 3 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 }, { kind: 'flatten' }, { kind: 'dense', units: 2 }],
  } satisfies Json);
  const session = await deterministicSession(inferenceModel(architecture, initialWeights(architecture, 1)));
  const image = new Tensor('float32', new Float32Array(784).fill(0.5), [1, 1, 28, 28]);
  let runs = 0;
  const startedAt = performance.now();
  while (performance.now() - startedAt < measuredMs) {
    await session.run({ image });
    runs += 1;
  }
  const inferencesPerS = Math.round((runs * 1000) / (performance.now() - startedAt));
  await session.release();
  return { output: { inferencesPerS }, units: 0 };
}
