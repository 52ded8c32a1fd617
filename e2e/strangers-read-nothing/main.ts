// After the main job, strangers read every door to the last page: nothing that an event keeps from them may be there.
// Then wrong input is thrown at each door: each answers in its own words, nothing breaks, nothing half done stays.
// `npm run strangers -- [--dir DIR] [--seed N] [--topology process|services]`
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { allSteps } from '../loop/all-steps';
import { boot } from '../loop/boot';
import { startBus } from '../loop/broker';
import { digits } from '../loop/images';
import { endAll } from '../loop/processes';
import type { Report } from '../loop/report';
import { runStory } from '../loop/run-story';
import type { LoopContext } from '../loop/step';
import { wrongAtChain } from './chain-wrong';
import { wrongAtGraphql } from './graphql-wrong';
import { wrongAtIngest } from './ingest-wrong';
import { checkLog, checkReaders, secretsOf } from './secrets';
import { readEveryDoor, type Reader } from './readers';
import { wrongAtS3 } from './s3-wrong';
import { strangersOf } from './strangers';

const { values: options } = parseArgs({ options: { dir: { type: 'string' }, seed: { type: 'string', default: '1' }, topology: { type: 'string', default: 'process' } } });
const freePorts = { OORT_GRAPHQL_PORT: '0', OORT_S3_PORT: '0', OORT_INGEST_PORT: '0', OORT_CHAIN_PORT: '0' };
const images = { train: 300, heldOut: 200 };

async function main(report: Report): Promise<boolean> {
  const directory = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'oort-strangers-')) : resolve(options.dir);
  mkdirSync(directory, { recursive: true });
  report.progress(`data in ${directory}`);
  let context: LoopContext | null = null;
  const bus = options.topology === 'services' ? await startBus((line) => { report.progress(line); }) : null;
  for (const step of allSteps()) {
    report.begin(step.number, step.title);
    context ??= await boot({ directory, quick: true, images: digits(images.train, images.heldOut), report, ports: freePorts, topology: options.topology, settings: bus?.environment ?? {} });
    await step.run(context);
    report.end();
  }
  if (context === null) return false;
  const readers = await asStrangers(context, report);
  await endAll();
  await bus?.remove();

  report.begin(13, 'What they read, beside what the log keeps');
  const platform = join(directory, 'platform');
  const secrets = await secretsOf(platform);
  report.made('secrets in events that are not public', secrets.length);
  checkReaders(secrets, readers, report);
  checkLog(secrets, join(platform, 'events'), report);
  report.end();
  const held = report.summary();
  if (held && options.dir === undefined) rmSync(directory, { recursive: true, force: true });
  return held;
}

async function asStrangers(context: LoopContext, report: Report): Promise<readonly Reader[]> {
  const strangers = await strangersOf(context);
  report.begin(11, 'Strangers read every door');
  const readers = await readEveryDoor(context, strangers, report);
  report.end();
  report.begin(12, 'Wrong input at every door');
  await wrongAtGraphql(context, strangers, report, Number(options.seed));
  await wrongAtS3(context, strangers, report);
  await wrongAtIngest(context, strangers, report);
  await wrongAtChain(context, report);
  report.end();
  return readers;
}

runStory(main);
