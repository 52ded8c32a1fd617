import { augmentBatch, batchAt, learningRateAt, shareOf } from './batches';
import { exampleTensor, ExampleUnreadable } from './example-tensor';
import { accuracyOf, confusionOf, indexOfLargest } from './confusion';
import { decodeExampleSet, encodeExampleSet, ExampleSetCorrupt } from './example-set';
import { readEvaluationSpec, readHyperParameters, readTrainingSpec, SpecRefused } from './training-spec';

const json = {
  architecture: { input: [1, 4, 4], labels: ['a', 'b'], layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] },
  hyperParameters: { batchSize: 4, localSteps: 10, maximumShift: 1 }, seed: 1, round: 0, rounds: 2, worker: 0, workers: 3,
  weightsContentId: 'w', exampleSetContentIds: ['e'],
};
const spec = readTrainingSpec(json);

describe('a worker\'s batches', () => {
  it('come from shares that cover every example once', () => {
    const shares = [0, 1, 2].map((worker) => shareOf({ seed: 1, worker, workers: 3 }, 10));
    expect(shares.map((share) => share.length)).toEqual([4, 3, 3]);
    expect(shares.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('see every example of the share in an epoch, in another order the next time', () => {
    const epoch = (first: number): number[] => [first, first + 1].flatMap((step) => [...batchAt(spec, 8, step)]);
    expect([...epoch(0)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...epoch(2)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(epoch(2)).not.toEqual(epoch(0));
    expect(epoch(0)).toEqual(epoch(0));
  });

  it('are full even when the share is smaller', () => {
    expect(batchAt(spec, 3, 5)).toHaveLength(4);
  });

  it('are augmented by (spec, step) alone, and not at all when nothing may move', () => {
    const image = Float32Array.from({ length: 16 }, (_, index) => index / 16);
    expect(augmentBatch(spec, 3, [image])).toEqual(augmentBatch(spec, 3, [image]));
    expect(augmentBatch(spec, 3, [image])).not.toEqual(augmentBatch(spec, 4, [image]));
    const still = { ...spec, hyperParameters: { ...spec.hyperParameters, maximumShift: 0, maximumRotation: 0, maximumScale: 0 } };
    expect(augmentBatch(still, 3, [image])).toEqual(image);
  });

  it('are learned from at a rate that falls to zero over all rounds', () => {
    expect(learningRateAt(spec, 0)).toBe(spec.hyperParameters.learningRate);
    expect(learningRateAt({ ...spec, round: 1 }, 0)).toBeCloseTo(spec.hyperParameters.learningRate / 2);
    expect(learningRateAt({ ...spec, round: 1 }, 10)).toBeCloseTo(0);
  });
});

describe('a spec', () => {
  it('takes defaults for hyper-parameters that are not given', () => {
    expect(readHyperParameters({ batchSize: 8 })).toMatchObject({ batchSize: 8, momentum: 0.9 });
  });

  it.each([
    ['an unknown hyper-parameter', () => readHyperParameters({ dropout: 1 })],
    ['one out of range', () => readHyperParameters({ batchSize: 0 })],
    ['one that is not a number', () => readHyperParameters({ momentum: '0.9' })],
    ['a worker beyond the workers', () => readTrainingSpec({ ...json, worker: 3 })],
    ['a negative seed', () => readTrainingSpec({ ...json, seed: -1 })],
    ['no examples', () => readTrainingSpec({ ...json, exampleSetContentIds: [] })],
    ['an evaluation without a model', () => readEvaluationSpec({ exampleSetContentIds: ['e'] })],
    ['a list', () => readEvaluationSpec([])],
  ])('is refused with %s', (_, read) => {
    expect(read).toThrow(SpecRefused);
  });
});

describe('an example', () => {
  it('is an image, a list of numbers or a text, by its media type', () => {
    expect([...exampleTensor(Buffer.from('[[1,2],[3,4]]'), 'application/json', [2, 2])]).toEqual([1, 2, 3, 4]);
    expect([...exampleTensor(Buffer.from('ab'), 'text/plain; charset=utf-8', [4])]).toEqual([98, 99, 0, 0]);
    expect([...exampleTensor(Buffer.from('abc'), 'text/plain', [2])]).toEqual([98, 99]);
  });

  it.each([
    ['too few numbers', '[1]', 'application/json', [2]], ['no numbers', '["1","2"]', 'application/json', [2]], ['no JSON', '[', 'application/json', [2]],
    ['an image for a network of vectors', 'x', 'image/png', [2]],
  ])('is refused: %s', (_, text, mediaType, shape) => {
    expect(() => exampleTensor(Buffer.from(text), mediaType, shape)).toThrow(ExampleUnreadable);
  });
});

describe('an example set', () => {
  const set = { labels: ['a', 'b'], examples: [{ label: 'b', mediaType: 'image/png', bytes: Buffer.from([1, 2, 3]) }] };

  it('gives back what went in', () => {
    expect(decodeExampleSet(encodeExampleSet(set))).toEqual(set);
  });

  it.each([['not JSON', 'x'], ['another kind', '{}'], ['null', 'null']])('is refused when it is %s', (_, text) => {
    expect(() => decodeExampleSet(Buffer.from(text))).toThrow(ExampleSetCorrupt);
  });

  it('is refused with a label of none of its classes', () => {
    expect(() => decodeExampleSet(encodeExampleSet({ ...set, labels: ['a'] }))).toThrow(ExampleSetCorrupt);
  });
});

describe('the mark', () => {
  it('counts true labels by row and predictions by column', () => {
    const confusion = confusionOf(['a', 'b'], [0, 0, 1], [0, 1, 1]);
    expect(confusion.matrix).toEqual([[1, 1], [0, 1]]);
    expect(accuracyOf(confusion)).toBeCloseTo(2 / 3);
    expect(accuracyOf(confusionOf(['a'], [], []))).toBe(0);
  });

  it('takes the first of equal scores', () => {
    expect(indexOfLargest([1, 3, 3])).toBe(1);
  });
});
