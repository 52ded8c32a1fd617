// The steps of docker/oort.Dockerfile as plain commands in an empty folder, since there is no container engine here: COPY takes
// what git does not ignore, absolute paths lie below the folder, and the base image is this machine with its Node.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { Fault } from '@oort/kernel-wire';

class StepUnknown extends Fault {
  constructor(step: string) { super('STEP_UNKNOWN', `this check does not know the step: ${step}`); }
}

const root = join(__dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'oort-image-'));
const environment: Record<string, string | undefined> = { PATH: process.env['PATH'], HOME: process.env['HOME'], npm_config_cache: process.env['npm_config_cache'] };
const inside = (path: string): string => join(folder, path);
let workingDirectory = '/';
let entry: readonly string[] = [];

/** Answers what it ran, for people. */
function step(line: string): void {
  const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/s.exec(line) ?? [];
  switch (instruction) {
    case 'FROM': return tell(`${line}   (here: Node ${process.version})`);
    case 'USER': return tell(`${line}   (here: ${userInfo().username})`);
    case 'WORKDIR': workingDirectory = rest; mkdirSync(inside(rest), { recursive: true }); return tell(line);
    case 'ENV': for (const [, name = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) environment[name] = value; return tell(line);
    case 'COPY': copy(rest); return tell(line);
    case 'RUN': return run(rest);
    case 'ENTRYPOINT': entry = JSON.parse(rest) as string[]; return tell(line);
    case 'CMD': return run([...entry, ...JSON.parse(rest) as string[]].join(' '));
    default: throw new StepUnknown(line);
  }
}

function copy(paths: string): void {
  if (paths !== '. .') throw new StepUnknown(`COPY ${paths}`);
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  for (const file of files.split('\0').filter((name) => name !== '')) {
    const target = join(inside(workingDirectory), file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, file), target, { force: true });
  }
}

function run(command: string): void {
  tell(`RUN ${command}`);
  const { uid, gid } = userInfo();
  const here = command.replaceAll(/(^|\s)\/(?=\w)/g, `$1${folder}/`).replaceAll('node:node', `${uid}:${gid}`);
  execFileSync('sh', ['-c', here], { cwd: inside(workingDirectory), env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
}

function tell(line: string): void { process.stdout.write(`${line}\n`); }

try {
  const steps = readFileSync(join(root, 'docker', 'oort.Dockerfile'), 'utf8').replaceAll('\\\n', ' ').split('\n');
  for (const line of steps.filter((text) => text.trim() !== '' && !text.startsWith('#'))) step(line.trim());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
