// The server process of a cluster, as its postmaster.pid names it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@oort/kernel-wire';

export class PostgresFailed extends Fault {
  constructor(what: string, log: string) {
    super('POSTGRES_FAILED', `${what}: ${log.trim().split('\n').slice(-5).join(' | ')}`);
  }
}

const endTimeoutMs = 30_000;

/** postmaster.pid: line 1 the process, line 2 the data directory, line 4 the port. */
export function runningIn(data: string): { readonly pid: number; readonly port: number } | null {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return null;
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n').map(Number);
  if (pid === undefined || port === undefined || !isAlive(pid)) return null;
  // The process id may have been given to another program since.
  const commandLine = `/proc/${pid}/cmdline`;
  if (existsSync(commandLine) && !readFileSync(commandLine, 'utf8').includes(data)) return null;
  return { pid, port };
}

/** SIGINT is PostgreSQL's fast shutdown: sessions are cut, everything committed is kept. */
export async function shutDown(pid: number): Promise<void> {
  if (isAlive(pid)) process.kill(pid, 'SIGINT');
  for (const deadline = Date.now() + endTimeoutMs; isAlive(pid);) {
    if (Date.now() > deadline) throw new PostgresFailed('shutdown', `process ${pid} does not end`);
    await sleep(20);
  }
}

/** A child that ended but was not yet collected counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/stat`;
  return !existsSync(status) || !/\) Z /.test(readFileSync(status, 'utf8'));
}
