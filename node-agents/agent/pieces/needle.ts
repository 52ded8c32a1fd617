// A needle is one record of the log: a header, the piece's id, its bytes.
//   0  magic 'NDL1'    4  kind: 1 kept, 2 deleted    5  id length    6  zero (2)
//   8  payload length  12 CRC-32 of the payload      16 CRC-32 of bytes 0..15 and the id
// The header has its own checksum, so that rotten payload does not make the reader lose its place.
import { crc32 } from 'node:zlib';

export const needleHeaderBytes = 20;
const magic = 0x4e444c31;

export interface NeedleHeader {
  readonly kind: 'kept' | 'deleted';
  readonly pieceId: string;
  readonly payloadBytes: number;
  readonly payloadCrc: number;
  /** Header and id: where the payload starts. */
  readonly headBytes: number;
}

export function encodeNeedleHead(kind: NeedleHeader['kind'], pieceId: string, payload: readonly Uint8Array[]): Buffer {
  const id = Buffer.from(pieceId, 'ascii');
  const head = Buffer.alloc(needleHeaderBytes + id.length);
  head.writeUInt32BE(magic, 0);
  head.writeUInt8(kind === 'kept' ? 1 : 2, 4);
  head.writeUInt8(id.length, 5);
  head.writeUInt32BE(payload.reduce((sum, { length }) => sum + length, 0), 8);
  head.writeUInt32BE(payload.reduce((value, part) => crc32(part, value), 0), 12);
  id.copy(head, needleHeaderBytes);
  head.writeUInt32BE(crc32(id, crc32(head.subarray(0, 16))), 16);
  return head;
}

/** The header at the start of `bytes`, or null when there is none: the log ends there. */
export function decodeNeedleHead(bytes: Buffer): NeedleHeader | null {
  if (bytes.length < needleHeaderBytes || bytes.readUInt32BE(0) !== magic) return null;
  const headBytes = needleHeaderBytes + bytes.readUInt8(5);
  if (bytes.length < headBytes) return null;
  const id = bytes.subarray(needleHeaderBytes, headBytes);
  if (crc32(id, crc32(bytes.subarray(0, 16))) !== bytes.readUInt32BE(16)) return null;
  return {
    kind: bytes.readUInt8(4) === 1 ? 'kept' : 'deleted',
    pieceId: id.toString('ascii'),
    payloadBytes: bytes.readUInt32BE(8),
    payloadCrc: bytes.readUInt32BE(12),
    headBytes,
  };
}
