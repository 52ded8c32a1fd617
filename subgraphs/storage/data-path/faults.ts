import { Fault } from '@oort/kernel-wire';

/** Too few nodes are there to keep the promise of durability; the caller may try again later. */
export class StorageUnavailable extends Fault {
  constructor(have: number, need: number) {
    super('STORAGE_UNAVAILABLE', `${need} storage nodes must take a piece and ${have} can`, { have, need });
  }
}

/** Fewer than k good pieces can be reached now. */
export class PiecesUnreachable extends Fault {
  constructor(segmentId: string, have: number, need: number) {
    super('PIECES_UNREACHABLE', `${have} of the ${need} pieces that ${segmentId} needs can be read`, { segmentId, have, need });
  }
}

/** The pieces are what the receipts say and yet do not open: the key or the catalogue is wrong. */
export class SegmentCorrupt extends Fault {
  constructor(segmentId: string) { super('SEGMENT_CORRUPT', `${segmentId} does not open`, { segmentId }); }
}

/** What a node did instead of what it was asked; `reason` is kept with the piece that is lost by it. */
export class PieceRefused extends Fault {
  constructor(readonly reason: 'missing' | 'corrupt' | 'unreachable' | 'refused', nodeId: string, detail: string) {
    super('PIECE_REFUSED', `${nodeId}: ${reason}: ${detail}`, { nodeId, reason });
  }
}

/** A piece that is not wanted any more; its connection ends before the piece does. */
export class StreamCancelled extends Fault {
  constructor() { super('STREAM_CANCELLED', 'the piece is not wanted any more'); }
}

/** The connection to a node ended before its answer did. */
export class ConnectionLost extends Fault {
  constructor(reason: string) { super('CONNECTION_LOST', reason); }
}
