import { join } from 'node:path';
import { messageOf } from '@oort/kernel-wire';
import { AppendTooLarge, StoreBroken, StoreClosed, StoreUnwritable, StreamDeleted, WrongExpectedRevision } from './faults';
import { Bell, type Page, type Source } from './follow';
import { Group } from './group';
import type { Flags } from './frame';
import { LogIndex, longestName, type Entry, type Indexed } from './log-index';
import { located, parsed, RecentEvents } from './recent-events';
import { eventOf, textOf } from './record';
import { Segments } from './segments';
import { mustMatch, passes, tombstoneType } from './stream';
import type { Appended, EventToAppend, ExpectedRevision, Filter, RecordedEvent } from './port';

/** The answer, and the group whose flush it waits for; null when it is durable already. */
interface Enqueued { readonly answer: Appended; readonly group: Group | null }

interface Written { readonly id: string; readonly revision: number; readonly position: number; readonly group: Group | null }

interface Head { revision: number; deleted: boolean }

export interface Limits {
  readonly maxAppendBytes: number;
  /** Newest events that stay in memory for readers. */
  readonly keptEvents: number;
  /** Indexing waits for so much company: fewer, fuller rows. */
  readonly indexAfterEvents: number;
}

const indexAfterMs = 100;
/** Beyond it writers wait for the index, so that memory does not grow without end. */
const mostUnindexed = 100_000;
const scannedPerPage = 1024;
const mostScanPlaces = 16;

interface ScanPlace { readonly position: number; readonly segment: number; readonly offset: number }

export class EmbeddedLog implements Source {
  readonly bell = new Bell();
  private readonly segments: Segments;
  private readonly index: LogIndex;
  private readonly recent = new RecentEvents();
  /** Heads of streams with what is not durable yet. */
  private readonly heads = new Map<string, Head | null>();
  private visible = 0;
  private next = 0;
  private lastGroupBytes = 0;
  private building: Group | null = null;
  private flushing: Promise<void> | null = null;
  private broken: StoreBroken | null = null;
  private timer: NodeJS.Timeout | null = null;
  private indexing: Promise<void> | null = null;
  /** Where readers of everything go on, the newest last. */
  private scanPlaces: ScanPlace[] = [];

  private constructor(directory: string, private readonly limits: Limits) {
    this.segments = new Segments(join(directory, 'log'));
    this.index = new LogIndex(directory);
  }

  /** Throws StoreBroken. */
  static async open(directory: string, limits: Limits): Promise<EmbeddedLog> {
    const log = new EmbeddedLog(directory, limits);
    await log.catchUpIndex();
    log.visible = log.index.progress.next;
    log.next = log.visible;
    return log;
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Promise<Appended> {
    const { answer, group } = this.enqueue(stream, expected, events);
    await group?.done;
    return answer;
  }

  head(): bigint | null {
    return this.visible === 0 ? null : BigInt(this.visible - 1);
  }

  page(after: bigint | null, filter: Filter | undefined, limit: number): Page {
    if (this.bell.stopped) throw new StoreClosed();
    const start = after === null ? 0 : Number(after) + 1;
    if (start >= this.visible) return { events: [], scannedTo: null };
    if (start >= this.recent.first) {
      const { events, next } = this.recent.matching(start, this.visible, filter, limit);
      return { events, scannedTo: BigInt(next - 1) };
    }
    const entries = this.indexedEntries(start, filter, limit);
    if (entries === null) return this.scannedPage(start, filter, limit);
    const events = this.segments.readMany(entries).map(eventOf).filter((event) => passes(filter, event));
    const reached = entries.length < limit ? this.index.progress.next - 1 : entries.at(-1)?.order ?? start;
    return { events, scannedTo: BigInt(reached) };
  }

  /** Visible events of a stream from a revision on. */
  streamPage(stream: string, from: number, limit: number): readonly RecordedEvent[] {
    if (this.bell.stopped) throw new StoreClosed();
    if (this.visibleHead(stream)?.deleted === true) throw new StreamDeleted(stream);
    const waiting = this.recent.unindexedOf(stream);
    // LMDB shows what it committed a moment before we forget that it was waiting.
    const indexedTo = waiting[0]?.revision ?? Infinity;
    const entries = this.index.ofStream(stream, from, limit).filter(({ order }) => order < indexedTo);
    const events = this.segments.readMany(entries).map(eventOf);
    for (let at = Math.max(0, from - (waiting[0]?.revision ?? 0)); at < waiting.length && events.length < limit; at += 1) {
      const event = waiting[at];
      if (event !== undefined && event.position < this.visible) events.push(parsed(event));
    }
    return events;
  }

  streamRevision(stream: string): number | null {
    if (this.bell.stopped) throw new StoreClosed();
    return this.visibleHead(stream)?.revision ?? null;
  }

  async close(): Promise<void> {
    if (this.bell.stopped) return;
    this.bell.stop();
    while (this.flushing !== null) await this.flushing;
    await this.indexing;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.indexPass();
    await this.index.close();
    this.segments.close();
  }

  private enqueue(stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Enqueued {
    if (this.broken !== null) throw this.broken;
    if (this.bell.stopped) throw new StoreClosed();
    const head = this.headOf(stream);
    if (head?.deleted === true) throw new StreamDeleted(stream);
    const before = this.earlierAnswer(stream, expected, events, head);
    if (before !== null) return before;
    mustMatch(stream, expected, head === null ? null : BigInt(head.revision));
    if (events.length === 0) return { answer: { revision: BigInt(head?.revision ?? -1), position: BigInt(this.visible - 1) }, group: null };
    const texts = this.textsOf(stream, head, events);
    const group = (this.building ??= new Group(this.next, this.lastGroupBytes));
    const byIds = expected === 'any' || expected === 'stream-exists';
    events.forEach((event, index) => {
      const flags = { endsAppend: index === events.length - 1, byIds: byIds && index === 0 };
      this.note(stream, (head?.revision ?? -1) + 1 + index, event, flags, group.add(texts[index] ?? '', flags), group);
    });
    const last = { revision: (head?.revision ?? -1) + events.length, deleted: events.at(-1)?.type === tombstoneType };
    this.heads.set(stream, last);
    this.flushing ??= this.flush();
    return { answer: { revision: BigInt(last.revision), position: BigInt(this.next - 1) }, group };
  }

  private textsOf(stream: string, head: Head | null, events: readonly EventToAppend[]): readonly string[] {
    const texts = events.map((event, index) => textOf(event, stream, (head?.revision ?? -1) + 1 + index, this.next + index));
    let characters = stream.length;
    for (const text of texts) characters += text.length;
    if (characters * 3 > this.limits.maxAppendBytes) {
      const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      if (bytes > this.limits.maxAppendBytes) throw new AppendTooLarge(bytes, this.limits.maxAppendBytes);
    }
    // LMDB's keys are short.
    if (stream.length > longestName) throw new AppendTooLarge(stream.length, longestName);
    return texts;
  }

  private note(
    stream: string, revision: number, { id, type }: EventToAppend, { byIds }: Pick<Flags, 'byIds'>, frame: { readonly at: number; readonly bytes: number }, group: Group,
  ): void {
    this.recent.add({ stream, revision, position: this.next, id, type, byIds, ...frame, group, parsed: null });
    this.next += 1;
  }

  /** One flush after another until nothing waits. */
  private async flush(): Promise<void> {
    // The rest of this turn's appends come along.
    await new Promise((resolve) => setImmediate(resolve));
    for (let group = this.building; group !== null; group = this.building) {
      this.building = null;
      const end = this.next;
      try {
        if (this.visible - this.index.progress.next > mostUnindexed) await this.indexing;
        this.segments.roll(group.firstPosition);
        group.place = this.segments.place;
        await this.segments.write(group.bytes);
        this.lastGroupBytes = group.bytes.length;
        this.publish(end, group);
      } catch (error) {
        this.giveUp(group, error);
      }
    }
    this.flushing = null;
  }

  private publish(end: number, group: Group): void {
    this.visible = end;
    group.settle.resolve();
    this.bell.ring();
    if (this.visible - this.index.progress.next >= this.limits.indexAfterEvents) this.indexVisible();
    else this.timer ??= setTimeout(() => this.indexVisible(), indexAfterMs).unref();
  }

  /** What was not flushed did not happen: positions, revisions and heads go back to what is durable. */
  private giveUp(group: Group, error: unknown): void {
    if (!(error instanceof StoreUnwritable)) this.broken = error instanceof StoreBroken ? error : new StoreBroken(messageOf(error));
    const waiting = this.building;
    this.building = null;
    this.next = this.visible;
    this.recent.takeBack(this.visible);
    this.heads.clear();
    group.settle.reject(error);
    waiting?.settle.reject(error);
  }

  /** Moves everything visible into the index, and forgets what memory need not keep. */
  private indexVisible(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.indexing ??= this.indexPass().finally(() => { this.indexing = null; });
  }

  private async indexPass(): Promise<void> {
    const events = this.recent.between(this.index.progress.next, this.visible).map(located);
    try {
      await this.index.add(events);
    } catch (error) {
      // The log is whole without it: indexing is tried again, and memory serves meanwhile.
      process.stderr.write(`event store: indexing failed: ${messageOf(error)}\n`);
      this.timer ??= setTimeout(() => this.indexVisible(), 10 * indexAfterMs).unref();
      return;
    }
    const streams = new Set(events.map(({ stream }) => stream));
    // A head is in the index now, unless newer events of its stream are waiting.
    for (const stream of this.recent.indexed(streams, this.index.progress.next, this.limits.keptEvents)) this.heads.delete(stream);
  }

  /** What the same append was answered, once it is durable; null when it is a new one. */
  private earlierAnswer(
    stream: string, expected: ExpectedRevision, events: readonly EventToAppend[], head: Head | null,
  ): Enqueued | null {
    const first = events[0];
    if (head === null || first === undefined || expected === BigInt(head.revision)) return null;
    const start = typeof expected === 'bigint' ? Number(expected) + 1 : expected === 'no-stream' ? 0 : this.revisionOf(stream, first.id);
    if (start === null || start > head.revision) return null;
    const found = events.map((_, index) => this.at(stream, start + index));
    if (found[0]?.id !== first.id) return null;
    const last = found.at(-1);
    if (last === null || last === undefined || found.some((event, index) => event?.id !== events[index]?.id)) {
      throw new WrongExpectedRevision(stream, expected, BigInt(head.revision));
    }
    return { answer: { revision: BigInt(last.revision), position: BigInt(last.position) }, group: last.group };
  }

  private revisionOf(stream: string, id: string): number | null {
    return this.recent.revisionOf(stream, id) ?? this.index.revisionOf(stream, id) ?? null;
  }

  private at(stream: string, revision: number): Written | null {
    const unindexed = this.recent.unindexedOf(stream);
    const waiting = unindexed[revision - (unindexed[0]?.revision ?? 0)];
    if (waiting !== undefined) return waiting;
    const [entry] = this.index.ofStream(stream, revision, 1);
    if (entry === undefined || entry.order !== revision) return null;
    const [text = ''] = this.segments.readMany([entry]);
    const event = eventOf(text);
    return { id: event.id, revision, position: Number(event.position), group: null };
  }

  private headOf(stream: string): Head | null {
    const known = this.heads.get(stream);
    if (known !== undefined) return known;
    const head = this.visibleHead(stream);
    this.heads.set(stream, head);
    return head;
  }

  private visibleHead(stream: string): Head | null {
    const last = this.recent.unindexedOf(stream).findLast((event) => event.position < this.visible);
    if (last !== undefined) return { revision: last.revision, deleted: last.type === tombstoneType };
    return this.index.stream(stream) ?? null;
  }

  /** Null when no index covers the filter. */
  private indexedEntries(start: number, filter: Filter | undefined, limit: number): readonly Entry[] | null {
    const lists = this.listsFor(start, filter, limit);
    const { next } = this.index.progress;
    return lists === null ? null : lists.flat().filter(({ order }) => order < next).sort((one, other) => one.order - other.order).slice(0, limit);
  }

  private listsFor(start: number, filter: Filter | undefined, limit: number): readonly (readonly Entry[])[] | null {
    if (filter?.types !== undefined) return [...new Set(filter.types)].map((type) => this.index.ofType(type, start, limit));
    const prefixes = filter?.streamPrefixes;
    if (prefixes === undefined || !prefixes.every((prefix) => prefix.includes('-'))) return null;
    const categories = new Set(prefixes.map((prefix) => prefix.slice(0, prefix.indexOf('-'))));
    return [...categories].map((category) => this.index.ofCategory(category, start, limit));
  }

  private scannedPage(start: number, filter: Filter | undefined, limit: number): Page {
    const place = this.scanPlaces.find(({ position }) => position === start) ?? this.index.placeOf(start);
    const events: RecordedEvent[] = [];
    let { position, segment, offset } = place;
    for (const record of this.segments.scan(segment, offset)) {
      if (position >= start) {
        const event = eventOf(record.text);
        if (passes(filter, event)) events.push(event);
      }
      position += 1;
      ({ segment, offset } = record);
      offset += record.bytes;
      if (position >= this.index.progress.next || events.length >= limit || position >= start + scannedPerPage) break;
    }
    this.scanPlaces = [...this.scanPlaces.filter((known) => known !== place).slice(1 - mostScanPlaces), { position, segment, offset }];
    return { events, scannedTo: BigInt(position - 1) };
  }

  /** Cuts what a crash tore, and reads into the index what it does not know yet. */
  private async catchUpIndex(): Promise<void> {
    const { segment, offset } = this.index.progress;
    if (!this.segments.has(segment, offset)) this.index.clear();
    const known = this.index.progress;
    this.segments.cutTornTail(known.segment === this.segments.place.segment ? known.offset : 0);
    let position = known.next;
    let batch: Indexed[] = [];
    for (const { text, byIds, segment: inSegment, offset: at, bytes } of this.segments.scan(known.segment, known.offset)) {
      const { id, type, stream, revision, position: recorded } = eventOf(text);
      if (recorded !== BigInt(position)) throw new StoreBroken(`position ${recorded} stands where ${position} should`);
      batch.push({ id, type, stream, revision: Number(revision), position, byIds, segment: inSegment, offset: at, bytes });
      position += 1;
      if (batch.length >= rebuildBatch) {
        await this.index.add(batch);
        batch = [];
      }
    }
    await this.index.add(batch);
  }
}

const rebuildBatch = 4096;
