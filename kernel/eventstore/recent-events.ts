// The newest events in memory: contiguous positions, the last ones possibly not durable yet. It always holds what the index does not.
import { passes } from './stream';
import { eventOf } from './record';
import type { Group } from './group';
import type { Indexed } from './log-index';
import type { Filter, RecordedEvent } from './port';

/** Parsed when first read, then shared by its readers. */
export interface Recent extends Omit<Indexed, 'segment' | 'offset'> {
  readonly group: Group;
  /** Where its frame begins in the group's bytes: they are kept instead of the text, outside the heap that is collected. */
  readonly at: number;
  parsed: RecordedEvent | null;
}

export class RecentEvents {
  private events: Recent[] = [];
  private unindexed = new Map<string, Recent[]>();
  /** Of those that are not indexed, the first of each append that named no revision. */
  private byId = new Map<string, number>();

  get first(): number {
    return this.events[0]?.position ?? Infinity;
  }

  add(event: Recent): void {
    this.events.push(event);
    const ofStream = this.unindexed.get(event.stream);
    if (ofStream === undefined) this.unindexed.set(event.stream, [event]);
    else ofStream.push(event);
    if (event.byIds) this.byId.set(idOf(event.stream, event.id), event.revision);
  }

  /** Of the event that is not indexed and began an append without a revision. */
  revisionOf(stream: string, id: string): number | null {
    return this.byId.get(idOf(stream, id)) ?? null;
  }

  /** Events of a stream that are not indexed: contiguous revisions. */
  unindexedOf(stream: string): readonly Recent[] {
    return this.unindexed.get(stream) ?? [];
  }

  between(from: number, to: number): readonly Recent[] {
    return this.events.slice(from - this.first, to - this.first);
  }

  /** Matching events from a position up to another, and the first position not looked at. */
  matching(from: number, to: number, filter: Filter | undefined, limit: number): { readonly events: RecordedEvent[]; readonly next: number } {
    const events: RecordedEvent[] = [];
    let next = from;
    for (; next < to && events.length < limit; next += 1) {
      const event = this.events[next - this.first];
      if (event !== undefined && passes(filter, event)) events.push(parsed(event));
    }
    return { events, next };
  }

  /** What stands at a position or behind it did not happen. */
  takeBack(position: number): void {
    for (const event of this.events) if (event.position >= position && event.byIds) this.byId.delete(idOf(event.stream, event.id));
    this.events = this.events.filter((event) => event.position < position);
    for (const [stream, events] of this.unindexed) this.keep(stream, events.filter((event) => event.position < position));
  }

  /** The index holds all before `next` now. Answers which of the streams have nothing else waiting. */
  indexed(streams: ReadonlySet<string>, next: number, keptEvents: number): readonly string[] {
    for (const stream of streams) {
      const waiting = this.unindexedOf(stream);
      for (const event of waiting) if (event.byIds && event.position < next) this.byId.delete(idOf(stream, event.id));
      this.keep(stream, waiting.filter((event) => event.position >= next));
    }
    const droppable = Math.min(next - this.first, this.events.length - keptEvents);
    // Moving the rest down costs as much as it has, so it is done for many at once.
    if (droppable > 0 && droppable >= keptEvents / 2) this.events = this.events.slice(droppable);
    return [...streams].filter((stream) => !this.unindexed.has(stream));
  }

  private keep(stream: string, events: Recent[]): void {
    if (events.length > 0) this.unindexed.set(stream, events);
    else this.unindexed.delete(stream);
  }
}

/** No line break is in a UUID, so no two pairs read alike. */
function idOf(stream: string, id: string): string {
  return `${id}\n${stream}`;
}

export function located({ stream, type, id, revision, position, byIds, bytes, group, at }: Recent): Indexed {
  return { stream, type, id, revision, position, byIds, bytes, segment: group.place.segment, offset: group.place.offset + at };
}

export function parsed(event: Recent): RecordedEvent {
  return (event.parsed ??= eventOf(event.group.textAt(event.at, event.bytes)));
}
