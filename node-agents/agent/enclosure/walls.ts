// The walls that this machine can build, tried and not believed: bubblewrap needs user namespaces, runc needs more, and inside many
// containers neither is to be had.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxLevel } from '@oort/schema/job-spec';

const house = join(__dirname, '..', '..', '..');
const mebibyte = 1024 * 1024;

export interface Inside {
  /** Bound to /job, and all that can be written but /tmp. */
  readonly folder: string;
  /** A root file system of its own; null for the host's programs, read-only. */
  readonly rootfs: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Below the folder or of the root file system. */
  readonly workingDirectory: string;
}

/** bubblewrap(1): namespaces of its own for everything, network included; no capability, nothing of the host's but programs. */
export function bubblewrapped({ folder, rootfs, environment, workingDirectory }: Inside): readonly string[] {
  const empty = ['--size', String(64 * mebibyte), '--tmpfs', '/tmp'];
  // The platform itself may lie below /tmp.
  const root = rootfs === null ? [...empty, ...hostPrograms()] : ['--bind', rootfs, '/', ...empty];
  return [
    'bwrap', '--unshare-user', '--unshare-all', '--disable-userns', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--clearenv', '--hostname', 'job',
    ...Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/job', ...environment }).flatMap(([name, value]) => ['--setenv', name, value]),
    ...root, '--dev', '/dev', '--size', String(16 * mebibyte), '--tmpfs', '/dev/shm', '--proc', '/proc',
    '--bind', folder, '/job', '--remount-ro', '/dev', '--remount-ro', '/', '--chdir', workingDirectory, '--',
  ];
}

/** Programs and libraries and this very agent's code, but neither /etc nor anybody's home, nor the data of a platform that runs from here. */
export function hostPrograms(): readonly string[] {
  const places = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64'].filter((place) => existsSync(place)).flatMap((place) => (
    lstatSync(place).isSymbolicLink() ? ['--symlink', readlinkSync(place), place] : ['--ro-bind', place, place]));
  return [...places, ...agentPrograms()];
}

export function agentPrograms(): readonly string[] {
  const node = process.execPath.startsWith('/usr/') ? [] : ['--ro-bind', process.execPath, process.execPath];
  const [modules, data] = [join(house, 'node_modules'), join(house, '.oort')];
  return [...node, '--ro-bind', house, house, ...(existsSync(modules) ? ['--ro-bind', modules, modules] : []), ...(existsSync(data) ? ['--tmpfs', data] : [])];
}

/** Who the program runs as outside of its wall. Root is exempt from limits on tasks, so root's jobs run as users that nobody else is:
 *  the range that systemd keeps for such. */
export function jobUser(): number | null {
  if (process.getuid?.() !== 0) return null;
  lastUser = lastUser >= 65_519 ? 61_184 : lastUser + 1;
  return lastUser;
}
let lastUser = 61_183 + (process.pid % 4000);

let level: SandboxLevel | null = null;

/** The strongest wall for foreign programs; `process` is none, and then only ONNX graphs run. */
export function strongestWall(): SandboxLevel {
  level ??= !worksWithBubblewrap() ? 'process' : hasRunc() ? 'oci' : 'bubblewrap';
  return level;
}

export function hasRunc(): boolean {
  return process.getuid?.() === 0 && spawnSync('runc', ['--version'], { stdio: 'ignore' }).status === 0;
}

function worksWithBubblewrap(): boolean {
  if (process.platform !== 'linux' || spawnSync('prlimit', ['--version'], { stdio: 'ignore' }).status !== 0) return false;
  const user = jobUser();
  const [command = 'bwrap', ...rest] = bubblewrapped({ folder: '/usr', rootfs: null, environment: {}, workingDirectory: '/' });
  const tried = spawnSync(command, [...rest, process.execPath, '-e', '0'], {
    env: { PATH: process.env['PATH'] }, stdio: 'ignore', timeout: 10_000, ...(user === null ? {} : { uid: user, gid: user }) });
  return tried.status === 0;
}
