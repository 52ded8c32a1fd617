// A pack: an index and then the sealed segments, one behind the other. It tells by itself what lies in it and where, so that it can be
// taken apart without a catalogue; whom a segment belongs to and what it is called it does not tell, since strangers keep it.
//   0   magic 'OPK1'   4 count   8 length of the pack   12 zero (52)
//   64  for each segment an entry of 64 bytes (algorithms/possession/pack-place.ts), by which its place can be proven
import { hash } from 'node:crypto';
import { decodePackEntry, encodePackEntry, packEntryBytes, packEntryOffset, type PackEntry } from '@oort/algorithms-possession';
import { Fault } from '@oort/kernel-wire';

export class PackDamaged extends Fault {
  constructor(detail: string) { super('PACK_DAMAGED', `this is no pack: ${detail}`, { detail }); }
}

const magic = 0x4f504b31;

export function encodePack(segments: readonly { readonly segmentId: string; readonly sealed: Buffer }[]): { readonly bytes: Buffer; readonly entries: readonly PackEntry[] } {
  let offset = packEntryOffset(segments.length);
  const entries = segments.map(({ segmentId, sealed }): PackEntry => {
    const entry = { segmentId, offset, sizeBytes: sealed.length, sha256: hash('sha256', sealed) };
    offset += sealed.length;
    return entry;
  });
  const head = Buffer.alloc(packEntryBytes);
  head.writeUInt32BE(magic, 0);
  head.writeUInt32BE(entries.length, 4);
  head.writeUInt32BE(offset, 8);
  return { bytes: Buffer.concat([head, ...entries.map(encodePackEntry), ...segments.map(({ sealed }) => sealed)], offset), entries };
}

/** Throws PackDamaged. */
export function readIndex(pack: Buffer): readonly PackEntry[] {
  if (pack.length < packEntryBytes || pack.readUInt32BE(0) !== magic) throw new PackDamaged('it begins otherwise');
  const count = pack.readUInt32BE(4);
  if (pack.readUInt32BE(8) !== pack.length) throw new PackDamaged(`it has ${pack.length} bytes`);
  if (packEntryOffset(count) > pack.length) throw new PackDamaged(`its index of ${count} is cut`);
  const entries = Array.from({ length: count }, (_, ordinal) => entryAt(pack, ordinal));
  let at = packEntryOffset(count);
  for (const { segmentId, offset, sizeBytes } of entries) {
    if (offset !== at) throw new PackDamaged(`${segmentId} lies at ${offset}`);
    at += sizeBytes;
  }
  if (at !== pack.length) throw new PackDamaged('its segments are not all of it');
  return entries;
}

/** The bytes that an index's entry is for, or null when they are not what it says, or another's. */
export function segmentIn(pack: Buffer, ordinal: number, segmentId: string): Buffer | null {
  const entry = entryAt(pack, ordinal);
  const sealed = pack.subarray(entry.offset, entry.offset + entry.sizeBytes);
  return entry.segmentId === segmentId && sealed.length === entry.sizeBytes && hash('sha256', sealed) === entry.sha256 ? sealed : null;
}

/** Throws PackDamaged when it is cut. */
function entryAt(pack: Buffer, ordinal: number): PackEntry {
  const entry = decodePackEntry(pack.subarray(packEntryOffset(ordinal), packEntryOffset(ordinal + 1)));
  if (entry === null) throw new PackDamaged('an entry is cut');
  return entry;
}
