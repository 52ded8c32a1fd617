// How sealed segments lie in edge caches: runs of four frames, each a piece of its own. Its name follows from the segment, whose bytes
// never change, so that what a cache has under it is right or does not open, and never old.
import type { SegmentPlacement } from '@oort/schema/events/storage';
import { frameBytes, plainLength, sealedLength } from '../data-path/sealing';

const chunkFrames = 4;
export const chunkBytes = chunkFrames * frameBytes;

/** A chunk of a segment; where it begins and ends among the segment's plain bytes. */
export interface Chunk { readonly index: number; readonly pieceId: string; readonly firstFrame: number; readonly start: number; readonly end: number; readonly sealedBytes: number }

/** Those that hold the plain bytes from `start` to `end` (exclusive). */
export function chunksOf({ segmentId, sizeBytes }: Pick<SegmentPlacement, 'segmentId' | 'sizeBytes'>, start: number, end: number): readonly Chunk[] {
  const length = plainLength(sizeBytes);
  const first = Math.floor(start / chunkBytes);
  return Array.from({ length: Math.max(0, Math.ceil(end / chunkBytes) - first) }, (_, step): Chunk => {
    const index = first + step;
    const [from, to] = [index * chunkBytes, Math.min(length, (index + 1) * chunkBytes)];
    return { index, pieceId: `${edgeGroup(segmentId)}x${index}`, firstFrame: index * chunkFrames, start: from, end: to, sealedBytes: sealedLength(to - from) };
  });
}

/** What all chunks of a segment are deleted by. */
export function edgeGroup(segmentId: string): string { return `piece_edge${segmentId.replace(/^segment_/, '').replaceAll(/[^0-9A-Za-z]/g, '')}`; }
