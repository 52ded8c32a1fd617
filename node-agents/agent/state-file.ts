// What an agent keeps in its directory: small JSON files that appear whole or not at all, readable by their owner only.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, Fault } from '@oort/kernel-wire';

export class StateUnreadable extends Fault {
  constructor(path: string) { super('STATE_UNREADABLE', `${path} is not the JSON that this agent wrote`, { path }); }
}

/** Null when there is no such file. Throws StateUnreadable. */
export function readState<T>(path: string): T | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new StateUnreadable(path);
  }
}

export function writeState(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${randomUUID()}`;
  writeFileSync(aside, JSON.stringify(value), { mode: 0o600, flush: true });
  renameSync(aside, path);
}
