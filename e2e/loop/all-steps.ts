import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Step } from './step';

/** The steps of the main job, in their order: each file of `steps/` that exports one. */
export function allSteps(): readonly Step[] {
  const folder = join(__dirname, 'steps');
  const modules = readdirSync(folder).filter((name) => /^\d\d-.*(?<!\.test)\.ts$/.test(name)).sort()
    .map((name) => require(join(folder, name)) as { readonly step?: Step });
  return modules.flatMap(({ step }) => (step === undefined ? [] : [step])).sort((one, other) => one.number - other.number);
}
