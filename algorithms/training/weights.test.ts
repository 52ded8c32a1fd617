import { readArchitecture } from './architecture';
import { averageWeights, AveragingRefused } from './averaging';
import { decodeWeights, encodeWeights, initialWeights, requireFitting, WeightsCorrupt, type Weights } from './weights';

const architecture = readArchitecture({ input: [1, 2, 2], labels: ['a', 'b'], layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] });
const one = (...values: number[]): Weights => new Map([['w', { shape: [values.length], values: Float32Array.from(values) }]]);
const valuesOf = (weights: Weights): number[] => [...(weights.get('w')?.values ?? [])];

describe('the weight file', () => {
  it('gives back what went in, with its metadata, and starts its data at a multiple of eight', () => {
    const weights = initialWeights(architecture, 1);
    const file = encodeWeights(weights, { step: '3' });
    expect(Number(file.readBigUInt64LE(0)) % 8).toBe(0);
    expect(decodeWeights(file)).toEqual({ weights, metadata: { step: '3' } });
  });

  it('depends on the seed alone', () => {
    expect(encodeWeights(initialWeights(architecture, 1))).toEqual(encodeWeights(initialWeights(architecture, 1)));
    expect(encodeWeights(initialWeights(architecture, 1))).not.toEqual(encodeWeights(initialWeights(architecture, 2)));
  });

  it.each([
    ['is empty', Buffer.alloc(0)],
    ['claims a longer header than it has', Buffer.from('ffffffff00000000', 'hex')],
    ['is cut short', encodeWeights(one(1, 2)).subarray(0, -1)],
    ['is not JSON', Buffer.concat([Buffer.from('0400000000000000', 'hex'), Buffer.from('oops')])],
    ['holds infinity', encodeWeights(one(Infinity))],
  ])('is refused when it %s', (_, file) => {
    expect(() => decodeWeights(file)).toThrow(WeightsCorrupt);
  });

  it('is refused for another architecture', () => {
    expect(() => { requireFitting(architecture, one(1)); }).toThrow(WeightsCorrupt);
    expect(() => { requireFitting(architecture, initialWeights(architecture, 1)); }).not.toThrow();
  });
});

describe('averaging', () => {
  it('weighs two workers by their examples', () => {
    expect(valuesOf(averageWeights([{ weights: one(0, 4), examples: 30 }, { weights: one(4, 0), examples: 10 }]))).toEqual([1, 3]);
  });

  it('cuts the extremes of three or more, so one liar with a large claim moves nothing', () => {
    const liar = { weights: one(1e9, -1e9), examples: 1_000_000 };
    expect(valuesOf(averageWeights([{ weights: one(1, 1), examples: 10 }, { weights: one(3, 2), examples: 10 }, liar]))).toEqual([3, 1]);
  });

  it('refuses nothing at all, workers without examples, and tensors that differ', () => {
    expect(() => averageWeights([])).toThrow(AveragingRefused);
    expect(() => averageWeights([{ weights: one(1), examples: 0 }])).toThrow(AveragingRefused);
    expect(() => averageWeights([{ weights: one(1), examples: 1 }, { weights: one(1, 2), examples: 1 }])).toThrow(AveragingRefused);
  });
});

describe('robust averaging', () => {
  const honest = [1, 2, 3, 4].map((value) => ({ weights: one(value, -value), examples: 10 }));
  const liar = { weights: one(1e9, -1e9), examples: 1_000_000 };
  const options = { averaging: 'median', maximumUpdateNorm: 0 } as const;

  it('takes the median of each place, whatever a minority says', () => {
    expect(valuesOf(averageWeights([...honest, liar], options))).toEqual([3, -3]);
    expect(valuesOf(averageWeights([honest[0] ?? liar, honest[1] ?? liar], options))).toEqual([1.5, -1.5]);
  });

  it('shortens a change that is longer than the norm, and only that', () => {
    const averaged = averageWeights([{ weights: one(3, 4), examples: 1 }, { weights: one(30, 40), examples: 1 }], { averaging: 'mean', maximumUpdateNorm: 5 }, one(0, 0));
    expect(valuesOf(averaged)).toEqual([3, 4]);
  });

  it('trusts everybody when it is told to', () => {
    expect(valuesOf(averageWeights([...honest, { weights: one(100, 100), examples: 10 }], { averaging: 'mean', maximumUpdateNorm: 0 }))).toEqual([22, 18]);
  });
});
