// A control group of its own for each job, where the agent was given a part of the version 2 hierarchy to write in
// (cgroups(7); systemd's Delegate=yes). Elsewhere resource limits and the watchdog do the same, a little later.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Limits, StopReason } from './limits';

const mebibyte = 1024 * 1024;

export interface ControlGroup {
  /** Where a process writes itself to enter. */
  readonly entrance: string;
  /** What the kernel stopped the job for; null when it did not. */
  stopped(): StopReason | null;
  kill(): void;
  remove(): void;
}

/** Null where there is none to be had. `root` is a delegated group whose children may have memory and pids limits. */
export function openControlGroup(name: string, { memoryMb, tasks }: Pick<Limits, 'memoryMb' | 'tasks'>, root = process.env['OORT_CGROUP']): ControlGroup | null {
  if (root === undefined || root === '') return null;
  const place = join(root, `oort-${name}`);
  const write = (file: string, value: string): void => { writeFileSync(join(place, file), value); };
  const count = (file: string, key: string): number => {
    const path = join(place, file);
    return existsSync(path) ? Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(readFileSync(path, 'utf8'))?.[1] ?? 0) : 0;
  };
  try {
    mkdirSync(place);
    write('memory.max', String(memoryMb * mebibyte));
    write('pids.max', String(tasks));
    if (existsSync(join(place, 'memory.swap.max'))) write('memory.swap.max', '0');
  } catch {
    try { rmdirSync(place); } catch { /* Was never made. */ }
    return null;
  }
  return {
    entrance: join(place, 'cgroup.procs'),
    stopped: () => (count('memory.events', 'oom_kill') > 0 ? 'MEMORY_LIMIT' : count('pids.events', 'max') > 0 ? 'TASK_LIMIT' : null),
    kill() { try { write('cgroup.kill', '1'); } catch { /* An older kernel: the namespace's first process takes all with it. */ } },
    remove() { try { rmdirSync(place); } catch { /* Still being emptied: a leftover of no consequence. */ } },
  };
}
