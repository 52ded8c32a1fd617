import type { FileHandle } from 'node:fs/promises';
import { SpareMemory } from '@oort/kernel-wire';
import type { Bytes } from './port';

/** Where parts of pieces lie until they were sent. */
export const answerMemory = new SpareMemory();

export function partsOf(bytes: Bytes): readonly Buffer[] { return Buffer.isBuffer(bytes) ? [bytes] : bytes; }

export function lengthOf(bytes: Bytes): number { return partsOf(bytes).reduce((sum, { length }) => sum + length, 0); }

export function isEqual(present: Buffer, bytes: Bytes): boolean {
  return present.length === lengthOf(bytes) && present.equals(Buffer.concat(partsOf(bytes)));
}

/** All of them: a disk that fills up takes a part first and refuses only the next one. */
export async function writeAll(handle: FileHandle, bytes: Bytes, position: number): Promise<void> {
  let [parts, at] = [partsOf(bytes).filter(({ length }) => length > 0), position];
  while (parts.length > 0) {
    const { bytesWritten } = await handle.writev(parts, at);
    at += bytesWritten;
    let skip = bytesWritten;
    parts = parts.flatMap((part) => {
      const done = Math.min(skip, part.length);
      skip -= done;
      return done === part.length ? [] : [part.subarray(done)];
    });
  }
}
