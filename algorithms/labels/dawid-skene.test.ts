import {
  aggregateLabels,
  dawidSkene,
  mostProbable,
  oneCoinDawidSkene,
  type Judgement,
} from './index';

// Dawid and Skene 1979, table 1: 45 patients; observer 1 answers three times (first three digits), observers 2 to 5 once.
const table1 = [
  '1111111',
  '3334334',
  '1122122',
  '2223121',
  '2223222',
  '2223322',
  '1222111',
  '3333433',
  '2222223',
  '2322223',
  '4444444',
  '2223343',
  '1111111',
  '2223212',
  '1211111',
  '1112111',
  '1111111',
  '1111111',
  '2222221',
  '2221322',
  '2222222',
  '2222221',
  '2223222',
  '2212222',
  '1111111',
  '1111111',
  '2322222',
  '1111111',
  '1111111',
  '1121121',
  '1111111',
  '3333233',
  '1111111',
  '2222222',
  '2223232',
  '4334343',
  '2212232',
  '2323233',
  '3333432',
  '1111111',
  '1111111',
  '1212111',
  '2322222',
  '1211111',
  '2222222',
];
const patients: readonly Judgement[] = table1.flatMap((row, patient) =>
  [...row].map((label, index) => ({
    item: String(patient + 1),
    worker: String(Math.max(1, index - 1)),
    label,
  })),
);
const labels = ['1', '2', '3', '4'];

describe('dawidSkene', () => {
  const fitted = dawidSkene(patients, { labels });

  it('finds the marginals of the paper: 0.40, 0.42, 0.11, 0.07', () => {
    expect(fitted.marginals.map((value) => value.toFixed(2))).toEqual([
      '0.40',
      '0.42',
      '0.11',
      '0.07',
    ]);
  });

  it('is sure of what all said, and reads patient 2 as class 4', () => {
    expect(mostProbable(labels, fitted.posteriors.get('1') ?? []).label).toBe('1');
    expect(mostProbable(labels, fitted.posteriors.get('2') ?? []).label).toBe('4');
    expect(mostProbable(labels, fitted.posteriors.get('11') ?? [])).toEqual({
      label: '4',
      posterior: expect.closeTo(1, 3) as number,
    });
  });
});

describe('oneCoinDawidSkene', () => {
  it('lets three who agree outvote one, and believes the better worker', () => {
    const easy = Array.from({ length: 20 }, (_, item) =>
      ['a', 'b', 'c'].map((worker) => ({ item: `e${item}`, worker, label: 'x' })),
    ).flat();
    const noisy = easy
      .map((one, index) => ({ ...one, worker: 'd', label: index % 2 === 0 ? 'x' : 'y' }))
      .slice(0, 20);
    const tie: Judgement[] = [
      { item: 'tie', worker: 'a', label: 'y' },
      { item: 'tie', worker: 'd', label: 'x' },
    ];
    const result = oneCoinDawidSkene(
      [
        ...easy,
        ...noisy,
        ...tie,
        { item: 'e20', worker: 'a', label: 'y' },
        { item: 'e20', worker: 'b', label: 'y' },
      ],
      { labels: ['x', 'y', 'z'] },
    );
    expect(result.accuracies.get('a')).toBeGreaterThan(0.9);
    expect(result.accuracies.get('d')).toBeLessThan(0.7);
    expect(mostProbable(['x', 'y', 'z'], result.posteriors.get('e20') ?? []).label).toBe('y');
  });

  it('keeps known answers and learns from them', () => {
    const known = new Map(Array.from({ length: 10 }, (_, index) => [`g${index}`, 'x']));
    const liars = [...known.keys()].flatMap((item) =>
      ['l1', 'l2', 'l3'].map((worker) => ({ item, worker, label: 'y' })),
    );
    const result = oneCoinDawidSkene(liars, { labels: ['x', 'y'], known });
    expect(result.accuracies.get('l1')).toBeLessThan(0.35);
    expect(result.posteriors.get('g0')).toEqual([1, 0]);
  });

  it('ignores an answer outside the label set', () => {
    expect(
      oneCoinDawidSkene([{ item: 'i', worker: 'w', label: '?' }], { labels: ['x', 'y'] }).posteriors
        .size,
    ).toBe(0);
  });
});

describe('aggregateLabels', () => {
  it('turns to the full model from 50 answers per worker and class', () => {
    const sparse = aggregateLabels(patients, { labels });
    expect(sparse.marginals).toEqual(oneCoinDawidSkene(patients, { labels }).marginals);
    const dense = aggregateLabels(patients, { labels, fullFrom: 10 });
    expect(dense.marginals).toEqual(dawidSkene(patients, { labels }).marginals);
  });
});
