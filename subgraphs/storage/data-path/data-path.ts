// Segments to nodes and back, encrypted on the way: what the object store, the content store, repair and the archive stand on.
import { newId } from '@oort/kernel-wire';
import { signWith, type DeviceKey } from '@oort/kernel-identity';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import { readPlaced, sealedPlaced, type LocatePack } from '../packing/packed-read';
import { EdgeCaches, type EdgeOptions } from '../edge/edge-caches';
import { PieceRefused } from './faults';
import { NodeWatch } from './node-watch';
import { PieceClient, type Moved } from './piece-client';
import type { StorageNodes } from './port';
import type { BadPiece } from './read';
import type { Pace, RangeToRead } from './read-plain';
import { plainLength } from './sealing';
import { replicatedBytes, SegmentSink } from './segment-sink';
import { StripeWriter } from './stripe-writer';
import { removePieces, writeReplicas, type Wires, type WrittenSegment } from './write';

/** Plain bytes of a segment. A repair holds a few times this in memory; uploads and reads hold some stripes of it. */
export const segmentBytes = 16 * 1024 * 1024;

export interface DataPathOptions {
  readonly nodes: StorageNodes;
  /** Signs orders; nodes got its public half at enrolment. */
  readonly platformKey: DeviceKey;
  /** Reads go through caches of this region, where there are any. */
  readonly edge?: EdgeOptions;
  now(): Date;
}

export class DataPath implements Wires {
  readonly watch: NodeWatch;
  readonly client: PieceClient;
  readonly now: () => Date;
  /** Whose orders nodes obey. */
  readonly signer: { readonly publicKey: string };
  readonly sign: (statement: Uint8Array) => string;
  /** Told of every piece that a read found bad; the repair loop listens. */
  onBadPiece: (bad: BadPiece) => void = () => undefined;
  /** Told of every byte that an order moved. */
  onMoved: (moved: Moved) => void = () => undefined;
  /** Whoever has the log says where packs lie. */
  locatePack: LocatePack = () => Promise.resolve(null);

  /** Null in a process that reads directly. */
  readonly edge: EdgeCaches | null;

  constructor({ nodes, platformKey, now, edge }: DataPathOptions) {
    this.now = () => now();
    this.signer = { publicKey: platformKey.publicKey };
    this.sign = (statement) => signWith(platformKey, statement);
    this.watch = new NodeWatch(nodes, this.now);
    this.client = new PieceClient({ platformKey, now: this.now }, (moved) => this.onMoved(moved));
    this.edge = edge === undefined ? null : new EdgeCaches(this, edge, (range, reading, pace) => readPlaced(this, this.locatePack, range, reading, pace));
  }

  /** A new segment, empty. */
  sink(objectKey: Uint8Array, accountId: string): SegmentSink {
    return new SegmentSink(this, newId('segment', this.now()), objectKey, accountId, segmentBytes);
  }

  /** Places sealed bytes under the id that they were sealed for, as a restore does. Throws StorageUnavailable. */
  async place(segmentId: string, sealed: Buffer, accountId: string): Promise<WrittenSegment> {
    const plainBytes = plainLength(sealed.length);
    if (plainBytes <= replicatedBytes) return writeReplicas(this, segmentId, sealed, accountId);
    const writer = await StripeWriter.open(this, { segmentId, accountId, plainBytes, sealedBytes: sealed.length });
    try {
      await writer.write(sealed);
    } catch (error) {
      await writer.abort();
      throw error;
    }
    return writer.end();
  }

  /** The plain bytes of a range, in batches. Throws PiecesUnreachable, SegmentCorrupt. */
  read(range: RangeToRead, objectKey: Uint8Array, accountId: string, pace: Pace): AsyncGenerator<Buffer[]> {
    const reading = { objectKey, accountId, onBadPiece: (bad: BadPiece): void => this.onBadPiece(bad) };
    return this.edge === null ? readPlaced(this, this.locatePack, range, reading, pace) : this.edge.read(range, reading, pace);
  }

  /** Every piece that it is made from is held against its receipt. */
  sealedBytes(segment: SegmentPlacement, accountId: string): Promise<Buffer> {
    return sealedPlaced(this, this.locatePack, segment, accountId, (bad) => this.onBadPiece(bad));
  }

  /** After a piece could not be fetched: what is missing or rotten is told to repair, and a node that does not answer is asked last. */
  reportIfBad(segmentId: string, piece: PiecePlacement, error: unknown): void {
    const reason = error instanceof PieceRefused ? error.reason : 'unreachable';
    if (reason === 'missing' || reason === 'corrupt') this.onBadPiece({ segmentId, piece, reason });
    else this.watch.failed(piece.nodeId);
  }

  remove(pieces: readonly Pick<PiecePlacement, 'nodeId' | 'pieceId'>[]): Promise<void> { return removePieces(this, pieces); }

  close(): Promise<void> { return this.client.close(); }
}

/** Where a range of an object lies: which part of which segment. `end` is exclusive. */
export function segmentRanges(
  segments: readonly SegmentPlacement[], start: number, end: number,
): readonly RangeToRead[] {
  let offset = 0;
  return segments.flatMap((segment) => {
    const length = plainLength(segment.sizeBytes);
    const from = Math.max(0, start - offset);
    const to = Math.min(length, end - offset);
    offset += length;
    return from < to ? [{ segment, start: from, end: to }] : [];
  });
}
