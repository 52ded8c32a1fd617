// One event on disk:
//   u32 length of the text | u32 CRC-32 of the flags and the text | u8 flags | text: JSON in UTF-8
// Flag 1 marks the last event of an append. An append counts when that frame is whole; frames after the last such one are torn.
// Flag 2 marks the first event of an append that named no revision: only its id can tell a repetition, so only those are indexed.
// Flag 4 marks the first event of a flush: all that stands before it was durable when it was written. So a damaged frame with
// such a one behind it is damage to what was acknowledged, and without one it is what a crash tore.
import { crc32 } from 'node:zlib';

export const headBytes = 9;
const lastOfAppend = 1;
const byIds = 2;
const firstOfFlush = 4;
const crcAt = 4;
const flagsAt = 8;

export interface Flags { readonly endsAppend: boolean; readonly byIds: boolean; readonly beginsFlush: boolean }

export interface Frame extends Flags {
  readonly text: string;
  /** Head and text. */
  readonly bytes: number;
}

/** Writes at the offset and answers the offset after it. The buffer must have room for headBytes and three bytes per character. */
export function writeFrame(buffer: Buffer, offset: number, text: string, flags: Flags): number {
  const length = buffer.write(text, offset + headBytes, 'utf8');
  const end = offset + headBytes + length;
  buffer.writeUInt32LE(length, offset);
  buffer.writeUInt8((flags.endsAppend ? lastOfAppend : 0) | (flags.byIds ? byIds : 0) | (flags.beginsFlush ? firstOfFlush : 0), offset + flagsAt);
  buffer.writeUInt32LE(crc32(buffer.subarray(offset + flagsAt, end)), offset + crcAt);
  return end;
}

/** 'more': the buffer ends inside the frame, which has `bytes` bytes. 'damaged': no frame starts here. */
export function readFrame(buffer: Buffer, offset: number): Frame | 'damaged' | { readonly more: number } {
  if (buffer.length - offset < headBytes) return { more: headBytes };
  const length = buffer.readUInt32LE(offset);
  // A text is a JSON object: zeros, as a file system may leave them behind a crash, are not one.
  if (length < 2) return 'damaged';
  const end = offset + headBytes + length;
  if (buffer.length < end) return { more: headBytes + length };
  if (crc32(buffer.subarray(offset + flagsAt, end)) !== buffer.readUInt32LE(offset + crcAt)) return 'damaged';
  const flags = buffer.readUInt8(offset + flagsAt);
  const text = buffer.toString('utf8', offset + headBytes, end);
  return {
    text, endsAppend: (flags & lastOfAppend) !== 0, byIds: (flags & byIds) !== 0, beginsFlush: (flags & firstOfFlush) !== 0, bytes: headBytes + length,
  };
}

/** Bytes of a file from `start` on, which hold the place asked for and at least so many bytes behind it, as far as there are. */
export type WindowAt = (at: number, leastBytes: number) => { readonly start: number; readonly bytes: Buffer };

export interface Found extends Frame { readonly at: number }

/** Ends with the place of what is not a whole frame, when that is in its way. */
export function* framesIn(windowAt: WindowAt, from: number, end: number): Generator<Found | number> {
  for (let at = from, least = headBytes; at < end;) {
    const { start, bytes } = windowAt(at, least);
    least = headBytes;
    while (at < end && at < start + bytes.length) {
      const frame = readFrame(bytes, at - start);
      if (frame !== 'damaged' && 'more' in frame && at + frame.more <= end) {
        least = frame.more;
        break;
      }
      if (frame === 'damaged' || 'more' in frame || at + frame.bytes > end) {
        yield at;
        return;
      }
      const { text, endsAppend, byIds: first, beginsFlush, bytes: size } = frame;
      yield { text, endsAppend, byIds: first, beginsFlush, bytes: size, at };
      at += size;
    }
  }
}

/** Whether something behind a place that is damaged proves that the place was durable once. */
export function provenDurable(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(textBegins, headBytes); at >= 0; at = bytes.indexOf(textBegins, at + 1)) {
    const frame = readFrame(bytes, at - headBytes);
    if (frame !== 'damaged' && !('more' in frame) && frame.beginsFlush) return true;
  }
  return false;
}

/** As record.ts writes it. */
const textBegins = '{"id":';
