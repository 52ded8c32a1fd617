// Reads of segments that lie in packs. A pack's code is systematic, so what is wanted is had from the one or two nodes that keep the
// units which hold it; when one of them fails, the stripes are gathered from whoever has them, and at last every piece of the pack is
// checked. A frame opens or does not: nobody's word is taken.
import { hash } from 'node:crypto';
import { decodeStripes, stripesOf, unitsAt } from '@oort/algorithms-erasure';
import { decodePackEntry, packEntryBytes, packEntryOffset } from '@oort/algorithms-possession';
import type { PackedPlace, SegmentPlacement } from '@oort/schema/events/storage';
import { PieceRefused, PiecesUnreachable, SegmentCorrupt } from '../data-path/faults';
import { gatherPieces, readSegment } from '../data-path/read';
import { readPlain, type Pace, type RangeToRead, type Reading } from '../data-path/read-plain';
import { openSegment } from '../data-path/sealing';
import type { Wires } from '../data-path/write';

/** Where a pack lies now, or null when there is no such pack. */
export type LocatePack = (packId: string, fresh: boolean) => Promise<SegmentPlacement | null>;

type Packed = Pick<SegmentPlacement, 'segmentId' | 'sizeBytes'> & { readonly packed: readonly PackedPlace[] };

export function isPacked(segment: SegmentPlacement): segment is SegmentPlacement & Packed { return (segment.packed?.length ?? 0) > 0; }

/** The plain bytes of a range, wherever its segment lies. Throws PiecesUnreachable, SegmentCorrupt. */
export async function* readPlaced(wires: Wires, locate: LocatePack, range: RangeToRead, reading: Reading, pace: Pace): AsyncGenerator<Buffer[]> {
  const { segment } = range;
  if (!isPacked(segment)) return yield* readPlain(wires, range, reading, pace);
  const packed = await readPacked(wires, locate, { ...range, segment }, reading).catch((error: unknown) => {
    if (segment.pieces.length === 0) throw error;
    return null;
  });
  // A pack that never came to be sealed: the replicas are still what counts.
  if (packed === null) return yield* readPlain(wires, range, reading, pace);
  yield [packed];
}

/** The sealed bytes of a segment, wherever it lies: of pieces that were held against their receipts, or held against the index of its pack. Throws PiecesUnreachable. */
export async function sealedPlaced(wires: Wires, locate: LocatePack, segment: SegmentPlacement, accountId: string, onBadPiece: Reading['onBadPiece']): Promise<Buffer> {
  if (!isPacked(segment)) return readSegment(wires, segment, accountId, onBadPiece);
  return sealedPacked(wires, locate, segment, { accountId, onBadPiece }).catch((error: unknown) => {
    if (segment.pieces.length === 0) throw error;
    return readSegment(wires, segment, accountId, onBadPiece);
  });
}

/** The plain bytes of a range. Throws PiecesUnreachable when no pack has the segment or too few of its nodes answer, SegmentCorrupt. */
export async function readPacked(wires: Wires, locate: LocatePack, { segment, start, end }: RangeToRead & { readonly segment: Packed }, reading: Reading): Promise<Buffer> {
  const open = (sealed: Buffer): Buffer => openSegment(sealed, reading.objectKey, segment.segmentId, start, end);
  let opened: Buffer | null = null;
  await sealedPacked(wires, locate, segment, reading, (sealed) => {
    opened = openedOrNull(open, sealed);
    return opened !== null;
  });
  return opened ?? Buffer.alloc(0);
}

/** The sealed bytes, from the first way by which they are what they should be. Throws PiecesUnreachable. */
export async function sealedPacked(
  wires: Wires, locate: LocatePack, segment: Packed, reading: Pick<Reading, 'accountId' | 'onBadPiece'>, isRight: ((sealed: Buffer) => boolean) | null = null,
): Promise<Buffer> {
  let fault: unknown = new PiecesUnreachable(segment.segmentId, 0, 1);
  for (const { packId, ordinal, offset } of segment.packed) {
    for (const fresh of [false, true]) {
      const pack = await locate(packId, fresh);
      if (pack === null) break;
      const slice = { pack, offset, sizeBytes: segment.sizeBytes };
      const isWhat = isRight ?? await entryCheck(wires, { pack, offset: packEntryOffset(ordinal), sizeBytes: packEntryBytes }, reading, segment);
      for (const way of isWhat === null ? [checkedSlice] : [unitSlice, stripeSlice, checkedSlice]) {
        const sealed = await way(wires, slice, reading).catch((error: unknown) => { fault = error; return null; });
        if (sealed === null) continue;
        if (isWhat === null || isWhat(sealed)) return sealed;
        fault = new SegmentCorrupt(segment.segmentId);
      }
    }
  }
  throw fault;
}

/** What the pack's index says that the segment is, or null when the index cannot be read or speaks of another. */
async function entryCheck(wires: Wires, slice: Slice, reading: Pick<Reading, 'accountId' | 'onBadPiece'>, segment: Packed): Promise<((sealed: Buffer) => boolean) | null> {
  const bytes = await unitSlice(wires, slice, reading).catch(() => null) ?? await stripeSlice(wires, slice, reading).catch(() => null);
  const entry = bytes === null ? null : decodePackEntry(bytes);
  if (entry?.segmentId !== segment.segmentId || entry.sizeBytes !== segment.sizeBytes) return null;
  return (sealed) => hash('sha256', sealed) === entry.sha256;
}

interface Slice { readonly pack: SegmentPlacement; readonly offset: number; readonly sizeBytes: number }
type Way = (wires: Wires, slice: Slice, reading: Pick<Reading, 'accountId' | 'onBadPiece'>) => Promise<Buffer | null>;

/** From the data pieces alone, without a look at the others. Null when one of their nodes is not there. */
const unitSlice: Way = async (wires, { pack, offset, sizeBytes }, { accountId }) => {
  const nodes = await wires.watch.byId();
  const parts = unitsAt(offset, offset + sizeBytes, pack.sizeBytes, pack, pack.stripeUnitBytes).map(({ index, from, to }) => {
    const piece = pack.pieces.find((candidate) => candidate.index === index);
    const node = piece === undefined ? undefined : nodes.get(piece.nodeId);
    return piece === undefined || node === undefined || !wires.watch.isWell(node) ? null : { piece, node, from, to };
  });
  if (parts.some((part) => part === null)) return null;
  return Buffer.concat(await Promise.all(parts.flatMap((part) => (part === null ? [] : [
    wires.client.getPart(part.node, accountId, part.piece.pieceId, part.from, part.to).catch((error: unknown) => {
      if (!(error instanceof PieceRefused) || error.reason === 'unreachable') wires.watch.failed(part.node.nodeId);
      throw error;
    })]))));
};

/** From any k nodes, the stripes that it lies in. */
const stripeSlice: Way = async (wires, { pack, offset, sizeBytes }, { accountId, onBadPiece }) => {
  const stripes = stripesOf(pack.sizeBytes, pack, pack.stripeUnitBytes).filter(({ dataOffset, dataBytes }) => dataOffset + dataBytes > offset && dataOffset < offset + sizeBytes);
  const [first, last] = [stripes[0], stripes.at(-1)];
  if (first === undefined || last === undefined) return null;
  const pieces = await gatherPieces(wires, pack, accountId, onBadPiece, { start: first.pieceOffset, end: last.pieceOffset + last.unitBytes });
  const data = Buffer.concat(decodeStripes(pieces, stripes, pack).flat());
  return data.subarray(offset - first.dataOffset, offset - first.dataOffset + sizeBytes);
};

/** From the whole pack, every piece held against its receipt. */
const checkedSlice: Way = async (wires, { pack, offset, sizeBytes }, { accountId, onBadPiece }) => {
  const bytes = await readSegment(wires, pack, accountId, onBadPiece);
  return bytes.subarray(offset, offset + sizeBytes);
};

function openedOrNull(open: (sealed: Buffer) => Buffer, sealed: Buffer): Buffer | null {
  try {
    return open(sealed);
  } catch {
    return null;
  }
}
