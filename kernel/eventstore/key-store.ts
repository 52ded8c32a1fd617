// Keys of what is not public, apart from the log and its backups: a file a key, readable by the owner only. A copy of a key that
// was destroyed would undo the destruction, so keys are kept once and never copied with the log.
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, Fault } from '@oort/kernel-wire';

export interface KeyStore {
  /** 32 bytes; made and durable at the first call. */
  obtain(keyId: string): Promise<Buffer>;
  /** Keeps a key that was made elsewhere; one that is there already stays as it is. */
  keep(keyId: string, key: Buffer): Promise<void>;
  /** Null when this holder has no such key. */
  find(keyId: string): Promise<Buffer | null>;
  /** Overwrites and removes the key: what it sealed is unreadable for good. */
  destroy(keyId: string): Promise<void>;
}

export class BadKeyId extends Fault {
  constructor(keyId: string) {
    super('BAD_KEY_ID', `not a key id: ${keyId}`, { keyId });
  }
}

const keyBytes = 32;
/** Each is read from its file once while it is in use. */
const keysHeld = 10_000;
const destroying = '.destroying-';

export function fileKeyStore(directory: string): KeyStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  finishDestroying(directory);
  const held = new Map<string, Buffer>();
  const find = (keyId: string): Buffer | null => {
    const path = pathOf(directory, keyId);
    // Another process may have destroyed it. Cost: two microseconds.
    const known = existsSync(path) ? held.get(keyId) ?? readKey(path) : null;
    held.delete(keyId);
    if (known === null) return null;
    held.set(keyId, known);
    const [eldest] = held.keys();
    if (held.size > keysHeld && eldest !== undefined) held.delete(eldest);
    return known;
  };
  return {
    async obtain(keyId) {
      const known = find(keyId);
      if (known !== null) return known;
      const made = randomBytes(keyBytes);
      createKey(directory, pathOf(directory, keyId), made);
      return find(keyId) ?? made;
    },
    async keep(keyId, key) {
      if (find(keyId) === null) createKey(directory, pathOf(directory, keyId), key);
    },
    async find(keyId) {
      return find(keyId);
    },
    async destroy(keyId) {
      held.delete(keyId);
      const path = pathOf(directory, keyId);
      if (readKey(path) === null) return;
      // Out of every reader's sight first: nobody shall meet a key that is half overwritten.
      const aside = join(directory, `${destroying}${randomUUID()}`);
      renameSync(path, aside);
      flushFolder(directory);
      erase(aside);
      flushFolder(directory);
    },
  };
}

function pathOf(directory: string, keyId: string): string {
  if (!/^[\w.-]{1,200}$/.test(keyId) || keyId.startsWith('.')) throw new BadKeyId(keyId);
  return join(directory, keyId);
}

function readKey(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Written aside and linked, so a crash leaves no half key and two makers agree on one. */
function createKey(directory: string, path: string, key: Buffer): void {
  const aside = join(directory, `.${randomUUID()}`);
  const file = openSync(aside, 'wx', 0o600);
  writeSync(file, key);
  fsyncSync(file);
  closeSync(file);
  try {
    linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside);
  }
  flushFolder(directory);
}

/** What a kill interrupted: its keys are in nobody's reach already, and their bytes go now. */
function finishDestroying(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(destroying)) erase(join(directory, name));
  }
}

function erase(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, randomBytes(statSync(path).size));
  fsyncSync(file);
  closeSync(file);
  rmSync(path);
}

function flushFolder(directory: string): void {
  const folder = openSync(directory, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
