// One event on disk:
//   u32 length of the text | u32 CRC-32 of the flags and the text | u8 flags | text: JSON in UTF-8
// Flag 1 marks the last event of an append. An append counts when that frame is whole; frames after the last such one are torn.
// Flag 2 marks an append that named no revision: only its event ids can tell a repetition, so only those are indexed.
import { crc32 } from 'node:zlib';

export const headBytes = 9;
const lastOfAppend = 1;
const byIds = 2;
const crcAt = 4;
const flagsAt = 8;

export interface Flags { readonly endsAppend: boolean; readonly byIds: boolean }

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
  buffer.writeUInt8((flags.endsAppend ? lastOfAppend : 0) | (flags.byIds ? byIds : 0), offset + flagsAt);
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
  return { text, endsAppend: (flags & lastOfAppend) !== 0, byIds: (flags & byIds) !== 0, bytes: headBytes + length };
}
