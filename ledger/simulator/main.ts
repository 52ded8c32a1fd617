// `npm run sim -- --seeds N [--from S]`: runs the seeds S to S + N - 1, prints each that breaks with all that repeats it.
// `--real N`: with the real signatures and the real executor. `--break safety|liveness`: one fault more than the rules survive.
import { parseArgs } from 'node:util';
import { breaksLiveness, breaksSafety } from './breaking';
import { scenarioOf } from './seeds';
import { simulate, simulateReal } from './simulate';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' }, from: { type: 'string', default: '1' }, real: { type: 'string' }, break: { type: 'string' },
  },
});

async function seeds(count: number, from: number, real: boolean): Promise<void> {
  const started = performance.now();
  let [broken, blocks] = [0, 0];
  for (let seed = from; seed < from + count; seed += 1) {
    const scenario = scenarioOf(seed);
    const outcome = real ? await simulateReal(scenario) : simulate(scenario);
    blocks += outcome.stableBlocks;
    if (outcome.broken.length === 0) continue;
    broken += 1;
    process.stdout.write(`${JSON.stringify(scenario)}\n  ${outcome.broken.join('\n  ')}\n`);
  }
  const seconds = (performance.now() - started) / 1000;
  const engine = real ? 'real signatures and executor' : 'stand-ins';
  process.stdout.write(
    `${count} seeds from ${from}, ${engine}: ${count - broken} held, ${broken} broke; ${blocks} stable blocks in ${seconds.toFixed(1)} s\n`);
  process.exitCode = broken === 0 ? 0 : 1;
}

if (values.break !== undefined) {
  const scenario = values.break === 'liveness' ? breaksLiveness : breaksSafety;
  process.stdout.write(`${JSON.stringify(scenario)}\n  ${simulate(scenario).broken.join('\n  ')}\n`);
} else {
  void seeds(Number(values.real ?? values.seeds), Number(values.from), values.real !== undefined);
}
