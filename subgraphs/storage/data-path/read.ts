import { decodePieces, pieceLength } from '@oort/algorithms-erasure';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import { PieceRefused, PiecesUnreachable } from './faults';
import type { StorageNode } from './port';
import type { Wires } from './write';

/** A piece that a node should have and has not, or not as it was. */
export interface BadPiece { readonly segmentId: string; readonly piece: PiecePlacement; readonly reason: string }

/** Of every piece; `end` is exclusive. */
export interface Part { readonly start: number; readonly end: number }

/** A piece that takes this much longer than its node's average is hedged with another. */
const hedgeFactor = 4;
const shortestHedgeMs = 250;

/** The sealed bytes of a segment from the k best pieces. Throws PiecesUnreachable. */
export async function readSegment(
  wires: Wires, segment: SegmentPlacement, accountId: string, onBadPiece: (bad: BadPiece) => void,
): Promise<Buffer> {
  const pieces = await gatherPieces(wires, segment, accountId, onBadPiece);
  return decodePieces(pieces, segment.sizeBytes, segment, segment.stripeUnitBytes);
}

/** Any k good pieces by index. Asks k nodes, one more for every failure, and one more when an answer is late. Every read is an audit:
 *  what does not match its receipt is reported. Of parts of pieces only the length is checked. */
export async function gatherPieces(
  wires: Wires, segment: SegmentPlacement, accountId: string, onBadPiece: (bad: BadPiece) => void, part: Part | null = null,
): Promise<ReadonlyMap<number, Buffer>> {
  const queue = await inOrderOfHope(wires, segment);
  const length = pieceLength(segment.sizeBytes, segment, segment.stripeUnitBytes);
  const good = new Map<number, Buffer>();
  const cancel = new AbortController();
  return new Promise((resolve, reject) => {
    let running = 0;
    let ended = false;
    const end = (settle: () => void): void => {
      ended = true;
      // With a reason of its own: the engine would make an exception with a stack for each.
      cancel.abort('the others were enough');
      settle();
    };
    const next = (): void => {
      if (ended) return;
      if (good.size >= segment.k) return end(() => resolve(good));
      const candidate = queue.shift();
      if (candidate === undefined) {
        if (running === 0) end(() => reject(new PiecesUnreachable(segment.segmentId, good.size, segment.k)));
        return;
      }
      running += 1;
      const hedge = setTimeout(next, Math.max(shortestHedgeMs, hedgeFactor * wires.watch.latencyMs(candidate.node.nodeId)));
      const { node, piece } = candidate;
      const startedAt = performance.now();
      const asked = part === null ? wires.client.get(node, accountId, piece.pieceId, length, piece, cancel.signal)
        : wires.client.getPart(node, accountId, piece.pieceId, part.start, part.end, cancel.signal);
      asked.then((bytes) => {
        good.set(piece.index, bytes);
        wires.watch.answered(node.nodeId, performance.now() - startedAt);
      }, (error: unknown) => {
        if (ended) return;
        const reason = error instanceof PieceRefused ? error.reason : 'unreachable';
        if (reason === 'missing' || reason === 'corrupt') onBadPiece({ segmentId: segment.segmentId, piece, reason });
        else wires.watch.failed(node.nodeId);
      }).finally(() => {
        clearTimeout(hedge);
        running -= 1;
        if (running + good.size < segment.k || good.size >= segment.k) next();
      }).catch(reject);
    };
    for (let started = 0; started < segment.k; started += 1) next();
  });
}

interface Candidate { readonly piece: PiecePlacement; readonly node: StorageNode }

/** Nodes that are well before others, data pieces before parity, which spares the decoding, and among replicas the fastest first. */
async function inOrderOfHope({ watch }: Wires, segment: SegmentPlacement): Promise<Candidate[]> {
  const nodes = await watch.byId();
  const candidates = segment.pieces.flatMap((piece) => {
    const node = nodes.get(piece.nodeId);
    return node === undefined ? [] : [{ piece, node }];
  });
  const rank = ({ piece, node }: Candidate): number => (watch.isWell(node) ? 0 : 1_000_000)
    + (segment.k > 1 && piece.index >= segment.k ? 10_000 : 0) + Math.min(watch.latencyMs(node.nodeId), 9_999) + Math.random();
  return candidates.map((candidate) => ({ candidate, rank: rank(candidate) })).sort((a, b) => a.rank - b.rank).map(({ candidate }) => candidate);
}
