// What a foreign program may use, and the names of what it is stopped for.
import { Fault } from '@oort/kernel-wire';

export interface Limits {
  readonly memoryMb: number;
  /** Of its folder. */
  readonly diskMb: number;
  /** Processes and threads together, as the kernel counts them. */
  readonly tasks: number;
  readonly wallMs: number;
  readonly cpuS: number;
  /** Of its standard output and error. */
  readonly logMb: number;
}

export const defaultLimits: Limits = { memoryMb: 512, diskMb: 256, tasks: 128, wallMs: 60_000, cpuS: 60, logMb: 4 };

/** What the interpreter of scripts ends with when its memory is used up. Scripts have no other way to choose a status. */
export const outOfMemoryStatus = 12;

export type StopReason = 'MEMORY_LIMIT' | 'DISK_LIMIT' | 'TASK_LIMIT' | 'TIME_LIMIT' | 'LOG_LIMIT' | 'STOPPED';

/** The program did what it may not, and all of it was killed. */
export class JobStopped extends Fault {
  constructor(readonly reason: StopReason, message: string) { super(reason, message); }
}

/** It ended by itself, but not well. */
export class JobExited extends Fault {
  constructor(status: number, tail: string) { super('JOB_EXITED', `the program ended with status ${status}${tail === '' ? '' : `: ${tail}`}`, { status }); }
}

/** What it left behind does not lie in its folder. */
export class FolderEscaped extends Fault {
  constructor(path: string) { super('FOLDER_ESCAPED', `${path} does not lie in the folder of the job`, { path }); }
}

/** No wall of that strength can be had on this machine. */
export class NoWall extends Fault {
  constructor(wanted: string) { super('NO_WALL', `${wanted} cannot be had on this machine`); }
}
