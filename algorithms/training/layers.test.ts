// Every kind of layer, in random shapes: the gradients that its graph computes are those of the second implementation, and both are
// the slope of the loss as finite differences measure it.
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { SeededRandom } from '@oort/algorithms-random';
import type { Json } from '@oort/kernel-wire';
import { inputName, parameters, readArchitecture, sizeOf, type Architecture } from './architecture';
import { inferenceModel } from './network-graph';
import { memoryOf, nextOf, stepScalars } from './optimiser';
import { referenceGradients, type ReferenceWeights } from './reference-network';
import { gradientOf, trainingStepModel } from './training-graph';
import { defaultHyperParameters, type HyperParameters } from './training-spec';
import { initialWeights, type Weights } from './weights';

const labels = ['a', 'b', 'c'];
const options = { logSeverityLevel: 3, intraOpNumThreads: 1, interOpNumThreads: 1 } as const;
const small = fc.integer({ min: 1, max: 4 });
const end: readonly Json[] = [{ kind: 'flatten' }, { kind: 'dense', units: 3 }];

/** A trained layer stands below each kind, so that the gradient of its input is checked too. */
const images = (...layers: Json[]) => fc.record({ channels: small, height: fc.integer({ min: 4, max: 7 }), width: fc.integer({ min: 4, max: 7 }) })
  .map(({ channels, height, width }): Json => ({ input: [channels, height, width], labels, layers: [{ kind: 'conv2d', filters: 2, kernel: 2 }, ...layers, ...end] }));
const vectors = (...layers: Json[]) => fc.record({ size: small, units: fc.integer({ min: 2, max: 6 }) })
  .map(({ size, units }): Json => ({ input: [size], labels, layers: [{ kind: 'dense', units }, ...layers, { kind: 'dense', units: 3 }] }));
const sequences = (...layers: Json[]) => fc.record({ length: small, width: small, units: fc.constantFrom(2, 4, 6) })
  .map(({ length, width, units }): Json => ({ input: [length, width], labels, layers: [{ kind: 'dense', units }, ...layers, ...end] }));

const kinds: readonly (readonly [string, fc.Arbitrary<Json>])[] = [
  ['dense', vectors({ kind: 'dense', units: 5 })],
  ['dense on a sequence', sequences({ kind: 'dense', units: 3 })],
  ['conv2d', fc.record({ kernel: fc.integer({ min: 1, max: 3 }), stride: fc.integer({ min: 1, max: 3 }), padding: fc.integer({ min: 0, max: 2 }) })
    .chain((shape) => images({ kind: 'conv2d', filters: 2, ...shape }))],
  ['max-pool', fc.integer({ min: 1, max: 3 }).chain((size) => images({ kind: 'max-pool', size }))],
  ['average-pool', fc.integer({ min: 1, max: 3 }).chain((size) => images({ kind: 'average-pool', size }))],
  ['mean of an image', images({ kind: 'mean' })],
  ['mean of a sequence', sequences({ kind: 'mean' })],
  ['batch-norm of an image', images({ kind: 'batch-norm' })],
  ['batch-norm of a vector', vectors({ kind: 'batch-norm' })],
  ['layer-norm of a vector', vectors({ kind: 'layer-norm' })],
  ['layer-norm of a sequence', sequences({ kind: 'layer-norm' })],
  ['attention', fc.record({ heads: fc.constantFrom(1, 2), residual: fc.boolean() }).chain((shape) => sequences({ kind: 'attention', ...shape }))],
  ['embedding', fc.record({ length: small, vocabulary: fc.integer({ min: 2, max: 6 }), width: small })
    .map(({ length, ...shape }): Json => ({ input: [length], labels, layers: [{ kind: 'embedding', ...shape }, ...end] }))],
  ['relu', vectors({ kind: 'relu' })],
  ['gelu', vectors({ kind: 'gelu' })],
  ['softmax', sequences({ kind: 'softmax' })],
  ['mean squares', vectors({ kind: 'relu' }).map((json): Json => ({ ...json as object, loss: 'mse' }))],
  ['mean squares after a softmax', vectors().map((json): Json => {
    const { layers, ...rest } = json as { readonly layers: readonly Json[] };
    return { ...rest, loss: 'mse', layers: [...layers, { kind: 'softmax' }] };
  })],
  ['a transformer\'s block', fc.constant<Json>({ input: [4], labels, layers: [
    { kind: 'embedding', vocabulary: 5, width: 4 }, { kind: 'attention', heads: 2, residual: true }, { kind: 'layer-norm' },
    { kind: 'dense', units: 8 }, { kind: 'gelu' }, { kind: 'mean' }, { kind: 'dense', units: 3 },
  ] })],
];

interface Batch { readonly size: number; readonly inputs: Float32Array; readonly targets: Float32Array }

function batchOf(architecture: Architecture, seed: number): Batch {
  const random = new SeededRandom(seed, 1);
  const size = 2 + random.below(3);
  const [first] = architecture.layers;
  const value = first?.kind === 'embedding' ? () => random.below(first.vocabulary) : () => random.normal();
  const targets = new Float32Array(size * labels.length);
  for (let row = 0; row < size; row += 1) targets[row * labels.length + random.below(labels.length)] = 1;
  return { size, targets, inputs: Float32Array.from({ length: size * sizeOf(architecture.input) }, value) };
}

async function stepOf(architecture: Architecture, weights: Weights, { size, inputs, targets }: Batch, changed: Partial<HyperParameters> = {}): Promise<InferenceSession.ReturnType> {
  const hyperParameters = { ...defaultHyperParameters, batchSize: size, weightDecay: 0, ...changed };
  const session = await InferenceSession.create(trainingStepModel(architecture, { ...hyperParameters, gradients: true }), options);
  const feeds: Record<string, Tensor> = {
    [inputName(architecture)]: new Tensor('float32', inputs, [size, ...architecture.input]), target: new Tensor('float32', targets, [size, labels.length]),
  };
  for (const [name, value] of Object.entries(stepScalars(hyperParameters, 0.1, 0))) feeds[name] = new Tensor('float32', Float32Array.of(value), []);
  for (const parameter of parameters(architecture)) {
    const values = weights.get(parameter.name)?.values ?? new Float32Array();
    feeds[parameter.name] = new Tensor('float32', values, parameter.shape);
    for (const name of memoryOf(hyperParameters.optimiser, parameter)) feeds[name] = new Tensor('float32', new Float32Array(values.length), parameter.shape);
  }
  const results = await session.run(feeds);
  await session.release();
  return results;
}

/** First weights with biases and scales of their own, so that nothing hides behind a zero. */
function someWeights(architecture: Architecture, seed: number): Weights {
  const random = new SeededRandom(seed, 2);
  return new Map([...initialWeights(architecture, seed)].map(([name, { shape, values }]) => [name, { shape, values: values.map((value) => value + 0.2 * random.normal()) }]));
}

const floats = (value: unknown): Float32Array => (value as { readonly data: Float32Array }).data;

/** By a central difference in double precision, whose error is of the order of its square. */
function slope(architecture: Architecture, weights: Weights, batch: Batch, name: string, index: number): number {
  const step = 1e-5;
  const [up = 0, down = 0] = [step, -step].map((change) => {
    const moved: ReferenceWeights = new Map([...weights].map(([each, { values }]) => {
      const doubles = Float64Array.from(values);
      if (each === name) doubles[index] = (doubles[index] ?? 0) + change;
      return [each, { values: doubles }];
    }));
    return referenceGradients(architecture, moved, batch.inputs, batch.targets).loss;
  });
  return (up - down) / (2 * step);
}

function expectNear(value: number | undefined, wanted: number, what: string): void {
  if (!(Math.abs((value ?? NaN) - wanted) <= 2e-4 + 2e-3 * Math.abs(wanted))) throw new Error(`${what}: ${String(value)} instead of ${String(wanted)}`);
}

describe.each(kinds)('%s', (_, shapes) => {
  it('has the gradients of the second implementation and of finite differences', async () => {
    await fc.assert(fc.asyncProperty(shapes, fc.integer({ min: 1, max: 1e6 }), async (json, seed) => {
      const architecture = readArchitecture(json);
      const weights = someWeights(architecture, seed);
      const batch = batchOf(architecture, seed);
      const results = await stepOf(architecture, weights, batch);
      const reference = referenceGradients(architecture, weights, batch.inputs, batch.targets);
      expectNear(floats(results['loss'])[0], reference.loss, 'loss');
      for (const { name, trained } of parameters(architecture)) {
        if (!trained) continue;
        const own = floats(results[gradientOf(name)]);
        own.forEach((value, index) => { expectNear(value, reference.gradients.get(name)?.[index] ?? NaN, `${name}[${String(index)}]`); });
        const picked = seed % own.length;
        expectNear(own[picked], slope(architecture, weights, batch, name, picked), `the slope along ${name}[${String(picked)}]`);
      }
    }), { numRuns: 8, seed: 1606 });
  });

  it('is inferred as it was trained', async () => {
    const architecture = readArchitecture(fc.sample(shapes, { numRuns: 1, seed: 5 })[0] ?? null);
    const weights = someWeights(architecture, 9);
    const batch = batchOf(architecture, 9);
    const { size, inputs } = batch;
    const session = await InferenceSession.create(inferenceModel(architecture, weights), options);
    const inferred = await session.run({ [inputName(architecture)]: new Tensor('float32', inputs, [size, ...architecture.input]) });
    expect(inferred['logits']?.dims).toEqual([size, 3]);
    if (architecture.layers.some(({ kind }) => kind === 'batch-norm')) return;
    const trained = floats((await stepOf(architecture, weights, batch))['logits']);
    floats(inferred['logits']).forEach((value, index) => { expect(value).toBeCloseTo(trained[index] ?? NaN, 4); });
  });
});

describe('batch normalisation', () => {
  it('infers by running means that the steps measured, and is not moved by the optimiser', async () => {
    const architecture = readArchitecture({ input: [2], labels, layers: [{ kind: 'batch-norm' }, { kind: 'dense', units: 3 }] });
    const batch: Batch = { size: 4, inputs: Float32Array.of(1, 10, 3, 10, 5, 20, 7, 20), targets: new Float32Array(12).fill(1 / 3) };
    const results = await stepOf(architecture, initialWeights(architecture, 1), batch);
    // A tenth of the batch's mean and variance, nine tenths of 0 and 1.
    const [mean, variance] = ['layer0.mean', 'layer0.variance'].map((name) => [...floats(results[nextOf(name)])]);
    [0.4, 1.5].forEach((wanted, index) => { expect(mean?.[index]).toBeCloseTo(wanted, 5); });
    [0.9 + 0.5, 0.9 + 2.5].forEach((wanted, index) => { expect(variance?.[index]).toBeCloseTo(wanted, 5); });
    expect(Object.keys(results)).not.toContain('gradient.layer0.mean');
  });
});

describe('an optimiser', () => {
  const architecture = readArchitecture({ input: [3], labels, layers: [{ kind: 'dense', units: 3 }] });
  const weights = initialWeights(architecture, 3);
  const batch = batchOf(architecture, 4);
  const { gradients } = referenceGradients(architecture, weights, batch.inputs, batch.targets);
  const gradient = [...gradients.get('layer0.weight') ?? []];
  const before = [...weights.get('layer0.weight')?.values ?? []];

  it('Adam takes first steps of the learning rate along each sign, and decays apart from them', async () => {
    const results = await stepOf(architecture, weights, batch, { optimiser: 'adam', weightDecay: 0.1 });
    floats(results[nextOf('layer0.weight')]).forEach((value, index) => {
      const { [index]: own = 0 } = gradient;
      const { [index]: start = 0 } = before;
      expect(value).toBeCloseTo(start - 0.1 * (own / (Math.abs(own) + 1e-8) + 0.1 * start), 4);
    });
  });

  it('shortens gradients that are longer than the most, all by one share', async () => {
    const norm = Math.sqrt([...gradients.values()].reduce((sum, values) => sum + values.reduce((own, value) => own + value * value, 0), 0));
    const results = await stepOf(architecture, weights, batch, { maximumGradientNorm: norm / 4, momentum: 0 });
    floats(results[nextOf('layer0.weight')]).forEach((value, index) => { expect(value).toBeCloseTo((before[index] ?? 0) - 0.1 * (gradient[index] ?? 0) / 4, 5); });
  });
});
