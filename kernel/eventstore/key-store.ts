// Keys of what is not public, apart from the log and its backups: a file a key, readable by the owner only.
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, Fault } from '@oort/kernel-wire';

export interface KeyStore {
  /** 32 bytes; made and durable at the first call. */
  obtain(keyId: string): Promise<Buffer>;
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

export function fileKeyStore(directory: string): KeyStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const held = new Map<string, Buffer>();
  const find = (keyId: string): Buffer | null => {
    const known = held.get(keyId) ?? readKey(pathOf(directory, keyId));
    if (known !== null) held.set(keyId, known);
    return known;
  };
  return {
    async obtain(keyId) {
      const known = find(keyId);
      if (known !== null) return known;
      createKey(directory, pathOf(directory, keyId));
      return find(keyId) ?? randomBytes(0);
    },
    async find(keyId) {
      return find(keyId);
    },
    async destroy(keyId) {
      held.delete(keyId);
      const path = pathOf(directory, keyId);
      if (readKey(path) === null) return;
      overwrite(path, statSync(path).size);
      rmSync(path);
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
function createKey(directory: string, path: string): void {
  const aside = join(directory, `.${randomUUID()}`);
  const file = openSync(aside, 'wx', 0o600);
  writeSync(file, randomBytes(32));
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

function overwrite(path: string, size: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, randomBytes(size));
  fsyncSync(file);
  closeSync(file);
}

function flushFolder(directory: string): void {
  const folder = openSync(directory, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
