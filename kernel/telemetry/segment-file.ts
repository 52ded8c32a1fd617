// A segment is a file named after the number of its first record. One record on disk:
//   u32 length | u32 CRC-32 of the length and the bytes | bytes
// The length is part of the sum, so that zeros, as a file system may leave them behind a crash, are no empty record.
import { closeSync, fsyncSync, openSync, readdirSync, readSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

export const headBytes = 8;
const chunkBytes = 1024 * 1024;

export interface Segment {
  readonly path: string;
  /** Number of its first record. */
  readonly first: number;
  /** Number after its last record. */
  next: number;
  /** Of whole records: what is behind them is not read. */
  bytes: number;
  /** When the last record was written. */
  writtenAtMs: number;
}

export function segmentPath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(16, '0')}.seg`);
}

export function frameOf(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame.set(bytes, headBytes);
  frame.writeUInt32LE(crc32(bytes, crc32(frame.subarray(0, 4))), 4);
  return frame;
}

/** 'more': the buffer ends inside the record, which has `bytes` bytes with its head. 'damaged': no record starts here. */
export function readFrame(buffer: Buffer, offset: number): { readonly value: Buffer; readonly end: number } | { readonly more: number } | 'damaged' {
  if (buffer.length - offset < headBytes) return { more: headBytes };
  const length = buffer.readUInt32LE(offset);
  const end = offset + headBytes + length;
  if (end > buffer.length) return { more: headBytes + length };
  const value = buffer.subarray(offset + headBytes, end);
  return crc32(value, crc32(buffer.subarray(offset, offset + 4))) === buffer.readUInt32LE(offset + 4) ? { value, end } : 'damaged';
}

/** In the order of their records. Only the last one can end inside a record: the others were flushed before they were left. */
export function findSegments(directory: string): Segment[] {
  const firsts = readdirSync(directory).filter((name) => /^\d{16}\.seg$/.test(name)).map((name) => Number(name.slice(0, 16))).sort((a, b) => a - b);
  return firsts.map((first, index) => {
    const path = segmentPath(directory, first);
    const { size, mtimeMs } = statSync(path);
    return { path, first, next: firsts[index + 1] ?? first, bytes: size, writtenAtMs: mtimeMs };
  });
}

/** Counts the records of the last segment, and cuts off what is no whole record. Answers how many bytes were cut; they are kept beside. */
export function mendLast(segment: Segment): number {
  if (segment.bytes === 0) return 0;
  const { records, bytes } = countRecords(segment.path);
  const torn = segment.bytes - bytes;
  if (torn > 0) {
    writeFileSync(`${segment.path}.torn-${bytes}`, readRange(segment.path, bytes, torn));
    truncateSync(segment.path, bytes);
  }
  segment.next = segment.first + records;
  segment.bytes = bytes;
  return torn;
}

/** A new file is there after a power cut only when its directory was flushed too. */
export function flushDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function countRecords(path: string): { readonly records: number; readonly bytes: number } {
  const fd = openSync(path, 'r');
  try {
    let [records, bytes, wanted] = [0, 0, chunkBytes];
    for (;;) {
      const buffer = Buffer.allocUnsafe(wanted);
      const chunk = buffer.subarray(0, readSync(fd, buffer, 0, wanted, bytes));
      let offset = 0;
      let frame = readFrame(chunk, offset);
      for (; frame !== 'damaged' && 'end' in frame; frame = readFrame(chunk, offset)) {
        offset = frame.end;
        records += 1;
      }
      bytes += offset;
      if (frame === 'damaged' || chunk.length < wanted) return { records, bytes };
      wanted = Math.max(chunkBytes, frame.more);
    }
  } finally {
    closeSync(fd);
  }
}

function readRange(path: string, from: number, length: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, readSync(fd, buffer, 0, length, from));
  } finally {
    closeSync(fd);
  }
}
