import { aimsOf } from './aims';
import { nodeClasses } from './nodes';
import { plot, table } from './print';
import { adaptiveReplication, proofOfHonesty } from './rules';
import { simulate } from './run';

// The aims at their full size are `npm run sim:honesty`, which ends with 1 when one is missed.
const size = { nodes: 100, jobs: 2000, seed: 1 };

test('the engine that production uses slashes who cheats and nobody else', () => {
  const outcomes = nodeClasses.map((of) => simulate(proofOfHonesty, of, size));
  expect(aimsOf(outcomes)).toHaveLength(7);
  expect(outcomes.filter(({ of, slashed }) => of.honest && slashed > 0)).toEqual([]);
  expect(outcomes.filter(({ of, slashed }) => !of.honest && slashed < 0.6)).toEqual([]);
  expect(table(outcomes).split('\n')).toHaveLength(nodeClasses.length + 1);
  expect(plot(outcomes, size.jobs)).toContain('100 %');
});

test('beside the replication that BOINC does, far fewer bad results of cheaters are accepted', () => {
  for (const of of nodeClasses.filter(({ honest }) => !honest)) {
    const [ours, theirs] = [simulate(proofOfHonesty, of, size), simulate(adaptiveReplication, of, size)];
    expect(ours.accepted).toBeLessThan(theirs.accepted / 2);
  }
});

test('the same seed gives the same run, another seed another', () => {
  const [of] = nodeClasses;
  if (of === undefined) throw new RangeError('no class');
  const small = { nodes: 20, jobs: 500, seed: 7 };
  expect(simulate(proofOfHonesty, of, small)).toEqual(simulate(proofOfHonesty, of, small));
  expect(simulate(proofOfHonesty, of, small)).not.toEqual(simulate(proofOfHonesty, of, { ...small, seed: 8 }));
});
