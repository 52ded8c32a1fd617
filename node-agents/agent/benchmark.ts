// What a machine can do, measured and not declared: the platform activates a node by it.
import { open, rm } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import type { Json } from '@oort/kernel-wire';
import type { Executed } from './executors';
import { deterministicSession } from './onnx-session';

const measuredMs = 150;
const diskBytes = 8 * 1024 * 1024;

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

/** Outside it: cores, memory, and how fast a flushed write to the node's own disk is. */
export async function measureMachine(directory: string): Promise<{ cores: number; memoryMb: number; diskMbPerS: number }> {
  const path = join(directory, 'benchmark.tmp');
  const startedAt = performance.now();
  const file = await open(path, 'w');
  try {
    await file.writeFile(Buffer.alloc(diskBytes, 0x5a));
    await file.datasync();
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { cores: availableParallelism(), memoryMb: Math.floor(totalmem() / 1024 / 1024), diskMbPerS: diskBytes / 1024 / 1024 / seconds };
}
