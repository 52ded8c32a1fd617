import { newRecord, observe, trust, type Outcome } from './record';
import { deservesSlashFor, newRecords, observeWork, spent, trustOver, type Records, type Work } from './works';

const audited = (records: Records, work: Work, outcome: Outcome, times: number): Records =>
  Array.from({ length: times }).reduce<Records>((before) => observeWork(before, work, outcome), records);

describe('records of several kinds of work', () => {
  const computing = audited(newRecords, 'inference', 'pass', 50);

  it('are those of computing for who only computes, training and inference together', () => {
    let alone = newRecord;
    for (let time = 0; time < 50; time += 1) alone = observe(alone, 'pass');
    expect(trustOver(computing)).toBe(trust(alone));
    expect(audited(audited(newRecords, 'training', 'pass', 20), 'inference', 'pass', 30)).toEqual(computing);
  });

  it('let failures count wherever they were, and cheap passes nowhere', () => {
    expect(trustOver(audited(computing, 'storage', 'pass', 100))).toBe(trustOver(computing));
    expect(trustOver(audited(computing, 'liveness', 'pass', 100))).toBe(trustOver(computing));
    const once = trustOver(audited(computing, 'storage', 'fail', 1));
    expect(once).toBeLessThan(trustOver(computing));
    expect(once).toBeGreaterThan(0.8);
    const cheat = audited(computing, 'inference', 'fail', 5);
    expect(trustOver(audited(cheat, 'storage', 'pass', 1000))).toBe(trustOver(cheat));
  });

  it('let who only stores be trusted by what it stores, and who is away not be called a liar', () => {
    const storing = audited(newRecords, 'storage', 'pass', 30);
    expect(trustOver(storing)).toBeGreaterThan(0.8);
    expect(trustOver(audited(storing, 'liveness', 'fail', 10))).toBe(trustOver(storing));
  });

  it('propose a slash by each record of its own, and never for absence or a wrong label', () => {
    for (const work of ['inference', 'training', 'storage'] as const) {
      expect(deservesSlashFor(audited(computing, work, 'fail', 5), work)).toBe(true);
      expect(deservesSlashFor(audited(computing, work, 'fail', 4), work)).toBe(false);
    }
    for (const work of ['annotation', 'liveness'] as const) expect(deservesSlashFor(audited(newRecords, work, 'fail', 50), work)).toBe(false);
    expect(deservesSlashFor(spent(audited(computing, 'storage', 'fail', 5)), 'storage')).toBe(false);
  });
});
