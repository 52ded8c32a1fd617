// `npm run storage-faults -- --seconds 10 --rounds 5 --largest 256`: sizes from 1 KiB to so many MiB.
import { parseArgs } from 'node:util';
import { FaultStory } from './story';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: {
    seconds: { type: 'string', default: '10' }, rounds: { type: 'string', default: '5' }, largest: { type: 'string', default: '64' },
  } });
  const largest = Number(values.largest) * 1024 * 1024;
  const sizes = [1024, 64 * 1024, 65_537, 1_000_003, 16 * 1024 * 1024 + 1, largest].filter((size) => size <= largest);
  const story = await FaultStory.start({
    sizes, faultMs: Number(values.seconds) * 1000, rounds: Number(values.rounds), tell: (line) => { process.stdout.write(`${line}\n`); } });
  try {
    await story.threeKilled();
    await story.twoKilledAtOnce();
    await story.liar('flips');
    await story.liar('lies');
    await story.hanging();
    await story.slow();
    await story.doorKilled();
    await story.lyingClients();
    await story.clean();
    const { acknowledged, lost, wrong, broken } = story.outcome();
    for (const line of [...lost, ...wrong, ...broken]) process.stdout.write(`  ${line}\n`);
    const holds = lost.length + wrong.length + broken.length === 0;
    process.stdout.write(`${holds ? 'holds' : 'BROKEN'}: ${acknowledged} objects acknowledged, ${lost.length} lost, ${wrong.length} wrong answers, ${broken.length} checks broken\n`);
    process.exitCode = holds ? 0 : 1;
  } finally {
    await story.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
});
