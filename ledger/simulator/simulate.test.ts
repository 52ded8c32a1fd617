import { breaksLiveness, breaksSafety } from './breaking';
import { simulate, simulateReal } from './simulate';
import { scenarioOf } from './seeds';
import type { Scenario } from './simulate';
import type { Conduct } from './witness';

const seeds = Array.from({ length: 6 }, (_, index) => index + 1);

function expectHeld(scenario: Scenario): void {
  const { broken, stableBlocks } = simulate(scenario);
  expect({ scenario, broken }).toEqual({ scenario, broken: [] });
  expect(stableBlocks).toBeGreaterThan(0);
}

test('a run repeats exactly', () => {
  const scenario = { seed: 7, witnessCount: 4, loss: 0.1, partition: true, restarts: true };
  expect(simulate(scenario)).toEqual(simulate(scenario));
});

describe('the final order is one, nothing runs out of order, and everything runs in the end', () => {
  test.each([1, 3, 4, 7])('W = %i, delays only', (witnessCount) => {
    for (const seed of seeds) expectHeld({ seed, witnessCount });
  });

  test.each([3, 4, 7])('W = %i, loss, partitions and restarts', (witnessCount) => {
    for (const seed of seeds) expectHeld({ seed, witnessCount, loss: 0.15, partition: true, restarts: true });
  });

  test.each<Conduct>(['fork', 'withhold', 'wrong-citation', 'silent'])('W = 4, one witness lies: %s', (conduct) => {
    for (const seed of seeds) expectHeld({ seed, witnessCount: 4, conducts: [conduct], loss: 0.05, restarts: true });
  });

  test('W = 7, two lie', () => {
    for (const seed of seeds) expectHeld({ seed, witnessCount: 7, conducts: ['fork', 'withhold'], loss: 0.05 });
  });
});

describe('sets that change every twelve blocks', () => {
  test.each([[4, 3], [7, 4]])('W = %i of %i more', (witnessCount, candidates) => {
    for (const seed of seeds.slice(0, 4)) expectHeld({ seed, witnessCount, candidates, loss: 0.1, restarts: true, partition: true });
  });
  test('with a liar among them', () => {
    for (const seed of seeds.slice(0, 4)) expectHeld({ seed, witnessCount: 4, candidates: 3, conducts: ['fork'], loss: 0.05 });
  });
});

// A block from the future is held until its time: clocks that are apart delay the chain by as much, and no more.
test('clocks up to ten seconds apart', () => {
  for (const seed of seeds) expectHeld({ seed, witnessCount: 4, skewSeconds: 5 });
});

test('the seeds of npm run sim', () => {
  for (let seed = 1; seed <= 6; seed += 1) expectHeld(scenarioOf(seed));
});

// W - m liars are survived; one more, and two halves of the network make two pasts. This seed shows it (PROTOCOL.md).
test('W = 4: one witness that runs twice splits nothing, two do', () => {
  for (const seed of seeds) expectHeld({ seed, witnessCount: 4, conducts: ['split'] });
  for (const seed of [1, 2]) expectHeld({ seed, witnessCount: 7, conducts: ['split', 'split'] });
  const { broken } = simulate(breaksSafety);
  expect(broken.join()).toMatch(/the node halts|disagree/);
});

test('three witnesses stop at one that is down; they agree on what they have', () => {
  const { broken } = simulate({ seed: 1, witnessCount: 3, conducts: ['silent'] });
  expect(broken.length).toBeGreaterThan(0);
  expect(broken.every((each) => each.includes('lacks'))).toBe(true);
});

test('four witnesses go on without one, and stand still without two; they agree on what they have', () => {
  expectHeld({ ...breaksLiveness, conducts: ['silent'] });
  const { broken } = simulate(breaksLiveness);
  expect(broken.length).toBeGreaterThan(0);
  expect(broken.every((each) => each.includes('lacks'))).toBe(true);
});

test('with the real signatures and the real executor', async () => {
  const { broken, stableBlocks } = await simulateReal({ seed: 3, witnessCount: 4, restarts: true, loss: 0.1, transactions: 8, conducts: ['fork'] });
  expect(broken).toEqual([]);
  expect(stableBlocks).toBeGreaterThan(0);
});
