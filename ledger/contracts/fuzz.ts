// Random histories of all the system contracts: `npm run contracts:fuzz -- --runs 500 [--seed N] [--steps 120]`.
// A history that breaks a rule is made as short as it goes, and told with the seed that brings it back.
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { act, newMemory, prelude, step } from './fuzz-actions';
import { purse } from './fuzz-case-invariants';
import { Watch } from './fuzz-invariants';
import { fuzzParameters, jurors, people } from './fuzz-people';
import { TestChain, platform } from './test-chain';

export interface FuzzOptions { readonly seed: number; readonly runs: number; readonly steps: number }

/** How often each action was done and refused, by name. */
export type Tally = Map<string, { done: number; refused: number }>;

/** Throws what fast-check says of the shortest history that breaks a rule. Cost: 0.1 to 0.3 s a run of 60 steps. */
export async function fuzzContracts({ seed, runs, steps }: FuzzOptions): Promise<Tally> {
  const chain = await TestChain.open(fuzzParameters);
  for (const each of [...people, ...jurors, platform]) await chain.give(each, purse);
  await prelude(chain);
  const tally: Tally = new Map();
  const history = fc.array(step, { minLength: Math.floor(steps * 3 / 4), maxLength: steps, size: 'max' });
  await fc.assert(fc.asyncProperty(history, async (all) => {
    const takeBack = await chain.snapshot();
    try {
      const remembered = newMemory();
      const watch = await Watch.begin(chain, remembered);
      for (const each of all) {
        const done = await act(chain, each, remembered);
        count(tally, each.kind === 'call' ? `${each.call.contract}.${each.call.method}` : each.kind, done.refusal === null);
        // What was refused has changed nothing.
        if (done.refusal === null && !['pass', 'arm'].includes(each.kind)) await watch.check(each, done);
      }
      await watch.finish();
    } finally {
      await takeBack();
    }
  }), { seed, numRuns: runs });
  return tally;
}

function count(tally: Tally, name: string, done: boolean): void {
  const found = tally.get(name) ?? { done: 0, refused: 0 };
  found[done ? 'done' : 'refused'] += 1;
  tally.set(name, found);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, runs: { type: 'string', default: '200' }, steps: { type: 'string', default: '80' } } });
  const options = { seed: Number(values.seed ?? Date.now() % 2 ** 31), runs: Number(values.runs), steps: Number(values.steps) };
  process.stdout.write(`seed ${options.seed}, ${options.runs} histories of up to ${options.steps} steps\n`);
  const started = Date.now();
  const tally = await fuzzContracts(options);
  for (const [name, { done, refused }] of [...tally].sort()) process.stdout.write(`${name.padEnd(28)}${String(done).padStart(8)} done${String(refused).padStart(8)} refused\n`);
  process.stdout.write(`every rule held; ${Math.round((Date.now() - started) / 1000)} s\n`);
}

if (require.main === module) void main();
