// The same job as an OCI bundle (OCI runtime spec 1.1, config.json) for runc: namespaces for everything, no capability, no new
// privileges, a read-only root, and the kernel's own accounting where this machine has control groups.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { mostTasks } from './enclosure';
import type { Limits } from './limits';

export interface BundleOptions {
  readonly place: string; readonly rootfs: string; readonly folder: string;
  readonly commandLine: readonly string[]; readonly environment: Readonly<Record<string, string>>; readonly workingDirectory: string;
  readonly user: number; readonly limits: Limits;
}

const mebibyte = 1024 * 1024;

/** Writes the bundle; the command line starts it, and `cleanUp` takes away what a killed runtime leaves. */
export function runcBundle(options: BundleOptions): { readonly commandLine: readonly string[]; readonly alsoCounted: string; readonly limitsItself: true; kill(): void; cleanUp(): void } {
  const { place, rootfs } = options;
  const name = basename(place);
  const state = join(place, 'runc');
  writeFileSync(join(place, 'config.json'), JSON.stringify(configOf(options)));
  const ask = (...asked: readonly string[]): void => { spawnSync('runc', ['--root', state, ...asked], { stdio: 'ignore', timeout: 10_000 }); };
  return {
    commandLine: ['runc', '--root', state, 'run', '--bundle', place, name],
    alsoCounted: rootfs, limitsItself: true,
    kill() { ask('kill', name, 'KILL'); },
    cleanUp() { ask('delete', '--force', name); },
  };
}

/** Limits a little above the watchdog's, who can say what a job is stopped for. */
function configOf({ rootfs, folder, commandLine, environment, workingDirectory, user, limits }: BundleOptions): object {
  const { memoryMb, tasks, diskMb, cpuS } = limits;
  const limit = (type: string, most: number): object => ({ type, hard: most, soft: most });
  const mount = (destination: string, type: string, ...options: readonly string[]): object => ({ destination, type, source: type, options });
  return {
    ociVersion: '1.0.2', hostname: 'job', root: { path: rootfs, readonly: true },
    process: {
      terminal: false, user: { uid: user, gid: user }, args: commandLine, cwd: workingDirectory, noNewPrivileges: true,
      env: Object.entries({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/job', ...environment }).map(([key, value]) => `${key}=${value}`),
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
      rlimits: [
        limit('RLIMIT_NPROC', mostTasks(tasks)), limit('RLIMIT_FSIZE', diskMb * mebibyte), limit('RLIMIT_CORE', 0), limit('RLIMIT_NOFILE', 1024),
        limit('RLIMIT_DATA', Math.ceil(memoryMb * 1.25) * mebibyte), limit('RLIMIT_CPU', Math.ceil(cpuS)),
      ],
    },
    mounts: [
      mount('/proc', 'proc', 'nosuid', 'noexec', 'nodev'), mount('/dev', 'tmpfs', 'nosuid', 'mode=755', 'size=65536k'),
      mount('/tmp', 'tmpfs', 'nosuid', 'nodev', 'size=65536k', 'mode=1777'),
      { destination: '/job', type: 'bind', source: folder, options: ['rbind', 'rw', 'nosuid', 'nodev'] },
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
      resources: { memory: { limit: Math.ceil(memoryMb * 1.25) * mebibyte }, pids: { limit: mostTasks(tasks) }, devices: [{ allow: false, access: 'rwm' }] },
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/sched_debug', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}
