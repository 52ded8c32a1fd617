// The main job on real data, through public doors only: `npm run loop --
// [--quick] [--topology process|services] [--data DIR] [--keep] [--until N] [--dir DIR]`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { allSteps } from './all-steps';
import { boot } from './boot';
import { startBus } from './broker';
import { digits, folderImages, type Images } from './images';
import { endAll, leaveRunning } from './processes';
import type { Report } from './report';
import { runStory } from './run-story';
import type { LoopContext } from './step';

const sizes = { full: { train: 600, heldOut: 500 }, quick: { train: 300, heldOut: 200 } } as const;
/** Any free port: the loop must not get in the way of a platform that runs already. */
const freePorts = { OORT_GRAPHQL_PORT: '0', OORT_S3_PORT: '0', OORT_INGEST_PORT: '0', OORT_CHAIN_PORT: '0' };

const { values: options } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false },
  topology: { type: 'string', default: 'process' }, data: { type: 'string' }, dir: { type: 'string' }, until: { type: 'string', default: '10' },
} });

async function main(report: Report): Promise<boolean> {
  const directory = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'oort-loop-')) : resolve(options.dir);
  mkdirSync(directory, { recursive: true });
  const images = imagesOf(report);
  const steps = allSteps().filter(({ number }) => number <= Number(options.until));
  let context: LoopContext | null = null;
  report.progress(`data in ${directory}`);
  const bus = options.topology === 'services' ? await startBus((line) => { report.progress(line); }) : null;
  for (const step of steps) {
    report.begin(step.number, step.title);
    try {
      context ??= await boot({ directory, quick: options.quick, images, report, ports: options.keep ? {} : freePorts, topology: options.topology, settings: bus?.environment ?? {} });
      await step.run(context);
    } catch (error) {
      report.broke(error);
      if (context === null) break;
    } finally {
      report.end();
    }
  }
  const held = report.summary();
  if (options.keep && context !== null) {
    process.stdout.write(`The platform keeps running: ${JSON.stringify(context.urls)}\nEnd it with Ctrl-C.\n`);
    leaveRunning();
    await new Promise((done) => { process.once('SIGINT', done); });
  }
  await endAll();
  await bus?.remove();
  if (held && options.dir === undefined) rmSync(directory, { recursive: true, force: true });
  return held;
}

function imagesOf(report: Report): Images {
  const { train, heldOut } = options.quick ? sizes.quick : sizes.full;
  if (options.data === undefined) return digits(train, heldOut);
  return folderImages(resolve(options.data), train, heldOut, (file, why) => { report.progress(`left out ${file}: ${why}`); });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  if (!options.keep || signal === 'SIGTERM') process.once(signal, () => { void endAll().then(() => process.exit(130)); });
}

runStory(main);
