import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** The file appears whole or not at all, and stays after a power cut. */
export function writeWhole(path: string, bytes: string | Uint8Array): void {
  const aside = `${path}.part`;
  const file = openSync(aside, 'w');
  writeSync(file, Buffer.from(bytes));
  fsyncSync(file);
  closeSync(file);
  renameSync(aside, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
