// Random programs leave through our interpreter exactly what they leave through the library's: gas to the unit, logs, storage, balances.
import { compareWays } from './both-ways';

const rounds = 60;

test.each([['shanghai', 7], ['cancun', 8]] as const)('%s: random programs (seed %i)', async (hardfork, seed) => {
  const { whole, failed, left } = await compareWays({ hardfork, seed, rounds });
  // Each way is taken often enough to say something.
  expect(Math.min(whole, failed)).toBeGreaterThan(rounds / 8);
  expect(left).toBeLessThan(rounds / 2);
});
