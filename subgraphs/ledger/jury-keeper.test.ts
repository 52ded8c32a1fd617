import { nextMove, type Jury } from './jury-keeper';

const jury: Jury = { round: 0, stage: 'voting', seedBlock: 12, revealUntilMs: 100_000, appealUntilMs: 200_000, votes: 1, seats: 3 };

test.each([
  ['a case without a jury', { stage: 'none' as const }, 0, { call: 'summon' }],
  ['a summons whose seed is not there', { stage: 'summoned' as const }, 11, { waitMs: 1_000 }],
  ['a seed that is there', { stage: 'summoned' as const }, 12, { call: 'draw' }],
  ['votes that are missing', {}, 12, { waitMs: 10_150 }],
  ['votes that are all there', { votes: 3 }, 12, { call: 'close' }],
  ['a verdict that may be appealed', { stage: 'decided' as const }, 12, { waitMs: 20_150 }],
])('%s', (_, change, head, move) => {
  expect(nextMove({ ...jury, ...change }, head, 0)).toEqual(move);
});

test('deadlines end waiting, a moment late: a block may carry an earlier time', () => {
  expect(nextMove(jury, 12, 100_000)).toEqual({ waitMs: 1_000 });
  expect(nextMove(jury, 12, 101_500)).toEqual({ call: 'close' });
  expect(nextMove({ ...jury, stage: 'decided' }, 12, 201_500)).toEqual({ call: 'conclude' });
});
