// The processes below one, read from /proc (proc(5)): how many tasks there are, and how much memory is theirs.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Usage { readonly tasks: number; readonly residentBytes: number }

const pageBytes = 4096;

/** Zero for what has ended; no further than `enough` tasks. Cost: a few reads a task. */
export function usageBelow(pid: number, enough = Infinity): Usage {
  let tasks = 0;
  let pages = 0;
  const open = [pid];
  const seen = new Set<number>();
  for (let next = open.pop(); next !== undefined && tasks < enough; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    try {
      pages += Number(readFileSync(`/proc/${next}/statm`, 'utf8').split(' ')[1]);
      for (const task of readdirSync(`/proc/${next}/task`)) {
        tasks += 1;
        for (const child of readFileSync(`/proc/${next}/task/${task}/children`, 'utf8').split(' ')) if (child !== '') open.push(Number(child));
      }
    } catch {
      // It ended while it was looked at.
    }
  }
  return { tasks, residentBytes: pages * pageBytes };
}

/** Tasks of the user that runs this process: RLIMIT_NPROC counts them all. */
export function tasksOfUser(): number {
  const own = readlinkSync('/proc/self/ns/user');
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).reduce((sum, pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/user`) === own ? sum + readdirSync(`/proc/${pid}/task`).length : sum;
    } catch {
      return sum;
    }
  }, 0);
}
