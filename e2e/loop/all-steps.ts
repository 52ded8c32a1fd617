import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Step } from './step';

/** The steps of the main job, in their order: each file of `steps/` that exports one. */
export async function allSteps(): Promise<readonly Step[]> {
  const folder = join(__dirname, 'steps');
  const modules = await Promise.all(readdirSync(folder).filter((name) => /^\d\d-.*(?<!\.test)\.ts$/.test(name)).sort()
    .map((name) => import(pathToFileURL(join(folder, name)).href) as Promise<{ readonly step?: Step }>));
  return modules.flatMap(({ step }) => (step === undefined ? [] : [step])).sort((one, other) => one.number - other.number);
}
