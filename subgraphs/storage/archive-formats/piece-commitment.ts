// Filecoin's commitment to a piece (CommP) and its CIDs. 127 bytes become 128 by two zero bits after every 254 (Fr32), leaves of 32 bytes
// make a binary tree of SHA-256 whose top two bits are cleared, padded with zeros to a power of two. Sources: Filecoin spec 2.6 (Piece),
// multicodec table (0xf101, 0x1011, 0x1012), FRC-0069 (piece CID with its size, version 2).
import { sha256 } from '@oort/kernel-wire';
import { cidText, varint } from './cid';

const [rawQuad, paddedQuad, node] = [127, 128, 32];

export interface PieceCommitmentV2 {
  readonly root: Buffer;
  /** Of the tree over the padded piece: it has 2^height leaves of 32 bytes. */
  readonly height: number;
  readonly payloadBytes: number;
}

export function commitPayload(payload: Buffer): PieceCommitmentV2 {
  let level = expanded(payload);
  const height = Math.max(2, Math.ceil(Math.log2(level.length / node)));
  let zero: Buffer = Buffer.alloc(node);
  for (let step = 0; step < height; step += 1) {
    const above = Buffer.alloc(Math.ceil(level.length / (2 * node)) * node);
    for (let at = 0; at < above.length; at += node) {
      const right = level.subarray(2 * at + node, 2 * at + 2 * node);
      parentOf(level.subarray(2 * at, 2 * at + node), right.length === 0 ? zero : right).copy(above, at);
    }
    zero = parentOf(zero, zero);
    level = above;
  }
  return { root: level, height, payloadBytes: payload.length };
}

/** `baga...`: the root alone, of a piece whose size is told beside it. */
export function pieceCidV1({ root }: PieceCommitmentV2): string {
  return cidText(Buffer.concat([varint(1), varint(0xf101), varint(0x1012), varint(root.length), root]));
}

/** `bafkzcib...`: root, height and padding in one. */
export function pieceCidV2({ root, height, payloadBytes }: PieceCommitmentV2): string {
  const padding = 2 ** height * node / paddedQuad * rawQuad - payloadBytes;
  const digest = Buffer.concat([varint(padding), Buffer.of(height), root]);
  return cidText(Buffer.concat([varint(1), varint(0x55), varint(0x1011), varint(digest.length), digest]));
}

function expanded(payload: Buffer): Buffer {
  const quads = Math.max(1, Math.ceil(payload.length / rawQuad));
  const from = Buffer.alloc(quads * rawQuad);
  payload.copy(from);
  const to = Buffer.alloc(quads * paddedQuad);
  for (let quad = 0; quad < quads; quad += 1) expandQuad(from.subarray(quad * rawQuad), to.subarray(quad * paddedQuad, (quad + 1) * paddedQuad));
  return to;
}

/** Bit order is least significant first: each quarter moves up by two bits more than the one before it. */
function expandQuad(from: Buffer, to: Buffer): void {
  for (let quarter = 0; quarter < 4; quarter += 1) {
    const shift = 2 * quarter;
    for (let at = quarter * node; at < (quarter + 1) * node; at += 1) {
      const own = at < rawQuad ? (from[at] ?? 0) << shift : 0;
      to[at] = (own | (shift === 0 ? 0 : (from[at - 1] ?? 0) >> (8 - shift))) & 0xff;
    }
    clearTop(to, quarter * node + node - 1);
  }
}

function parentOf(left: Buffer, right: Buffer): Buffer {
  const hash = Buffer.from(sha256(Buffer.concat([left, right])));
  clearTop(hash, node - 1);
  return hash;
}

function clearTop(bytes: Buffer, at: number): void { bytes[at] = (bytes[at] ?? 0) & 0x3f; }
