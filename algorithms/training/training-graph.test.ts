import { InferenceSession, Tensor } from 'onnxruntime-node';
import { parameters, readArchitecture, sizeOf, type Architecture } from './architecture';
import { inferenceModel } from './network-graph';
import { SeededRandom } from '@oort/algorithms-random';
import { referenceGradients } from './reference-network';
import { nextOf, velocityOf } from './optimiser';
import { gradientOf, trainingStepModel } from './training-graph';
import { defaultHyperParameters } from './training-spec';
import { initialWeights, type Weights } from './weights';

const labels = ['a', 'b', 'c'];
const architectures: readonly (readonly [string, Architecture])[] = [
  ['two dense layers', readArchitecture({ input: [1, 3, 4], labels, layers: [{ kind: 'flatten' }, { kind: 'dense', units: 7 }, { kind: 'relu' }, { kind: 'dense', units: 3 }] })],
  ['padded convolution and pooling that leaves a row over', readArchitecture({ input: [2, 7, 7], labels, layers: [
    { kind: 'conv2d', filters: 3, kernel: 3, padding: 1 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 },
    { kind: 'conv2d', filters: 4, kernel: 2 }, { kind: 'relu' }, { kind: 'flatten' }, { kind: 'dense', units: 3 },
  ] })],
  ['strided convolutions that miss the last row', readArchitecture({ input: [1, 10, 8], labels, layers: [
    { kind: 'conv2d', filters: 2, kernel: 3, stride: 2 }, { kind: 'relu' }, { kind: 'conv2d', filters: 3, kernel: 2, stride: 2, padding: 1 }, { kind: 'flatten' }, { kind: 'dense', units: 3 },
  ] })],
];
const batchSize = 4;

function batchOf(architecture: Architecture): { images: Float32Array; targets: Float32Array } {
  const random = new SeededRandom(11);
  const images = Float32Array.from({ length: batchSize * sizeOf(architecture.input) }, () => random.normal());
  const targets = new Float32Array(batchSize * 3);
  for (let row = 0; row < batchSize; row += 1) targets[row * 3 + random.below(3)] = 1;
  return { images, targets };
}

async function runStep(architecture: Architecture, weights: Weights, velocity: number): Promise<InferenceSession.ReturnType> {
  const model = trainingStepModel(architecture, { ...defaultHyperParameters, batchSize, momentum: 0.9, weightDecay: 0.01, gradients: true });
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  const { images, targets } = batchOf(architecture);
  const feeds: Record<string, Tensor> = {
    image: new Tensor('float32', images, [batchSize, ...architecture.input]), target: new Tensor('float32', targets, [batchSize, 3]),
    learningRate: new Tensor('float32', Float32Array.of(0.1), []),
  };
  for (const [name, { shape, values }] of weights) {
    feeds[name] = new Tensor('float32', values, shape);
    feeds[velocityOf(name)] = new Tensor('float32', new Float32Array(values.length).fill(velocity), shape);
  }
  return session.run(feeds);
}

const floats = (value: unknown): Float32Array => (value as { readonly data: Float32Array }).data;

describe.each(architectures)('a training step: %s', (_, architecture) => {
  const weights = initialWeights(architecture, 5);
  const { images, targets } = batchOf(architecture);
  const reference = referenceGradients(architecture, weights, images, targets);

  it('has the loss and the gradients of the independent implementation', async () => {
    const results = await runStep(architecture, weights, 0);
    expect(floats(results['loss'])[0]).toBeCloseTo(reference.loss, 5);
    for (const { name, shape } of parameters(architecture)) {
      const value = results[gradientOf(name)];
      expect(value?.dims).toEqual(shape);
      floats(value).forEach((own, index) => { expect(own).toBeCloseTo(reference.gradients.get(name)?.[index] ?? NaN, 5); });
    }
  });

  it('descends with momentum and with decay of weights but not of biases', async () => {
    const results = await runStep(architecture, weights, 0.5);
    for (const { name, shape } of parameters(architecture)) {
      const before = weights.get(name)?.values ?? new Float32Array();
      floats(results[nextOf(velocityOf(name))]).forEach((velocity, index) => {
        const decay = shape.length > 1 ? 0.01 * (before[index] ?? 0) : 0;
        expect(velocity).toBeCloseTo(0.9 * 0.5 + (reference.gradients.get(name)?.[index] ?? NaN) + decay, 5);
        expect(floats(results[nextOf(name)])[index]).toBeCloseTo((before[index] ?? 0) - 0.1 * velocity, 5);
      });
    }
  });

  it('gives the same bytes when it runs again', async () => {
    const [first, second] = [await runStep(architecture, weights, 0.1), await runStep(architecture, weights, 0.1)];
    for (const name of Object.keys(first)) expect(Buffer.from(floats(second[name]).buffer)).toEqual(Buffer.from(floats(first[name]).buffer));
  });

  it('infers the logits that it trained on, from the exported file', async () => {
    const session = await InferenceSession.create(inferenceModel(architecture, weights), { logSeverityLevel: 3 });
    const inferred = await session.run({ image: new Tensor('float32', images, [batchSize, ...architecture.input]) });
    const trained = floats((await runStep(architecture, weights, 0))['logits']);
    floats(inferred['logits']).forEach((logit, index) => { expect(logit).toBeCloseTo(trained[index] ?? NaN, 5); });
    const sum = floats(inferred['probabilities']).slice(0, 3).reduce((total, share) => total + share, 0);
    expect(sum).toBeCloseTo(1, 5);
  });
});
