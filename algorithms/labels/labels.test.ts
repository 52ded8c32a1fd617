import {
  differenceHash,
  hammingDistance,
  krippendorffAlpha,
  spamRuleOf,
  wilsonInterval,
  wilsonLowerBasisPoints,
  type Judgement,
} from './index';

describe('krippendorffAlpha', () => {
  it('gives 0.743 for the four observers of Krippendorff 2011, data C', () => {
    const observers = ['123321412...', '1233224125.3', '.3332342251.', '12332441251.'];
    const judgements: readonly Judgement[] = observers.flatMap((row, worker) =>
      [...row].flatMap((label, unit) =>
        label === '.' ? [] : [{ item: String(unit), worker: String(worker), label }],
      ),
    );
    expect(krippendorffAlpha(judgements)).toBeCloseTo(0.743, 3);
  });

  it('gives 0.095 for the two observers of data A (Krippendorff 2011, binary)', () => {
    const rows = ['0100000000', '1110010100'];
    const judgements = rows.flatMap((row, worker) =>
      [...row].map((label, unit) => ({ item: String(unit), worker: String(worker), label })),
    );
    expect(krippendorffAlpha(judgements)).toBeCloseTo(0.095, 3);
  });

  it('says nothing where nothing can be compared, and 1 where nothing varied', () => {
    expect(krippendorffAlpha([{ item: 'a', worker: 'w', label: 'x' }])).toBeNull();
    expect(
      krippendorffAlpha([
        { item: 'a', worker: 'w', label: 'x' },
        { item: 'a', worker: 'v', label: 'x' },
      ]),
    ).toBe(1);
  });
});

describe('wilsonInterval', () => {
  // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%d of %d is %d to %d', (successes, trials, lower, upper) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval.lower).toBeCloseTo(lower, 4);
    expect(interval.upper).toBeCloseTo(upper, 4);
  });

  it('pays nothing for no evidence', () => {
    expect(wilsonInterval(0, 0)).toEqual({ lower: 0, upper: 1 });
    expect(wilsonLowerBasisPoints(0, 0)).toBe(0);
    expect(wilsonLowerBasisPoints(10, 10)).toBe(7224);
  });
});

describe('spamRuleOf', () => {
  const honest = { goldRight: 7, goldAnswered: 8, estimatedAccuracy: 0.9, answered: 100, labelCount: 10 };

  it('excludes who fails gold items, and who agrees with nobody', () => {
    expect(spamRuleOf({ ...honest, goldRight: 0, goldAnswered: 4 })?.collector).toBe(
      'gold-accuracy',
    );
    expect(spamRuleOf({ ...honest, estimatedAccuracy: 0.15 })?.collector).toBe(
      'estimated-accuracy',
    );
  });

  it('tells guessing from care whatever the number of labels', () => {
    for (const labelCount of [2, 3, 10, 100]) {
      const answered = 38;
      expect(spamRuleOf({ ...honest, labelCount, answered, estimatedAccuracy: 1 / labelCount })).not.toBeNull();
      expect(spamRuleOf({ ...honest, labelCount, answered, estimatedAccuracy: 0.85 })).toBeNull();
    }
  });

  it('lets honest and unlucky people be', () => {
    expect(spamRuleOf(honest)).toBeNull();
    expect(spamRuleOf({ ...honest, goldRight: 0, goldAnswered: 3 })).toBeNull();
    expect(
      spamRuleOf({
        ...honest,
        goldRight: 0,
        goldAnswered: 0,
        estimatedAccuracy: null,
        answered: 40,
      }),
    ).toBeNull();
  });
});

describe('differenceHash', () => {
  const ramp = Array.from({ length: 18 * 16 }, (_, index) => 255 - (index % 18) * 10);

  it('is all ones for an image that darkens to the right, zero for a flat one', () => {
    expect(differenceHash(ramp, 18, 16)).toBe('ffffffffffffffff');
    expect(
      differenceHash(
        ramp.map(() => 7),
        18,
        16,
      ),
    ).toBe('0000000000000000');
  });

  it('counts differing bits', () => {
    expect(hammingDistance('ffffffffffffffff', '0000000000000000')).toBe(64);
    expect(hammingDistance('00000000000000f1', '00000000000000f0')).toBe(1);
  });

  it('moves little under a small change', () => {
    const dotted = ramp.map((value, index) => (index === 40 ? 255 : value));
    expect(
      hammingDistance(differenceHash(ramp, 18, 16), differenceHash(dotted, 18, 16)),
    ).toBeLessThanOrEqual(2);
  });
});
