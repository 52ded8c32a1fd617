// `npm run interpreter:fuzz -- --runs N --seed S`: so many random transactions on each fork, by our interpreter and by the library.
import { parseArgs } from 'node:util';
import { compareWays } from './both-ways';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' } } });
  for (const hardfork of ['shanghai', 'cancun'] as const) {
    const started = performance.now();
    const { whole, failed, left } = await compareWays({ hardfork, seed: Number(values.seed), rounds: Number(values.runs) });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${hardfork}: ${values.runs} transactions from seed ${values.seed} are the same both ways: ${whole} succeeded, ${failed} failed, ${left} were left to the library; ${seconds} s\n`);
  }
}

void main();
