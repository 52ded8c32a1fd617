// Runs a foreign program behind a wall, and stops it when it uses more than it may. The kernel's own limits come first (control
// group or RLIMITs), a watchdog sums up what they count singly: memory of all its processes, bytes in its folder.
import { spawn, type ChildProcess } from 'node:child_process';
import { opendirSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { openControlGroup } from './cgroup';
import { JobExited, JobStopped, type Limits, type StopReason } from './limits';
import { tasksOfUser, usageBelow } from './processes';

export interface EnclosedRun {
  readonly name: string;
  /** With its wall in front. */
  readonly commandLine: readonly string[];
  readonly folder: string;
  /** What counts as written by it, beside its folder. */
  readonly alsoCounted?: string;
  readonly limits: Limits;
  /** Of the limits' memory what runs the program needs for itself. */
  readonly interpreterMb?: number;
  readonly user: number | null;
  readonly signal: AbortSignal;
  log(line: string): void;
  /** For a wall that outlives its first process. */
  kill?(): void;
  /** The wall itself sets the limits of each process. */
  readonly limitsItself?: boolean;
  /** What it ends with when it finds that it was given no more memory. */
  readonly outOfMemoryStatus?: number;
}

export interface Ended { readonly peakMemoryMb: number; readonly peakTasks: number; readonly durationMs: number }

const mebibyte = 1024 * 1024;
const lookMs = 10;
/** Walking a folder costs more than reading a few processes. */
const looksPerWalk = 10;
const signalNumbers: Readonly<Record<string, number>> = { SIGXCPU: 24, SIGXFSZ: 25, SIGKILL: 9 };

/** Resolves when it ended with status 0. Throws JobStopped, JobExited. */
export async function runEnclosed(run: EnclosedRun): Promise<Ended> {
  const { limits, interpreterMb = 0, signal } = run;
  const started = performance.now();
  const group = openControlGroup(run.name, limits);
  const child = launch(run, group?.entrance ?? null);
  let stopped: StopReason | null = null;
  const stop = (reason: StopReason): void => {
    stopped ??= reason;
    group?.kill();
    run.kill?.();
    // The wall's first process takes its whole namespace with it.
    child.kill('SIGKILL');
  };
  const watch = watchOver(child, run, stop);
  const timer = setTimeout(() => { stop('TIME_LIMIT'); }, limits.wallMs);
  const abort = (): void => { stop('STOPPED'); };
  signal.addEventListener('abort', abort);
  const logged = readLog(child, limits, run.log, stop);
  try {
    const status = await statusOf(child);
    const peaks = watch.end();
    const reason = group?.stopped() ?? stopped ?? reasonOf(status, { ...peaks, tail: logged.tail() }, run);
    if (reason !== null) throw new JobStopped(reason, said(reason, { ...limits, memoryMb: limits.memoryMb - interpreterMb }));
    if (status !== 0) throw new JobExited(status, logged.tail());
    return { ...peaks, durationMs: performance.now() - started };
  } finally {
    watch.end();
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    group?.remove();
  }
}

function launch({ commandLine, limits, user, limitsItself = false }: EnclosedRun, entrance: string | null): ChildProcess {
  const { memoryMb, diskMb, tasks, cpuS } = limits;
  const allowed = [
    // Of each process: the sum is the watchdog's.
    `--data=${Math.ceil(memoryMb * 1.25) * mebibyte}`, `--fsize=${diskMb * mebibyte}`, `--cpu=${Math.ceil(cpuS)}:${Math.ceil(cpuS) + 2}`, '--core=0', '--nofile=1024',
    // Far more than is allowed, and harmless: a program that is refused a fork often ends by itself before it is seen, and nobody
    // would know what of.
    `--nproc=${mostTasks(tasks) + (user === null ? tasksOfUser() : 0)}`,
  ];
  const limited = limitsItself ? commandLine : ['prlimit', ...allowed, '--', ...commandLine];
  const [command = 'prlimit', ...rest] = entrance === null ? limited : ['sh', '-c', 'echo $$ > "$0" && exec "$@"', entrance, ...limited];
  return spawn(command, rest, {
    env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'pipe'], ...(user === null ? {} : { uid: user, gid: user }),
  });
}

/** What the kernel itself refuses. */
export function mostTasks(tasks: number): number {
  return Math.max(8 * tasks, 2048);
}

interface Peaks { readonly peakMemoryMb: number; readonly peakTasks: number }

function watchOver(child: ChildProcess, { limits, folder, alsoCounted }: EnclosedRun, stop: (reason: StopReason) => void): { end(): Peaks } {
  let [memory, tasks, looks] = [0, 0, 0];
  const look = (): void => {
    if (child.pid === undefined) return;
    const usage = usageBelow(child.pid, limits.tasks);
    memory = Math.max(memory, usage.residentBytes);
    tasks = Math.max(tasks, usage.tasks);
    if (usage.residentBytes > limits.memoryMb * mebibyte) stop('MEMORY_LIMIT');
    if (usage.tasks >= limits.tasks) stop('TASK_LIMIT');
    looks += 1;
    if (looks % looksPerWalk !== 0) return;
    const most = limits.diskMb * mebibyte;
    if (bytesBelow(folder, most) + (alsoCounted === undefined ? 0 : bytesBelow(alsoCounted, most)) > most) stop('DISK_LIMIT');
  };
  const interval = setInterval(look, lookMs);
  return {
    end() {
      clearInterval(interval);
      return { peakMemoryMb: memory / mebibyte, peakTasks: tasks };
    },
  };
}

/** As allocated, links not followed; no further than a little above `enough`, and a file counts as a block at least. */
export function bytesBelow(folder: string, enough = Infinity): number {
  let bytes = 0;
  const open = [folder];
  for (let next = open.pop(); next !== undefined && bytes <= enough; next = open.pop()) {
    try {
      const directory = opendirSync(next);
      try {
        for (let entry = directory.readSync(); entry !== null && bytes <= enough; entry = directory.readSync()) {
          const path = join(next, entry.name);
          if (entry.isDirectory()) open.push(path);
          bytes += Math.max(lstatSync(path).blocks * 512, 4096);
        }
      } finally {
        directory.closeSync();
      }
    } catch {
      // It went while it was looked at.
    }
  }
  return bytes;
}

function readLog(child: ChildProcess, { logMb }: Limits, log: (line: string) => void, stop: (reason: StopReason) => void): { tail(): string } {
  let bytes = 0;
  let last = '';
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      bytes += Buffer.byteLength(text);
      if (bytes > logMb * mebibyte) return stop('LOG_LIMIT');
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(-65_536);
      for (const line of lines) {
        last = line === '' ? last : line;
        log(line);
      }
    });
    stream?.on('end', () => {
      if (rest === '') return;
      last = rest;
      log(rest);
    });
  }
  return { tail: () => last.slice(-500) };
}

/** As a shell gives it: 128 and the signal for one that was killed. */
function statusOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => { resolve(code ?? 128 + (signalNumbers[signal ?? ''] ?? 9)); });
  });
}

/** What an ending by the kernel's hand was for; null for one by the program's own. */
/** As shells, the C library and interpreters say it. */
const refusedFork = /can(?:'t|not) fork|fork: retry|resource temporarily unavailable|\bEAGAIN\b/i;

function reasonOf(status: number, { peakMemoryMb, tail }: Peaks & { readonly tail: string }, { limits, folder, outOfMemoryStatus }: EnclosedRun): StopReason | null {
  if (status === 0) return null;
  if (status === outOfMemoryStatus) return 'MEMORY_LIMIT';
  if (status === 153) return 'DISK_LIMIT';
  if (status === 152) return 'TIME_LIMIT';
  // 137: killed, and not by us.
  if (peakMemoryMb > (status === 137 ? 0.5 : 0.9) * limits.memoryMb) return 'MEMORY_LIMIT';
  if (bytesBelow(folder) >= limits.diskMb * mebibyte) return 'DISK_LIMIT';
  // On a busy machine the kernel may refuse the last fork before anybody has looked.
  return refusedFork.test(tail) ? 'TASK_LIMIT' : null;
}

function said(reason: StopReason, { memoryMb, diskMb, tasks, wallMs, logMb }: Limits): string {
  switch (reason) {
    case 'MEMORY_LIMIT': return `the program used more than ${memoryMb} MiB of memory`;
    case 'DISK_LIMIT': return `the program wrote more than ${diskMb} MiB`;
    case 'TASK_LIMIT': return `the program had ${tasks} processes and threads`;
    case 'TIME_LIMIT': return `the program ran longer than ${Math.round(wallMs / 1000)} s`;
    case 'LOG_LIMIT': return `the program printed more than ${logMb} MiB`;
    case 'STOPPED': return 'the program was stopped from outside';
  }
}
