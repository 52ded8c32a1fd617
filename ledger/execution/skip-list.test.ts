import { skipTargets } from './skip-list';

test.each<[number, number[]]>([
  [0, []], [1, []], [9, []], [10, [0]], [15, []], [90, [80]], [100, [90, 0]], [110, [100]], [200, [190, 100]], [1000, [990, 900, 0]], [23_000, [22_990, 22_900, 22_000]],
])('rule 11: the trunk block of MCI %i also links the summaries of %p', (mci, targets) => {
  expect(skipTargets(mci)).toEqual(targets);
});
