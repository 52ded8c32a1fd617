// `npm run telemetry-outage -- --minutes 10`: the broker really is away for so long.
import { parseArgs } from 'node:util';
import { whyNoKafka } from '@oort/kernel-telemetry/kafka-broker';
import { outage } from './story';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, agents: { type: 'string', default: '4' } } });
  const why = whyNoKafka();
  if (why !== null) {
    process.stdout.write(`not run: ${why}\n`);
    return;
  }
  const outcome = await outage({
    outageMs: Number(values.minutes) * 60_000, agents: Number(values.agents), everyMs: 50, tell: (line) => { process.stdout.write(`${line}\n`); } });
  const { recorded, lost, doubled, missing, dropped, epochs, deadLetters, caughtUpMs } = outcome;
  const holds = lost === 0 && doubled === 0 && missing === 0 && dropped === 0 && epochs === 0 && deadLetters === 0;
  process.stdout.write(`${holds ? 'holds' : 'BROKEN'}: ${recorded} recorded, ${lost} lost, ${doubled} counted twice, ${missing} envelopes missing, ${dropped} given up, `
    + `${epochs} chains begun anew, ${deadLetters} dead letters; everything was there ${(caughtUpMs / 1000).toFixed(1)} s after the broker was back\n`);
  process.exitCode = holds ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
});
