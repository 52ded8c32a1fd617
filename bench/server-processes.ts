// The processes of one server, with what they cost: CPU of all of them together, and the memory of the one that clients talk to.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class ServerProcesses {
  readonly #children: ChildProcess[] = [];
  readonly #watched: { readonly pid: number; stop(): Promise<void> }[] = [];
  #main = 0;

  /** Runs a file of this folder and resolves with the first thing it tells. */
  async start(file: string, args: readonly string[], role: 'main' | 'other' = 'other', environment: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, string>>> {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, file), ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, ...environment } });
    this.#children.push(child);
    if (role === 'main') this.#main = child.pid ?? 0;
    return new Promise((resolve, reject) => {
      child.once('message', (told) => { resolve(told as Readonly<Record<string, string>>); });
      child.once('exit', (code) => { reject(new RangeError(`${file} ended with ${String(code)}`)); });
    });
  }

  /** A process that somebody else started. */
  watch(pid: number, stop: () => Promise<void>): void { this.#watched.push({ pid, stop }); }

  /** utime and stime of all processes and their children, in clock ticks of 10 ms (proc(5)). 0 where there is no /proc. */
  cpuSeconds(): number {
    const pids = new Set([...this.#children.map(({ pid }) => pid ?? 0), ...this.#watched.map(({ pid }) => pid)]);
    let ticks = 0;
    for (const pid of numbersIn('/proc')) {
      const fields = fieldsOf(`/proc/${pid}/stat`);
      const isOurs = pids.has(pid);
      if (!isOurs && !pids.has(Number(fields[1]))) continue;
      ticks += Number(fields[11]) + Number(fields[12]) + (isOurs ? Number(fields[13]) + Number(fields[14]) : 0);
    }
    return ticks / 100;
  }

  /** The highest resident set of the main process from here on (VmHWM, proc(5)). */
  forgetPeak(): void {
    try {
      writeFileSync(`/proc/${this.#main}/clear_refs`, '5');
    } catch {
      // Without it the peak is that since the start.
    }
  }

  mostMb(): number {
    try {
      return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.#main}/status`, 'utf8'))?.[1] ?? 0) / 1024;
    } catch {
      return 0;
    }
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    for (const { stop } of this.#watched) await stop();
  }
}

function numbersIn(directory: string): readonly number[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch {
    return [];
  }
}

/** After the name in brackets, which may hold anything: state, parent, ... */
function fieldsOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').replace(/^.*\) /s, '').split(' ');
  } catch {
    return [];
  }
}
