// Just as much of CIDs (version 1, multibase base32) as archives need.
import { sha256 } from '@oort/kernel-wire';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Unsigned LEB128, exact up to 2^53. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}

/** The number at `at` and where the next byte stands, or null when there is none. */
export function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly next: number } | null {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 0x80 ** index;
    if (byte < 0x80) return Number.isSafeInteger(value) ? { value, next: at + index + 1 } : null;
  }
  return null;
}

export const rawCodec = 0x55;
export const dagPbCodec = 0x70;
export const cidBytes = 36;

/** Of a block, by its SHA-256: 36 bytes. */
export function blockCid(codec: typeof rawCodec | typeof dagPbCodec, block: Buffer): Buffer {
  return Buffer.concat([Buffer.of(1, codec, 0x12, 0x20), sha256(block)]);
}

export function cidText(cid: Buffer): string {
  let [text, held, bits] = ['b', 0, 0];
  for (const byte of cid) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31] ?? '';
  }
  return bits === 0 ? text : text + (alphabet[(held << (5 - bits)) & 31] ?? '');
}

/** Of a CID as text (multibase base32). Null when it is none. */
export function cidBytesOf(text: string): Buffer | null {
  if (!text.startsWith('b')) return null;
  const bytes: number[] = [];
  let [held, bits] = [0, 0];
  for (const letter of text.slice(1)) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return null;
    held = ((held << 5) | value) & 0xffff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return Buffer.from(bytes);
}
