// Segments to nodes and back, encrypted on the way: what the object store, the content store, repair and the archive stand on.
import { newId } from '@oort/kernel-wire';
import type { DeviceKey } from '@oort/kernel-identity';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import { SegmentCorrupt } from './faults';
import { NodeWatch } from './node-watch';
import { PieceClient, type Moved } from './piece-client';
import type { StorageNodes } from './port';
import { readSegment, type BadPiece } from './read';
import { openSegment, plainLength, sealSegment } from './sealing';
import { removePieces, writeSegment, type Wires, type WrittenSegment } from './write';

/** Plain bytes of a segment: what the door holds in memory for one upload is a few times this, whatever the object's size. */
export const segmentBytes = 8 * 1024 * 1024;

export interface DataPathOptions {
  readonly nodes: StorageNodes;
  /** Signs orders; nodes got its public half at enrolment. */
  readonly platformKey: DeviceKey;
  now(): Date;
}

export class DataPath implements Wires {
  readonly watch: NodeWatch;
  readonly client: PieceClient;
  readonly now: () => Date;
  /** Told of every piece that a read found bad; the repair loop listens. */
  onBadPiece: (bad: BadPiece) => void = () => undefined;
  /** Told of every byte that an order moved. */
  onMoved: (moved: Moved) => void = () => undefined;

  constructor({ nodes, platformKey, now }: DataPathOptions) {
    this.now = () => now();
    this.watch = new NodeWatch(nodes, this.now);
    this.client = new PieceClient({ platformKey, now: this.now }, (moved) => this.onMoved(moved));
  }

  /** Throws StorageUnavailable, after removing what it wrote. */
  write(plain: Uint8Array, objectKey: Uint8Array, accountId: string): Promise<WrittenSegment> {
    const segmentId = newId('segment', this.now());
    return writeSegment(this, segmentId, sealSegment(plain, objectKey, segmentId), accountId);
  }

  /** Places sealed bytes under the id that they were sealed for, as a restore does. */
  place(segmentId: string, sealed: Buffer, accountId: string): Promise<WrittenSegment> {
    return writeSegment(this, segmentId, sealed, accountId);
  }

  /** The plain bytes from `start` to `end` (exclusive) of a segment. Throws PiecesUnreachable, SegmentCorrupt. */
  async read(segment: SegmentPlacement, objectKey: Uint8Array, accountId: string, start: number, end: number): Promise<Buffer> {
    const sealed = await this.sealedBytes(segment, accountId);
    try {
      return openSegment(sealed, objectKey, segment.segmentId, start, end);
    } catch {
      throw new SegmentCorrupt(segment.segmentId);
    }
  }

  sealedBytes(segment: SegmentPlacement, accountId: string): Promise<Buffer> {
    return readSegment(this, segment, accountId, (bad) => this.onBadPiece(bad));
  }

  remove(pieces: readonly Pick<PiecePlacement, 'nodeId' | 'pieceId'>[]): Promise<void> { return removePieces(this, pieces); }

  close(): Promise<void> { return this.client.close(); }
}

/** Where a range of an object lies: which part of which segment. `end` is exclusive. */
export function segmentRanges(
  segments: readonly SegmentPlacement[], start: number, end: number,
): readonly { readonly segment: SegmentPlacement; readonly start: number; readonly end: number }[] {
  let offset = 0;
  return segments.flatMap((segment) => {
    const length = plainLength(segment.sizeBytes);
    const from = Math.max(0, start - offset);
    const to = Math.min(length, end - offset);
    offset += length;
    return from < to ? [{ segment, start: from, end: to }] : [];
  });
}
