// `npm run boto3 -- WORD`: what Amazon documents of S3, as checks of its own SDK for Python, against a door and six nodes, each a process. A word
// limits them to those whose names have it. boto3 comes from PyPI into a folder that is removed again; without Python or PyPI it is named as missing.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultyPlatform } from '../storage-faults/platform';

const version = '1.44.5';
const daySeconds = '1';

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-boto3-'));
  const accounts = join(directory, 'accounts.json');
  writeFileSync(accounts, JSON.stringify({ accounts: [account('main', 'Main', 'a'), account('alt', 'Alt', 'b')] }));
  try {
    const python = await installed(directory);
    if (python === null) return void process.stdout.write(`boto3 ${version}: missing here (python3 with venv, and PyPI, are needed)\n`);
    // The door is a process, and told by its environment as any other.
    Object.assign(process.env, { OORT_S3_ACCOUNTS: accounts, OORT_LIFECYCLE_DAY_SECONDS: daySeconds });
    const platform = await FaultyPlatform.start(6, 600_000);
    await platform.addNode('archive');
    const env = { ...withoutAws(), OORT_S3_URL: platform.url, OORT_DAY_SECONDS: daySeconds, OORT_RUN: `run-${Date.now().toString(36)}`, AWS_EC2_METADATA_DISABLED: 'true', PYTHONDONTWRITEBYTECODE: '1' };
    process.exitCode = await run(python, [join(__dirname, 'checks', 'run.py'), ...process.argv.slice(2)], env).finally(() => platform.close());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function account(id: string, displayName: string, letter: string): object {
  return { id, canonicalId: letter.repeat(64), displayName, email: `${id}@example.com`, keys: [{ accessKeyId: `AKIA${id.toUpperCase()}`, secretAccessKey: `${id} secret` }] };
}

/** The Python that has it, or null. */
async function installed(directory: string): Promise<string | null> {
  const python = join(directory, 'venv', 'bin', 'python');
  if (await run('python3', ['-m', 'venv', join(directory, 'venv')], process.env) !== 0) return null;
  return await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `boto3==${version}`], process.env) === 0 ? python : null;
}

/** What the machine says of Amazon's own cloud is not about this door. */
function withoutAws(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
}

/** Its code; -1 where it could not be started. */
function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    spawn(file, args, { env, stdio: 'inherit' }).on('error', () => { resolve(-1); }).on('close', (code) => { resolve(code ?? -1); });
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
});
