// `npm run sim -- --seeds N [--from S]`: runs the seeds S to S + N - 1, prints each that breaks with all that repeats it.
import { parseArgs } from 'node:util';
import { scenarioOf } from './seeds';
import { simulate } from './simulate';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '100' }, from: { type: 'string', default: '1' } } });
const [count, from] = [Number(values.seeds), Number(values.from)];
const started = performance.now();
let [broken, blocks] = [0, 0];
for (let seed = from; seed < from + count; seed += 1) {
  const scenario = scenarioOf(seed);
  const outcome = simulate(scenario);
  blocks += outcome.stableBlocks;
  if (outcome.broken.length === 0) continue;
  broken += 1;
  process.stdout.write(`${JSON.stringify(scenario)}\n  ${outcome.broken.join('\n  ')}\n`);
}
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${count} seeds from ${from}: ${count - broken} held, ${broken} broke; ${blocks} stable blocks in ${seconds.toFixed(1)} s\n`);
process.exitCode = broken === 0 ? 0 : 1;
