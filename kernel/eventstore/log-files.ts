// The log's files as they lie there, read without an index and without a lock: by whom they are copied or checked.
import { closeSync, existsSync, fdatasyncSync, fstatSync, openSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@oort/kernel-wire';
import { framesIn, provenDurable, type Flags } from './frame';
import { eventOf } from './record';
import type { RecordedEvent } from './port';

/** The file and the byte are where what is damaged begins. */
export class LogDamaged extends Fault {
  constructor(file: string, byte: number, what: string) {
    super('LOG_DAMAGED', `${file}, byte ${byte}: ${what}`, { file, byte });
  }
}

export interface LogPlace { readonly file: string; readonly byte: number }

export interface LogRecord extends Flags {
  readonly event: RecordedEvent;
  readonly file: string;
  readonly byte: number;
  readonly bytes: number;
}

const windowBytes = 1024 * 1024;

export function logFilesOf(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.log')).sort() : [];
}

/** Whole appends in order, from a place where one begins. What a writer has not finished at the end of the last file is left out.
 *  Positions must follow one another from `next` on. Throws LogDamaged. */
export function* appendsOf(directory: string, from: LogPlace | null, next: number): Generator<readonly LogRecord[]> {
  const files = logFilesOf(directory).filter((file) => from === null || file >= from.file);
  let position = next;
  for (const [index, file] of files.entries()) {
    let append: LogRecord[] = [];
    for (const record of recordsOf(directory, file, file === from?.file ? from.byte : 0, index === files.length - 1)) {
      if (record.event.position !== BigInt(position)) {
        throw new LogDamaged(file, record.byte, `position ${record.event.position} stands where ${position} should`);
      }
      position += 1;
      append.push(record);
      if (!record.endsAppend) continue;
      yield append;
      append = [];
    }
    const [unfinished] = append;
    if (unfinished !== undefined && index < files.length - 1) throw new LogDamaged(file, unfinished.byte, 'the append that begins here has no end');
    position -= append.length;
  }
}

function* recordsOf(directory: string, file: string, from: number, isLast: boolean): Generator<LogRecord> {
  const descriptor = openSync(join(directory, file), 'r');
  try {
    const end = fstatSync(descriptor).size;
    // What is read here must not be lost behind a reader that counts on it.
    fdatasyncSync(descriptor);
    const windowAt = (at: number, least: number): { start: number; bytes: Buffer } => (
      { start: at, bytes: bytesOf(descriptor, at, Math.min(end - at, Math.max(windowBytes, least))) });
    for (const frame of framesIn(windowAt, from, end)) {
      if (typeof frame === 'number') {
        if (!isLast || provenDurable(bytesOf(descriptor, frame, end - frame))) throw new LogDamaged(file, frame, 'the checksum does not fit the record');
        return;
      }
      const { text, at: byte, bytes, endsAppend, byIds, beginsFlush } = frame;
      yield { event: eventOf(text), file, byte, bytes, endsAppend, byIds, beginsFlush };
    }
  } finally {
    closeSync(descriptor);
  }
}

export function bytesOf(descriptor: number, from: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let read = 0;
  for (let more = -1; read < length && more !== 0; read += more) more = readSync(descriptor, buffer, read, length - read, from + read);
  return read === length ? buffer : buffer.subarray(0, read);
}
