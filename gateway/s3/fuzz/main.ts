// npm run door-fuzz -- --seed N --runs N. A door of its own with six nodes, as the test beside this has it, under any number of requests.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, runs: { type: 'string', default: '2000' } } });
const root = join(__dirname, '..', '..', '..');
const { status } = spawnSync(process.execPath, [join(root, 'node_modules', 'jest', 'bin', 'jest.js'), '--forceExit', '--testTimeout=3600000', __dirname], {
  cwd: root, stdio: 'inherit', env: { ...process.env, DOOR_FUZZ_SEED: values.seed, DOOR_FUZZ_RUNS: values.runs },
});
process.exitCode = status ?? 1;
