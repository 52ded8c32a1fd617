import { SeededRandom } from '@oort/algorithms-random';
import { breaksPromise, chanceOfSoFew, noTasks, officerTally, withBatch, type OfficerTally, type PublicEvent } from './promise';

/** Batches of an officer who injects `kept` of what it owes, at a rate that falls as nodes prove themselves. */
function served(kept: number, works: number, random: SeededRandom): OfficerTally {
  let tally = noTasks;
  for (let work = 0; work < works; work += 20) {
    const rate = Math.max(0.05, 5 / (5 + work / 10));
    const tasks: { readonly isPhantom: boolean }[] = [];
    for (let job = 0; job < 20; job += 1) {
      tasks.push({ isPhantom: false });
      if (random.uniform() < 0.6 * rate * kept) tasks.push({ isPhantom: true });
      if (random.uniform() < 0.4 * rate) tasks.push({ isPhantom: false });
    }
    tally = withBatch(tally, tasks, rate, null);
  }
  return tally;
}

describe('an officer\'s promise', () => {
  it('is kept by whoever injects what it owes, in every one of 200 histories', () => {
    const random = new SeededRandom(3);
    for (let history = 0; history < 200; history += 1) expect(breaksPromise(served(1, 400, random))).toBe(false);
  });

  it('is broken by whoever injects none, and by whoever injects a third, before long', () => {
    const random = new SeededRandom(4);
    expect(breaksPromise(served(0, 100, random))).toBe(true);
    expect(breaksPromise(served(0.3, 1500, random))).toBe(true);
  });

  it('is counted from the public feed, from a position on, at the rates of when each batch was committed', () => {
    const opening = (isPhantom: boolean): object => ({ taskId: 't', salt: 's', expectedHash: null, isPhantom });
    const events = ([
      ['BatchCommitted', { batchId: 'a' }], ['VerdictReached', { nodeId: 'n', work: 'inference', auditRate: 0.25 }], ['VerdictReached', { nodeId: 'n', work: 'storage', auditRate: 1 }],
      ['BatchCommitted', { batchId: 'b' }], ['BatchCommitted', { batchId: 'c' }], ['BatchOpened', { batchId: 'a', openings: [opening(true)] }],
      ['BatchOpened', { batchId: 'b', openings: [opening(false), opening(true)] }], ['LeakSuspected', { leak: 'phantoms-recognised' }],
    ] as const).map(([type, data], position): PublicEvent => ({ type, position: String(position), data }));
    expect(officerTally(events)).toEqual({ tasks: 3, phantoms: 2, owed: 0.3 + 2 * 0.6 * 0.25 / 1.25 });
    expect(officerTally(events, 0n)).toEqual({ tasks: 2, phantoms: 1, owed: 2 * 0.6 * 0.25 / 1.25 });
  });

  it('says nothing of no tasks, and counts the lower tail of a binomial', () => {
    expect(chanceOfSoFew(noTasks)).toBe(1);
    expect(chanceOfSoFew({ tasks: 10, phantoms: 0, owed: 5 })).toBeCloseTo(2 ** -10, 9);
    expect(chanceOfSoFew({ tasks: 10, phantoms: 5, owed: 5 })).toBeCloseTo(0.623, 3);
  });
});
