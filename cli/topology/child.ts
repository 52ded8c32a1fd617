// A service as a child process: its own group, so that Ctrl-C at a terminal reaches only who started it, and a channel, so that it
// ends when that one is killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Fault } from '@oort/kernel-wire';

export interface ServiceToStart {
  readonly name: string;
  /** From the root of the repository, and what follows it on the command line. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly log: string;
  /** Takes from a line what the service tells when it is ready. */
  readonly ready?: (line: string) => Ready | null;
}

export type Ready = Readonly<Record<string, unknown>>;

export interface Child {
  readonly name: string;
  readonly ready: Ready;
  readonly pid: number;
  /** Resolves with how it ended: a code or a signal. */
  readonly ended: Promise<number | string>;
  stop(): Promise<void>;
}

export class ServiceFailed extends Fault {}

const root = join(__dirname, '..', '..');
const startTimeoutMs = 120_000;
const graceMs = 10_000;
/** What a service needs of the surroundings; settings of others are none of its business. */
const inherited = [
  'PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_EXTRA_CA_CERTS', 'OORT_CHECKPOINT_MS', 'OORT_LIFECYCLE_DAY_SECONDS', 'OORT_ACCOUNT_QUOTAS',
  'OORT_PACKING', 'OORT_PACKING_AGE_SECONDS', 'OORT_PACKING_MIB', 'OORT_EDGE_REGION', 'OORT_ARCHIVE_BACKEND',
  ...['KEY_FILE', 'SERVICE_URL', 'CHAIN', 'DATA_SET_FILE', 'PAYEE'].map((name) => `OORT_FILECOIN_${name}`),
  ...['KEY_FILE', 'BUNDLER_URL', 'GATEWAY_URL'].map((name) => `OORT_ARWEAVE_${name}`),
];

/** Resolves when it is ready. Throws ServiceFailed with its own last words. */
export async function startChild(service: ServiceToStart): Promise<Child> {
  const { name, command, environment, log, ready = readyOf } = service;
  mkdirSync(dirname(log), { recursive: true });
  const out = openSync(log, 'a');
  const surroundings = Object.fromEntries(inherited.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])));
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', ...command], {
    cwd: root, detached: true, stdio: ['ignore', 'pipe', out, 'ipc'],
    env: { ...surroundings, APOLLO_TELEMETRY_DISABLED: '1', ...environment },
  });
  closeSync(out);
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => { resolve(code ?? signal ?? 1); });
    child.once('error', () => { resolve(1); });
  });
  return { name, ready: await readyLineOf(child, ended, { name, log, ready }), pid: child.pid ?? 0, ended, stop: () => stop(child, ended) };
}

function readyLineOf(child: ChildProcess, ended: Promise<number | string>, { name, log, ready }: Required<Pick<ServiceToStart, 'name' | 'log' | 'ready'>>): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new ServiceFailed('SERVICE_NOT_READY', `${name} is not ready after ${startTimeoutMs / 1000} s; see ${log}`));
    }, startTimeoutMs);
    void ended.then((how) => {
      clearTimeout(timer);
      reject(new ServiceFailed('SERVICE_ENDED', `${name} ended with ${how}: ${lastWords(log)}`));
    });
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = ready(line);
      if (told === null) return;
      clearTimeout(timer);
      resolve(told);
    });
  });
}

function readyOf(line: string): Ready | null {
  if (!line.startsWith('{')) return null;
  try {
    const value = JSON.parse(line) as Ready;
    return value['ready'] === true ? value : null;
  } catch {
    return null;
  }
}

export function lastWords(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const force = setTimeout(() => { child.kill('SIGKILL'); }, graceMs);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(force);
}
