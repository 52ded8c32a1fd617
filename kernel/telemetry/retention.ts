// What a topic may lose: whole segments, and only what every group that ever read the topic has passed.
import { isDeadTopic, replayGroup } from './dead-letter';

export interface Retention {
  /** A segment that was written to later is kept. */
  readonly ageMs: number;
  /** Of a topic: over it, what was read goes before its age. */
  readonly bytes: number;
  /** A group that was not there for so long is taken as gone for good, and nothing is kept for it. */
  readonly longestAbsenceMs: number;
}

const dayMs = 24 * 3600 * 1000;

export const weekAndGigabyte: Retention = { ageMs: 7 * dayMs, bytes: 1024 ** 3, longestAbsenceMs: 30 * dayMs };

/** How far a group has come, and when it was there last. */
export interface GroupPlace { readonly next: number; readonly atMs: number }

export interface RetentionQuestion {
  readonly topic: string;
  /** The oldest first. */
  readonly segments: readonly { readonly next: number; readonly bytes: number; readonly writtenAtMs: number }[];
  readonly groups: ReadonlyMap<string, GroupPlace>;
  readonly retention: Retention;
  readonly nowMs: number;
}

/** The record before which everything may go. Dead letters go only once they were replayed, whatever their age. */
export function removableBefore({ topic, segments, groups, retention, nowMs }: RetentionQuestion): number {
  const dead = isDeadTopic(topic);
  if (dead && !groups.has(replayGroup)) return 0;
  const present = [...groups.values()].filter(({ atMs }) => dead || nowMs - atMs <= retention.longestAbsenceMs);
  const passed = Math.min(...present.map(({ next }) => next), Number.MAX_SAFE_INTEGER);
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  let before = 0;
  for (const segment of segments) {
    const old = nowMs - segment.writtenAtMs > retention.ageMs;
    if (segment.next > passed || !(old || bytes > retention.bytes)) break;
    bytes -= segment.bytes;
    before = segment.next;
  }
  return before;
}
