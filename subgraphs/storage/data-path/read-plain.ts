// The plain bytes of a range of a segment, a batch of stripes at a time. Frames prove themselves when they are opened, so pieces are
// not hashed on the way; when a frame does not open, the whole segment is gathered anew and every piece is held against its receipt.
import { decodeStripes, stripesOf, type Stripe } from '@oort/algorithms-erasure';
import type { SegmentPlacement } from '@oort/schema/events/storage';
import { SegmentCorrupt } from './faults';
import { gatherPieces, readSegment, type BadPiece } from './read';
import { frameBytes, FrameOpener, framesOf, openSegment } from './sealing';
import type { Wires } from './write';

/** How much is fetched at once: little for a reader that is slow, more for one that keeps up, so that memory goes to who uses it. */
export interface Pace { batchBytes: number }

export const smallestBatch = 96 * 1024;

export interface RangeToRead { readonly segment: SegmentPlacement; readonly start: number; readonly end: number }

export interface Reading { readonly objectKey: Uint8Array; readonly accountId: string; onBadPiece(bad: BadPiece): void }

/** Batches of plain bytes, in order. Throws PiecesUnreachable, SegmentCorrupt. */
export async function* readPlain(wires: Wires, { segment, start, end }: RangeToRead, reading: Reading, pace: Pace): AsyncGenerator<readonly Buffer[]> {
  const { segmentId, sizeBytes } = segment;
  const { frame, from, to } = framesOf(start, end, sizeBytes);
  const opener = new FrameOpener(reading.objectKey, segmentId, sizeBytes, frame);
  const cut = new Cut(frame, start, end);
  const stripes = stripesOf(sizeBytes, segment, segment.stripeUnitBytes).filter(({ dataOffset, dataBytes }) => dataOffset + dataBytes > from && dataOffset < to);
  for (let next = 0; next < stripes.length;) {
    const batch = batchOf(stripes, next, pace.batchBytes);
    const { sealed, pieces } = await sealedParts(wires, segment, reading, batch);
    if (next === 0) dropHead(sealed, from - (batch[0]?.dataOffset ?? 0));
    next += batch.length;
    const plain = openOrNull(opener, sealed);
    if (plain === null) return yield [await reread(wires, segment, reading, cut.offset, end)];
    opener.detach();
    for (const piece of pieces.values()) wires.client.spare.give(piece);
    yield cut.take(plain);
  }
}

function batchOf(stripes: readonly Stripe[], first: number, bytes: number): readonly Stripe[] {
  let count = 1;
  for (let sum = stripes[first]?.dataBytes ?? 0; first + count < stripes.length && sum + (stripes[first + count]?.dataBytes ?? 0) <= bytes; count += 1) {
    sum += stripes[first + count]?.dataBytes ?? 0;
  }
  return stripes.slice(first, first + count);
}

async function sealedParts(wires: Wires, segment: SegmentPlacement, { accountId, onBadPiece }: Reading, batch: readonly Stripe[]): Promise<{
  readonly sealed: Uint8Array[]; readonly pieces: ReadonlyMap<number, Buffer>;
}> {
  const [first, last] = [batch[0], batch.at(-1)];
  const part = { start: first?.pieceOffset ?? 0, end: (last?.pieceOffset ?? 0) + (last?.unitBytes ?? 0) };
  const pieces = await gatherPieces(wires, segment, accountId, onBadPiece, part);
  return { sealed: decodeStripes(pieces, batch, segment).flat(), pieces };
}

function dropHead(parts: Uint8Array[], bytes: number): void {
  for (let left = bytes; left > 0;) {
    const [first = new Uint8Array()] = parts;
    if (first.length <= left) parts.shift();
    else parts[0] = first.subarray(left);
    left -= Math.min(left, first.length);
  }
}

function openOrNull(opener: FrameOpener, sealed: readonly Uint8Array[]): readonly Buffer[] | null {
  try {
    return opener.update(sealed);
  } catch {
    return null;
  }
}

/** What is left of the range, with every piece checked. */
async function reread(wires: Wires, segment: SegmentPlacement, { objectKey, accountId, onBadPiece }: Reading, start: number, end: number): Promise<Buffer> {
  const sealed = await readSegment(wires, segment, accountId, onBadPiece);
  try {
    return openSegment(sealed, objectKey, segment.segmentId, start, end);
  } catch {
    throw new SegmentCorrupt(segment.segmentId);
  }
}

/** Of whole frames, those bytes that were asked for. */
class Cut {
  #at: number;

  constructor(frame: number, private readonly start: number, private readonly end: number) { this.#at = frame * frameBytes; }

  /** Where the next byte that is asked for lies. */
  get offset(): number { return Math.max(this.#at, this.start); }

  take(plain: readonly Buffer[]): readonly Buffer[] {
    return plain.flatMap((part) => {
      const at = this.#at;
      this.#at += part.length;
      const wanted = part.subarray(Math.max(0, this.start - at), Math.max(0, this.end - at));
      return wanted.length === 0 ? [] : [wanted];
    });
  }
}
