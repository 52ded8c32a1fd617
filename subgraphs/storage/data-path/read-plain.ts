// The plain bytes of a range of a segment, a batch of stripes at a time. Frames prove themselves when they are opened, so pieces are
// not hashed on the way; when a frame does not open, the whole segment is gathered anew and every piece is held against its receipt.
import { decodeStripes, stripesOf, type Stripe } from '@oort/algorithms-erasure';
import type { SegmentPlacement } from '@oort/schema/events/storage';
import { SegmentCorrupt } from './faults';
import { gatherPieces, readSegment, type BadPiece } from './read';
import { frameBytes, FrameOpener, framesOf, openSegment } from './sealing';
import { Turns } from './turns';
import type { Wires } from './write';
import { passed } from './young-memory';

/** How much is fetched at once: little for a reader that is slow, more for one that keeps up, so that memory goes to who uses it. */
export interface Pace { batchBytes: number }

export const smallestBatch = 96 * 1024;

/** A batch that is fetched takes twice its memory, so those of many slow readers are not all fetched at once. */
const slowReaders = new Turns(32);

export interface RangeToRead { readonly segment: SegmentPlacement; readonly start: number; readonly end: number }

export interface Reading { readonly objectKey: Uint8Array; readonly accountId: string; onBadPiece(bad: BadPiece): void }

/** Batches of plain bytes, in order. Whoever takes one empties it as its bytes go: a generator remembers what it gave until it is asked for
 *  the next, and of every slow reader that would be a batch. Throws PiecesUnreachable, SegmentCorrupt. */
export async function* readPlain(wires: Wires, { segment, start, end }: RangeToRead, reading: Reading, pace: Pace): AsyncGenerator<Buffer[]> {
  const { segmentId, sizeBytes } = segment;
  const { frame, from, to } = framesOf(start, end, sizeBytes);
  const opener = new FrameOpener(reading.objectKey, segmentId, sizeBytes, frame);
  const cut = new Cut(frame, start, end);
  const stripes = stripesOf(sizeBytes, segment, segment.stripeUnitBytes).filter(({ dataOffset, dataBytes }) => dataOffset + dataBytes > from && dataOffset < to);
  for (let next = 0; next < stripes.length;) {
    const batch = batchOf(stripes, next, pace.batchBytes);
    // While the reader takes a batch, nothing else of it is held.
    const wanted = await openBatch(wires, segment, reading, batch, opener, next === 0 ? from - (batch[0]?.dataOffset ?? 0) : 0, stripes.length > 1 && pace.batchBytes <= smallestBatch)
      .then((plain) => (plain === null ? null : cut.take(plain)));
    next += batch.length;
    if (wanted === null) return yield [await reread(wires, segment, reading, cut.offset, end)];
    yield wanted;
  }
}

/** The frames that are complete with these stripes, of which the first bytes are not wanted. Null when one does not open. */
async function openBatch(
  wires: Wires, segment: SegmentPlacement, { accountId, onBadPiece }: Reading, batch: readonly Stripe[], opener: FrameOpener, unwantedBytes: number, inTurn: boolean,
): Promise<readonly Buffer[] | null> {
  const [first, last] = [batch[0], batch.at(-1)];
  const part = { start: first?.pieceOffset ?? 0, end: (last?.pieceOffset ?? 0) + (last?.unitBytes ?? 0) };
  const gather = (): Promise<ReadonlyMap<number, Buffer>> => gatherPieces(wires, segment, accountId, onBadPiece, part);
  const pieces = await (inTurn ? slowReaders.run(gather) : gather());
  const sealed = decodeStripes(pieces, batch, segment).flat();
  dropHead(sealed, unwantedBytes);
  const plain = openOrNull(opener, sealed);
  if (plain === null) return null;
  opener.detach();
  for (const piece of pieces.values()) wires.client.spare.give(piece);
  passed(batch.reduce((sum, { dataBytes }) => sum + dataBytes, 0));
  return plain;
}

function batchOf(stripes: readonly Stripe[], first: number, bytes: number): readonly Stripe[] {
  let count = 1;
  for (let sum = stripes[first]?.dataBytes ?? 0; first + count < stripes.length && sum + (stripes[first + count]?.dataBytes ?? 0) <= bytes; count += 1) {
    sum += stripes[first + count]?.dataBytes ?? 0;
  }
  return stripes.slice(first, first + count);
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

  take(plain: readonly Buffer[]): Buffer[] {
    return plain.flatMap((part) => {
      const at = this.#at;
      this.#at += part.length;
      const wanted = part.subarray(Math.max(0, this.start - at), Math.max(0, this.end - at));
      return wanted.length === 0 ? [] : [wanted];
    });
  }
}
