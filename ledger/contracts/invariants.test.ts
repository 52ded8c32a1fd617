// Whatever people do in whatever order: no OORT appears or vanishes, and every contract can pay what it owes.
// `npm run contracts:fuzz -- --runs 500` draws further seeds; OORT_FUZZ_SEED brings one back.
import { fuzzContracts } from './fuzz';

it('conserves OORT, slashes once for one deed, covers every share, and keeps to the timelock', async () => {
  const tally = await fuzzContracts({ seed: Number(process.env['OORT_FUZZ_SEED'] ?? 11), runs: Number(process.env['OORT_FUZZ_RUNS'] ?? 2), steps: 44 });
  expect([...tally].filter(([, { done }]) => done > 0).length).toBeGreaterThan(9);
});
