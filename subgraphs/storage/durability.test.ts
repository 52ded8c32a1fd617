import { annualLossProbability } from './durability';

it.each([[3, 6, 4.6e-11], [10, 16, 1.9e-17]])('%i of %i loses %d of its segments a year at a failure in twenty and a day to repair', (k, n, expected) => {
  expect(annualLossProbability({ k, n, failuresPerYear: 0.05, repairHours: 24 }) / expected).toBeCloseTo(1, 1);
});

it('is certain at the worst', () => {
  expect(annualLossProbability({ k: 1, n: 1, failuresPerYear: 3, repairHours: 24 })).toBe(1);
});

it('is told at once of any numbers', () => {
  const before = Date.now();
  expect(annualLossProbability({ k: 1, n: 2_000_000_000, failuresPerYear: 0.05, repairHours: 24 })).toBe(1);
  expect(Date.now() - before).toBeLessThan(500);
});
