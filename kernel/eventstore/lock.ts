// One process at a time: a file with the holder's pid, its start time and the boot, so neither a crash nor a reused pid locks for good.
import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@oort/kernel-wire';
import { StoreLocked } from './faults';
import { unwritable } from './segments';

const heldHere = new Set<string>();

/** Answers what releases it. Throws StoreLocked, StoreUnwritable. */
export function takeLock(directory: string): () => void {
  const path = prepared(directory);
  if (heldHere.has(path)) throw new StoreLocked(directory, process.pid);
  const aside = `${path}.${randomUUID()}`;
  try {
    writeFileSync(aside, nameOf(process.pid));
    while (!linked(aside, path)) removeIfStale(path, directory);
  } catch (error) {
    throw error instanceof StoreLocked ? error : unwritable(error);
  } finally {
    rmSync(aside, { force: true });
  }
  heldHere.add(path);
  return () => {
    heldHere.delete(path);
    rmSync(path, { force: true });
  };
}

/** The boot, where the system tells it: what was written before it without a flush is not to be trusted. */
export function bootId(): string | null {
  return readOrEmpty('/proc/sys/kernel/random/boot_id').trim() || null;
}

function prepared(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true });
    return join(realpathSync(directory), 'lock');
  } catch (error) {
    throw unwritable(error);
  }
}

function linked(aside: string, path: string): boolean {
  try {
    linkSync(aside, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Taken away by renaming, which only one of several takers can do. */
function removeIfStale(path: string, directory: string): void {
  const holder = readOrEmpty(path);
  const pid = Number(holder.split(' ')[0]);
  if (holder !== '' && holder === nameOf(pid) && pid !== process.pid) throw new StoreLocked(directory, pid);
  const away = `${path}.${randomUUID()}`;
  try {
    renameSync(path, away);
  } catch {
    return;
  }
  rmSync(away, { force: true });
}

/** Empty when there is no such process. Field 22 of /proc/<pid>/stat is the start time (proc(5)). */
function nameOf(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return '';
  }
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''} ${bootId() ?? ''}`;
}

function readOrEmpty(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
