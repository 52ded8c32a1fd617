// Adversaries against Proof of Honesty, on one platform and thirteen nodes, through public doors: each is caught or made harmless, and the
// chain shows it. `npm run adversaries -- [--dir DIR]`; some minutes.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { endAll } from '../loop/processes';
import { createReport, type Report } from '../loop/report';
import { cheats } from './cheats';
import { idleOfficer } from './idle-officer';
import { otherWork } from './other-work';
import { searcher } from './searcher';
import { setStage } from './stage';
import { Traffic } from './traffic';

const { values: options } = parseArgs({ options: { dir: { type: 'string' } } });

async function main(report: Report): Promise<boolean> {
  const directory = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'oort-adversaries-')) : resolve(options.dir);
  mkdirSync(directory, { recursive: true });
  report.progress(`data in ${directory}`);
  report.begin(1, 'A platform whose officer leaks, and thirteen nodes');
  const leak = join(directory, 'leaked-phantoms');
  const stage = await setStage(directory, { OORT_OFFICER_FAULT: 'phantoms-leaked', OORT_OFFICER_FAULT_FILE: leak }, report);
  report.end();
  const traffic = new Traffic(stage);
  for (const act of [...cheats(leak), searcher, idleOfficer, otherWork]) {
    report.begin(act.number, act.title);
    await act.run(stage, traffic);
    report.end();
  }
  await endAll();
  const held = report.summary();
  if (held && options.dir === undefined) rmSync(directory, { recursive: true, force: true });
  return held;
}

main(createReport((line) => { process.stdout.write(`${line}\n`); })).then(
  (held) => { process.exit(held ? 0 : 1); },
  async (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    await endAll();
    process.exit(1);
  },
);
