// A start either comes up or ends at once with one line that says why; and whoever ends it leaves nothing behind.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cli, end, endAll } from '../loop/processes';
import { expectRefused, oort, processesOf } from './start';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const onlyLinux = process.platform === 'linux' ? it : it.skip;

let place = '';
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'oort-starts-'));
  // PostgreSQL, as a user of its own when this runs as root, shall find its files in here.
  chmodSync(place, 0o755);
});
afterAll(async () => {
  await endAll();
  rmSync(place, { recursive: true, force: true });
});

describe('a start that cannot go on says why in one line', () => {
  it('an option that does not exist', async () => {
    expectRefused(await oort(['up', '--data', join(place, 'unknown'), '--nope']).ended, /--nope/);
    expect(existsSync(join(place, 'unknown'))).toBe(false);
  });

  it.each([
    ['an option without its value', ['up', '--data'], {}, /--data/],
    ['a port that is none', ['up'], { OORT_S3_PORT: '70000' }, /OORT_S3_PORT is not a port: 70000/],
    ['agents of no kind', ['up', '--agents', 'hyper=3'], {}, /--agents .* not "hyper=3"/],
    ['a command that does not exist', ['dance'], {}, /no command "dance"/],
  ])('%s', async (_, commandLine, environment, cause) => {
    expectRefused(await oort(commandLine, { environment }).ended, cause);
  });

  it('a busy port, before anything is made', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => { holder.once('listening', resolve); });
    const { port } = holder.address() as AddressInfo;
    try {
      const ended = await oort(['up', '--data', join(place, 'busy')], { environment: { OORT_INGEST_PORT: String(port) } }).ended;
      expectRefused(ended, new RegExp(`port ${port} is taken`));
      expect(existsSync(join(place, 'busy'))).toBe(false);
    } finally {
      holder.close();
    }
  });

  it('a file of S3 accounts that is not there, before anything is kept', async () => {
    const environment = { OORT_GRAPHQL_PORT: '0', OORT_S3_PORT: '0', OORT_INGEST_PORT: '0', OORT_CHAIN_PORT: '0', OORT_S3_ACCOUNTS: '/nowhere/accounts.json' };
    const ended = await oort(['up', '--data', join(place, 'accounts')], { environment }).ended;
    expectRefused(ended, /\/nowhere\/accounts\.json cannot be used as S3 accounts: ENOENT/);
    expect(readdirSync(join(place, 'accounts'))).toEqual([]);
  });

  it('a data directory that is a file', async () => {
    expectRefused(await oort(['up', '--data', __filename]).ended, /starts-or-says-why\.test\.ts/);
  });

  // As root it runs as nobody, who must be able to read the program: a checkout in a closed home cannot show it.
  (isRoot && !isOpenToAll(cli) ? it.skip : it)('a data directory without permission', async () => {
    const closed = join(place, 'closed');
    mkdirSync(closed, { mode: 0o555 });
    // Root may write anywhere, so as root the platform is started as nobody.
    expectRefused(await oort(['up', '--data', closed], isRoot ? { uid: nobody } : {}).ended, /no permission for .*closed/);
  });

  // Without root no file system can be mounted, and filling a real disk would harm the machine.
  (isRoot ? onlyLinux : it.skip).each([['before the log can be opened', '16k'], ['before PostgreSQL can make its files', '4m']])('a full disk, %s', async (_, size) => {
    const disk = join(place, `disk-${size}`);
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
    try {
      expectRefused(await oort(['up', '--data', join(disk, 'data')]).ended, /the disk is full/);
      expect(processesOf(disk)).toEqual([]);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

onlyLinux('a second instance is kept out, a killed one is taken over, and Ctrl-C leaves no process behind', async () => {
  const data = join(place, 'data');
  const first = oort(['up', '--data', data, '--json']);
  expect(await first.ready).not.toBeNull();
  expectRefused(await oort(['up', '--data', data, '--json']).ended, /process \d+ has the event store in .*data.events open/);

  await end(first.child, 'SIGKILL');
  const orphan = Number(readFileSync(join(data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  expect(processesOf(data)).toContain(orphan);

  const second = oort(['up', '--data', data, '--json', '--agents', 'edge=1']);
  expect(await second.ready).not.toBeNull();
  expect(processesOf(data)).toContain(orphan);
  await agentRuns(join(data, 'agents'));
  second.child.kill('SIGINT');
  expect(await second.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(processesOf(data)).toEqual([]);

  const third = oort(['up', '--data', data, '--json']);
  expect(await third.ready).not.toBeNull();
  third.child.kill('SIGINT');
  expect(await third.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(processesOf(data)).toEqual([]);
}, 120_000);

function isOpenToAll(file: string): boolean {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o005) !== 0o005) return false;
  }
  return true;
}

async function agentRuns(directory: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (processesOf(directory).length === 0 && Date.now() < deadline) await new Promise((resolve) => { setTimeout(resolve, 100); });
  expect(processesOf(directory)).not.toEqual([]);
}
