import { auditRate, betaQuantile, caughtWithin, compare, deservesSlash, newRecord, observe, regularisedBeta, relativeL2, stakeNeeded, tolerance, trust, type HonestyRecord, type Outcome } from '.';

const after = (outcomes: readonly Outcome[]): HonestyRecord => outcomes.reduce((record, outcome) => observe(record, outcome), newRecord);
const times = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);

describe('beta distribution', () => {
  it.each([
    [0.5, 1, 1, 0.5], [0.25, 2, 2, 0.15625], [0.1, 1, 3, 0.271], [0.9, 5, 1, 0.59049], [0.5, 30, 30, 0.5],
  ])('I_%d(%d, %d) = %d', (x, a, b, expected) => {
    expect(regularisedBeta(x, a, b)).toBeCloseTo(expected, 10);
  });

  it('quantile inverts it', () => {
    for (const [a, b] of [[1, 1], [21, 1], [3, 40]] as const) {
      expect(regularisedBeta(betaQuantile(0.05, a, b), a, b)).toBeCloseTo(0.05, 9);
    }
  });
});

describe('a record', () => {
  it('starts with the trust of the uniform prior and is audited always', () => {
    expect(trust(newRecord)).toBeCloseTo(0.05, 9);
    expect(auditRate(newRecord)).toBe(1);
  });

  it('of an honest node is audited ever less, but never below the base rate', () => {
    const record = after(times(400, 'pass'));
    expect(trust(record)).toBeGreaterThan(0.93);
    expect(auditRate(after(times(60, 'pass')))).toBeGreaterThan(0.08);
    expect(auditRate(record)).toBe(0.03);
  });

  it('is never slashed for a single failure', () => {
    expect(deservesSlash(after(['fail']))).toBe(false);
    expect(deservesSlash(after([...times(100, 'pass'), 'fail']))).toBe(false);
  });

  it('of a node that answers at random deserves a slash at the fifth failure', () => {
    expect(deservesSlash(after(times(4, 'fail')))).toBe(false);
    expect(deservesSlash(after(times(5, 'fail')))).toBe(true);
  });

  it('is watched for forty audits after a failure, and for eighty after two', () => {
    const failed = [...times(200, 'pass'), 'fail'] as const;
    expect(auditRate(after([...failed, ...times(39, 'pass')]))).toBe(1);
    expect(auditRate(after([...failed, ...times(40, 'pass')]))).toBe(0.03);
    expect(auditRate(after([...failed, 'fail', ...times(79, 'pass')]))).toBe(1);
  });

  it('does not move for an inconclusive audit', () => {
    expect(observe(newRecord, 'inconclusive')).toBe(newRecord);
  });
});

describe('comparator', () => {
  it('passes honest rounding and fails a wrong answer', () => {
    expect(compare([1, 2, 3], [1, 2, 3 + 1e-7], tolerance(4e-7), true).outcome).toBe('pass');
    expect(compare([3, 2, 1], [1, 2, 3], tolerance(4e-7), true).outcome).toBe('fail');
  });

  it('is inconclusive across runtime classes', () => {
    expect(compare([1, 2, 3.1], [1, 2, 3], 1e-5, false).outcome).toBe('inconclusive');
  });

  it('treats another length, no number and infinity as infinitely far', () => {
    expect(relativeL2([1], [1, 2])).toBe(Infinity);
    expect(relativeL2([NaN, 1], [1, 1])).toBe(Infinity);
    expect(relativeL2([Infinity, 1], [1, 1])).toBe(Infinity);
  });
});

describe('economics', () => {
  it('catches a 10 % cheater within 100 jobs nearly surely at detection 0.5', () => {
    expect(caughtWithin(100, 0.1, 0.5)).toBeCloseTo(0.994, 3);
  });

  it('needs more stake the lower the detection', () => {
    expect(stakeNeeded(100n, 5000, 0n)).toBe(300n);
    expect(stakeNeeded(100n, 500, 7n)).toBe(5707n);
  });
});
