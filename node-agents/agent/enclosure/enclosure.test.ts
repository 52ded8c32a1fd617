// Programs that behave as badly as they can, behind the real wall. Skipped where bubblewrap cannot be had.
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectArtifacts, artifactsRoot } from './artifacts';
import { openControlGroup } from './cgroup';
import { runEnclosed, type Ended, type EnclosedRun } from './enclosure';
import { defaultLimits, type Limits } from './limits';
import { bubblewrapped, jobUser, strongestWall } from './walls';

const walled = strongestWall() === 'process' ? describe.skip : describe;
const directory = mkdtempSync(join(tmpdir(), 'oort-enclosure-'));
const secret = join(directory, 'identity.json');
writeFileSync(secret, 'key');
afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

interface Said { readonly lines: string[]; readonly folder: string }

async function enclosed(script: string, change: Partial<Limits> = {}, more: Partial<EnclosedRun> = {}): Promise<Ended & Said> {
  const folder = mkdtempSync(join(tmpdir(), 'oort-job-'));
  const user = jobUser();
  if (user !== null) chownSync(folder, user, user);
  const lines: string[] = [];
  const wall = bubblewrapped({ folder, rootfs: null, environment: {}, workingDirectory: '/job' });
  try {
    const ended = await runEnclosed({
      name: 'test', commandLine: [...wall, '/bin/sh', '-c', script], folder, user, signal: new AbortController().signal, log: (line) => { lines.push(line); },
      limits: { ...defaultLimits, wallMs: 15_000, ...change }, ...more,
    });
    return { ...ended, lines, folder };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const node = (code: string): string => `exec '${process.execPath}' -e "${code}"`;

walled('behind the wall', () => {
  it('a program works, prints, and writes into its folder', async () => {
    const { lines, peakTasks } = await enclosed('echo hello; echo world >&2; echo data > out; cat out');
    expect(lines.sort()).toEqual(['data', 'hello', 'world']);
    expect(peakTasks).toBeLessThan(20);
  });

  it('one that forks without end is stopped by its name, and others are not disturbed', async () => {
    const [bomb, neighbour] = await Promise.allSettled([
      enclosed('f() { f | f & f; }; f', { tasks: 64 }), enclosed('for i in 1 2 3 4 5 6 7 8; do sleep 0.05; /bin/true; done; echo fine'),
    ]);
    expect(bomb).toMatchObject({ status: 'rejected', reason: { code: 'TASK_LIMIT' } });
    expect(neighbour).toMatchObject({ status: 'fulfilled', value: { lines: ['fine'] } });
  });

  it.each([
    ['one large file', 'head -c 64M /dev/zero > big'],
    ['many small files', 'i=0; while :; do echo x > f$i; i=$((i+1)); done'],
    ['files of a middling size', 'for i in 1 2 3 4 5 6 7 8 9; do head -c 4M /dev/zero > f$i; done; sleep 20'],
  ])('one that fills the disk by %s is stopped by its name', async (_, script) => {
    await expect(enclosed(script, { diskMb: 8 })).rejects.toMatchObject({ code: 'DISK_LIMIT' });
  });

  it('one that eats memory is stopped by its name', async () => {
    await expect(enclosed(node('const kept = []; for (;;) kept.push(Buffer.alloc(4 << 20, 1));'), { memoryMb: 256 })).rejects.toMatchObject({ code: 'MEMORY_LIMIT' });
  });

  it('several that eat it together are too', async () => {
    const eater = `'${process.execPath}' -e "const kept = []; const eat = () => { if (kept.length < 30) kept.push(Buffer.alloc(4 << 20, 1)); setTimeout(eat, 10); }; eat();"`;
    await expect(enclosed(`${eater} & ${eater} & ${eater} & wait`, { memoryMb: 300 })).rejects.toMatchObject({ code: 'MEMORY_LIMIT' });
  });

  it('one that never ends is stopped by its name, idle or busy', async () => {
    await expect(enclosed('sleep 60', { wallMs: 200 })).rejects.toMatchObject({ code: 'TIME_LIMIT' });
    await expect(enclosed('while :; do :; done', { cpuS: 1 })).rejects.toMatchObject({ code: 'TIME_LIMIT' });
  });

  it('one that prints without end is stopped by its name', async () => {
    await expect(enclosed('while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done', { logMb: 1 })).rejects.toMatchObject({ code: 'LOG_LIMIT' });
  });

  it('one that is told to stop leaves nobody behind', async () => {
    const stop = new AbortController();
    setTimeout(() => { stop.abort(); }, 200);
    const marker = `sleep 4242.${process.pid}`;
    await expect(enclosed(`${marker} & ${marker}`, {}, { signal: stop.signal })).rejects.toMatchObject({ code: 'STOPPED' });
    const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => commandOf(pid).includes(marker.replace(' ', '\0')));
    expect(left).toEqual([]);
  });

  it('nothing of the host is seen or written but programs', async () => {
    const tries = [
      `cat ${secret}`, 'cat /etc/passwd', 'ls /home', 'ls /root', 'echo x > /escaped', 'echo x > /usr/escaped', 'mkdir /dev/x', `echo x > ${join(__dirname, 'escaped')}`,
      'mount -t tmpfs none /usr', 'unshare -U true', 'chmod u+s /usr/bin/env',
    ];
    const { lines } = await enclosed(tries.map((one) => `if ${one} 2>/dev/null >/dev/null; then echo "could: ${one.split(' ')[0] ?? ''} ${one.slice(-12)}"; fi`).join('\n'));
    expect(lines.filter((line) => line.startsWith('could'))).toEqual([]);
  });

  it('there is no network', async () => {
    const { lines } = await enclosed(node("require('net').connect(80, '1.1.1.1').on('error', (error) => console.log(error.code)); console.log(Object.keys(require('os').networkInterfaces()).join())"));
    expect(lines).toContain('ENETUNREACH');
    expect(lines).not.toContain('eth0');
  });

  it('a program that fails says with what', async () => {
    await expect(enclosed('echo because >&2; exit 3')).rejects.toMatchObject({ code: 'JOB_EXITED', message: expect.stringContaining('status 3: because') as string });
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

describe('artifacts', () => {
  const folder = join(directory, 'artifacts');
  mkdirSync(join(folder, 'out'), { recursive: true });
  writeFileSync(join(folder, 'out', 'a'), 'one');
  writeFileSync(join(folder, 'out', 'b'), 'two');
  symlinkSync(secret, join(folder, 'link'));
  symlinkSync(directory, join(folder, 'way'));
  const store = (bytes: Buffer): Promise<string> => Promise.resolve(`id of ${bytes.toString()}`);

  it('are the files of the named outputs, with one root over all', async () => {
    const artifacts = await collectArtifacts(folder, ['out'], store);
    expect(artifacts).toEqual([{ path: 'out/a', contentId: 'id of one', bytes: 3 }, { path: 'out/b', contentId: 'id of two', bytes: 3 }]);
    expect(artifactsRoot(artifacts)).not.toBe(artifactsRoot(artifacts.slice(1)));
  });

  it.each([['link', 'FOLDER_ESCAPED'], ['way/identity.json', 'FOLDER_ESCAPED'], ['nothing', 'OUTPUT_MISSING']])('are not %s: %s', async (path, code) => {
    await expect(collectArtifacts(folder, [path], store)).rejects.toMatchObject({ code });
  });
});

describe('a control group', () => {
  it('is none where nothing was delegated, and a folder with limits where it was', () => {
    expect(openControlGroup('a', defaultLimits, '')).toBeNull();
    expect(openControlGroup('a', defaultLimits, join(directory, 'nowhere'))).toBeNull();
    const root = join(directory, 'cgroup');
    mkdirSync(root);
    const group = openControlGroup('a', defaultLimits, root);
    writeFileSync(join(root, 'oort-a', 'memory.events'), 'low 0\noom_kill 1\n');
    expect(group?.entrance).toBe(join(root, 'oort-a', 'cgroup.procs'));
    expect(group?.stopped()).toBe('MEMORY_LIMIT');
  });
});
