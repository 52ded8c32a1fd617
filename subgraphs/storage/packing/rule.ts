// When small segments are packed and packs written anew.
import type { PackableSegment } from '@oort/projections-objects';

export interface PackingRule {
  /** Objects this old are packed: most that are deleted or overwritten soon are gone by then. */
  readonly ageMs: number;
  readonly packBytes: number;
  /** What waits for others longer than this is packed with those that are there, if together they have so many bytes. */
  readonly lingerMs: number;
  readonly leastBytes: number;
  readonly mostSegments: number;
  /** A pack with a smaller live part is written anew. */
  readonly liveShare: number;
  /** Of a pack that is not sealed for so long, whoever made it is gone. */
  readonly abandonedMs: number;
}

const minute = 60_000;

export const usualRule: PackingRule = {
  ageMs: 60 * minute, packBytes: 8 * 1024 * 1024, lingerMs: 24 * 60 * minute, leastBytes: 256 * 1024, mostSegments: 4096, liveShare: 0.5, abandonedMs: 30 * minute,
};

export interface Batches { readonly batches: readonly (readonly PackableSegment[])[]; readonly rest: readonly PackableSegment[] }

/** Full packs, and what lingers, in the order that they came: what came together often goes together. */
export function batchesOf(segments: readonly PackableSegment[], { packBytes, lingerMs, leastBytes, mostSegments, ageMs }: PackingRule, now: Date): Batches {
  const batches: PackableSegment[][] = [];
  let batch: PackableSegment[] = [];
  let bytes = 0;
  for (const segment of segments) {
    batch.push(segment);
    bytes += segment.sizeBytes;
    if (bytes < packBytes && batch.length < mostSegments) continue;
    batches.push(batch);
    [batch, bytes] = [[], 0];
  }
  const lingering = batch.some(({ storedAt }) => now.getTime() - Date.parse(storedAt) >= ageMs + lingerMs);
  return lingering && bytes >= leastBytes ? { batches: [...batches, batch], rest: [] } : { batches, rest: batch };
}
