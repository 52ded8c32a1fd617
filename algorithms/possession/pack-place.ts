// The entries of a pack's index, and the proof that a pack which nodes signed for says where a segment lies in it: the leaves that hold
// the entry, under the roots of the receipts. Whoever has the segment's sealed bytes can hold them against the hash in it.
//   16 the segment's ULID   4 offset in the pack   4 length   8 zero   32 SHA-256 of the sealed bytes; numbers are big-endian
import { unitsAt } from '@oort/algorithms-erasure';
import { verifyPieceProof, type PieceProof } from './challenge';
import { leafBytesOf } from './commitment';

export type PackEntry = { readonly segmentId: string; readonly offset: number; readonly sizeBytes: number; /** Hex. */ readonly sha256: string };

/** A leaf's length is a multiple, so that an entry lies in one leaf unless it lies in two pieces. */
export const packEntryBytes = 64;

/** The pack's head is as long as an entry. */
export function packEntryOffset(ordinal: number): number { return packEntryBytes * (1 + ordinal); }

const prefix = 'segment_';
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Whether the id of a segment fits into an entry. */
export function isPackable(segmentId: string): boolean { return /^segment_[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(segmentId); }

export function encodePackEntry({ segmentId, offset, sizeBytes, sha256 }: PackEntry): Buffer {
  const entry = Buffer.alloc(packEntryBytes);
  ulidBytes(segmentId.slice(prefix.length)).copy(entry, 0);
  entry.writeUInt32BE(offset, 16);
  entry.writeUInt32BE(sizeBytes, 20);
  entry.write(sha256, 32, 'hex');
  return entry;
}

/** Null when it is cut. */
export function decodePackEntry(entry: Buffer): PackEntry | null {
  if (entry.length !== packEntryBytes) return null;
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

/** A coded pack and what its nodes signed for. */
export interface ProvenPack {
  readonly sizeBytes: number; readonly k: number; readonly n: number; readonly stripeUnitBytes: number;
  readonly pieces: readonly { readonly index: number; readonly root: string; readonly leaves: number; readonly sizeBytes: number }[];
}

export type PackPlace = PackEntry & {
  readonly ordinal: number;
  /** None: only the platform says so. */
  readonly proofs: readonly { readonly piece: number; readonly proof: Pick<PieceProof, keyof PieceProof> }[];
};

export interface WantedLeaf { readonly piece: number; readonly leaf: number; readonly from: number; readonly to: number }

/** The leaves that hold an entry, and which bytes of them. Null when a piece is not there. */
export function leavesOfEntry(pack: ProvenPack, ordinal: number): readonly WantedLeaf[] | null {
  const start = packEntryOffset(ordinal);
  const parts = unitsAt(start, start + packEntryBytes, pack.sizeBytes, pack, pack.stripeUnitBytes).map(({ index, from, to }) => {
    const piece = pack.pieces.find((candidate) => candidate.index === index);
    if (piece === undefined) return null;
    const size = leafBytesOf(piece.sizeBytes, piece.leaves);
    const [first, last] = [Math.floor(from / size), Math.floor((to - 1) / size)];
    return Array.from({ length: last - first + 1 }, (_, at): WantedLeaf => {
      const leaf = first + at;
      return { piece: index, leaf, from: Math.max(0, from - leaf * size), to: Math.min(size, to - leaf * size) };
    });
  });
  return parts.includes(null) ? null : parts.flatMap((part) => part ?? []);
}

/** Null when the proofs show that entry under the roots of the pack's pieces, or there are none; else what is wrong. */
export function doubtInPlace(place: PackPlace, pack: ProvenPack): string | null {
  if (place.offset + place.sizeBytes > pack.sizeBytes || place.offset < packEntryOffset(place.ordinal)) return 'its place is not in the pack';
  if (place.proofs.length === 0) return null;
  const wanted = leavesOfEntry(pack, place.ordinal);
  if (wanted === null || wanted.length !== place.proofs.length) return 'the leaves are not those of its entry';
  const parts = wanted.map(({ piece: index, leaf, from, to }, at) => {
    const piece = pack.pieces.find((candidate) => candidate.index === index);
    const given = place.proofs[at];
    if (piece === undefined || given?.piece !== index || !verifyPieceProof(piece, leaf, given.proof)) return null;
    return Buffer.from(given.proof.leaf, 'base64').subarray(from, to);
  });
  if (parts.includes(null)) return 'a leaf is not under the root that its node signed';
  const entry = decodePackEntry(Buffer.concat(parts.flatMap((part) => part ?? [])));
  const { segmentId, offset, sizeBytes, sha256 } = place;
  return entry?.segmentId === segmentId && entry.offset === offset && entry.sizeBytes === sizeBytes && entry.sha256 === sha256 ? null : 'the pack says otherwise';
}
