// A pack: an index and then the sealed segments, one behind the other. It tells by itself what lies in it and where, so that it can be
// taken apart without a catalogue; whom a segment belongs to and what it is called it does not tell, since strangers keep it.
//   0   magic 'OPK1'   4 count   8 length of the pack   12 zero (52)
//   64  for each segment 64 bytes: its ULID (16)   offset (4)   length (4)   zero (8)   SHA-256 of its sealed bytes (32)
// Numbers are big-endian. Entries are as long as a piece's leaf divides by, so that none lies in two leaves and one leaf proves its place.
import { hash } from 'node:crypto';
import { Fault } from '@oort/kernel-wire';

export interface PackEntry { readonly segmentId: string; readonly offset: number; readonly sizeBytes: number; /** Hex. */ readonly sha256: string }

export class PackDamaged extends Fault {
  constructor(detail: string) { super('PACK_DAMAGED', `this is no pack: ${detail}`, { detail }); }
}

const magic = 0x4f504b31;
export const entryBytes = 64;
const prefix = 'segment_';
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function isPackable(segmentId: string): boolean { return /^segment_[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(segmentId); }

/** Offset of a segment's entry in the index. */
export function entryOffset(ordinal: number): number { return entryBytes * (1 + ordinal); }

export function encodePack(segments: readonly { readonly segmentId: string; readonly sealed: Buffer }[]): { readonly bytes: Buffer; readonly entries: readonly PackEntry[] } {
  let offset = entryOffset(segments.length);
  const entries = segments.map(({ segmentId, sealed }): PackEntry => {
    const entry = { segmentId, offset, sizeBytes: sealed.length, sha256: hash('sha256', sealed) };
    offset += sealed.length;
    return entry;
  });
  const head = Buffer.alloc(entryBytes);
  head.writeUInt32BE(magic, 0);
  head.writeUInt32BE(entries.length, 4);
  head.writeUInt32BE(offset, 8);
  return { bytes: Buffer.concat([head, ...entries.map(encodeEntry), ...segments.map(({ sealed }) => sealed)], offset), entries };
}

/** Throws PackDamaged. */
export function readIndex(pack: Buffer): readonly PackEntry[] {
  if (pack.length < entryBytes || pack.readUInt32BE(0) !== magic) throw new PackDamaged('it begins otherwise');
  const count = pack.readUInt32BE(4);
  if (pack.readUInt32BE(8) !== pack.length) throw new PackDamaged(`it has ${pack.length} bytes`);
  if (entryOffset(count) > pack.length) throw new PackDamaged(`its index of ${count} is cut`);
  const entries = Array.from({ length: count }, (_, ordinal) => decodeEntry(pack.subarray(entryOffset(ordinal), entryOffset(ordinal + 1))));
  let at = entryOffset(count);
  for (const { segmentId, offset, sizeBytes } of entries) {
    if (offset !== at) throw new PackDamaged(`${segmentId} lies at ${offset}`);
    at += sizeBytes;
  }
  if (at !== pack.length) throw new PackDamaged('its segments are not all of it');
  return entries;
}

/** The bytes that an index's entry is for, or null when they are not what it says, or another's. */
export function segmentIn(pack: Buffer, ordinal: number, segmentId: string): Buffer | null {
  const entry = decodeEntry(pack.subarray(entryOffset(ordinal), entryOffset(ordinal + 1)));
  const sealed = pack.subarray(entry.offset, entry.offset + entry.sizeBytes);
  return entry.segmentId === segmentId && sealed.length === entry.sizeBytes && hash('sha256', sealed) === entry.sha256 ? sealed : null;
}

function encodeEntry({ segmentId, offset, sizeBytes, sha256 }: PackEntry): Buffer {
  const entry = Buffer.alloc(entryBytes);
  ulidBytes(segmentId.slice(prefix.length)).copy(entry, 0);
  entry.writeUInt32BE(offset, 16);
  entry.writeUInt32BE(sizeBytes, 20);
  entry.write(sha256, 32, 'hex');
  return entry;
}

/** Throws PackDamaged when it is cut. */
export function decodeEntry(entry: Buffer): PackEntry {
  if (entry.length !== entryBytes) throw new PackDamaged('an entry is cut');
  return {
    segmentId: `${prefix}${ulidText(entry.subarray(0, 16))}`, offset: entry.readUInt32BE(16), sizeBytes: entry.readUInt32BE(20),
    sha256: entry.subarray(32, 64).toString('hex'),
  };
}

/** The 128 bits of a ULID (its specification, "Binary Layout"). */
function ulidBytes(ulid: string): Buffer {
  const value = [...ulid].reduce((sum, character) => sum * 32n + BigInt(alphabet.indexOf(character)), 0n);
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
}

function ulidText(bytes: Buffer): string {
  let value = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let length = 0; length < 26; length += 1) {
    text = (alphabet[Number(value % 32n)] ?? '') + text;
    value /= 32n;
  }
  return text;
}
