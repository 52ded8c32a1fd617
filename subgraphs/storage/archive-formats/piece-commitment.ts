// Filecoin's commitment to a piece (CommP) and its CIDs. 127 bytes become 128 by two zero bits after every 254 (Fr32), leaves of 32 bytes
// make a binary tree of SHA-256 whose top two bits are cleared, padded with zeros to a power of two. Sources: Filecoin spec 2.6 (Piece),
// multicodec table (0xf101, 0x1011, 0x1012), FRC-0069 (piece CID with its size, version 2).
import { sha256 } from '@oort/kernel-wire';
import { cidBytesOf, cidText, readVarint, varint } from './cid';

const [rawQuad, paddedQuad, node] = [127, 128, 32];

export interface PieceCommitmentV2 {
  readonly root: Buffer;
  /** Of the tree over the padded piece: it has 2^height leaves of 32 bytes. */
  readonly height: number;
  readonly payloadBytes: number;
}

export function commitPayload(payload: Buffer): PieceCommitmentV2 {
  const leaves = expanded(payload);
  const height = Math.max(2, Math.ceil(Math.log2(leaves.length / node)));
  return { root: rootOf(leaves, 0, height), height, payloadBytes: payload.length };
}

/** So high are the trees that are hashed in one go: about 1 MiB, some 60 ms. */
const stepHeight = 15;

/** The same, and others have their turn meanwhile. */
export async function commitPayloadGently(payload: Buffer): Promise<PieceCommitmentV2> {
  const stepBytes = 2 ** stepHeight * node / paddedQuad * rawQuad;
  if (payload.length <= stepBytes) return commitPayload(payload);
  const roots: Buffer[] = [];
  for (let at = 0; at < payload.length; at += stepBytes) {
    roots.push(rootOf(expanded(payload.subarray(at, at + stepBytes)), 0, stepHeight));
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  const height = stepHeight + Math.ceil(Math.log2(roots.length));
  return { root: rootOf(Buffer.concat(roots), stepHeight, height), height, payloadBytes: payload.length };
}

/** Of the nodes at height `from`, side by side; what is missing is zeros. */
function rootOf(nodes: Buffer, from: number, height: number): Buffer {
  let level = nodes;
  for (let step = from; step < height; step += 1) {
    const above = Buffer.alloc(Math.ceil(level.length / (2 * node)) * node);
    for (let at = 0; at < above.length; at += node) {
      const right = level.subarray(2 * at + node, 2 * at + 2 * node);
      parentOf(level.subarray(2 * at, 2 * at + node), right.length === 0 ? zeroNode(step) : right).copy(above, at);
    }
    level = above;
  }
  return level;
}

const zeroNodes: Buffer[] = [Buffer.alloc(node)];

/** The root of a tree of zeros. */
export function zeroNode(height: number): Buffer {
  for (let top = zeroNodes.length; top <= height; top += 1) {
    const below = zeroNodes[top - 1] ?? Buffer.alloc(node);
    zeroNodes.push(parentOf(below, below));
  }
  return zeroNodes[height] ?? Buffer.alloc(node);
}

/** `baga...`: the root alone, of a piece whose size is told beside it. */
export function pieceCidV1({ root }: PieceCommitmentV2): string {
  return cidText(Buffer.concat([varint(1), varint(0xf101), varint(0x1012), varint(root.length), root]));
}

/** What a piece CID of version 2 says. Null when it is none. */
export function openPieceCidV2(text: string): PieceCommitmentV2 | null {
  const bytes = cidBytesOf(text);
  const begin = Buffer.concat([varint(1), varint(0x55), varint(0x1011)]);
  if (bytes?.subarray(0, begin.length).equals(begin) !== true) return null;
  const length = readVarint(bytes, begin.length);
  const padding = length === null || bytes.length !== length.next + length.value ? null : readVarint(bytes, length.next);
  const height = padding === null ? undefined : bytes[padding.next];
  if (padding === null || height === undefined || height > 48 || bytes.length !== padding.next + 1 + node) return null;
  const payloadBytes = 2 ** height * node / paddedQuad * rawQuad - padding.value;
  return payloadBytes < 0 ? null : { root: bytes.subarray(padding.next + 1), height, payloadBytes };
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

export function parentOf(left: Buffer, right: Buffer): Buffer {
  const hash = Buffer.from(sha256(Buffer.concat([left, right])));
  clearTop(hash, node - 1);
  return hash;
}

export function clearTop(bytes: Buffer, at: number): void { bytes[at] = (bytes[at] ?? 0) & 0x3f; }
