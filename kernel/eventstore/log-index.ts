// Where events lie in the log, in LMDB. It is never flushed: what a crash takes from it is read from the log again,
// and after a reboot all of it is. Rows are packed, one per stream or kind and indexing pass,
// and named by the last entry they hold, so the row that contains a number is the first one at or after it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { bootId } from './lock';
import { categoryOf, tombstoneType } from './stream';
import type { Location } from './segments';

export interface Indexed extends Location {
  readonly stream: string;
  readonly type: string;
  readonly id: string;
  readonly revision: number;
  readonly position: number;
  /** The append named no revision, so a repetition is found by the event's id. */
  readonly byIds: boolean;
}

export interface StreamHead { readonly number: number; readonly revision: number; readonly deleted: boolean }

export interface Entry extends Location {
  /** Position in kinds, revision in streams. */
  readonly order: number;
}

interface Progress { readonly next: number; readonly segment: number; readonly offset: number; readonly streams: number }

const formatVersion = 2;
const placeEvery = 256;

/** In UTF-16 units: three bytes each at most, below LMDB's 1,978 bytes a key. */
export const longestName = 500;

export class LogIndex {
  private readonly root: RootDatabase;
  private readonly streams: Database<StreamHead, string>;
  private readonly rows: Database<Buffer, (string | number)[]>;
  private readonly ids: Database<number, (string | number)[]>;
  private readonly facts: Database<Progress | string | number, string>;
  private state: Progress = { next: 0, segment: 0, offset: 0, streams: 0 };

  constructor(directory: string) {
    const path = join(directory, 'index');
    this.root = openTrusted(path);
    this.streams = this.root.openDB({ name: 'streams', encoding: 'msgpack' });
    this.rows = this.root.openDB({ name: 'rows', encoding: 'binary' });
    this.ids = this.root.openDB({ name: 'ids', encoding: 'ordered-binary' });
    this.facts = this.root.openDB({ name: 'facts', encoding: 'msgpack' });
    this.state = (this.facts.get('progress') as Progress | undefined) ?? this.state;
  }

  /** The first position that is not indexed yet, and where in the log it will be. */
  get progress(): Progress {
    return this.state;
  }

  clear(): void {
    for (const database of [this.streams, this.rows, this.ids]) database.clearSync();
    this.state = { next: 0, segment: 0, offset: 0, streams: 0 };
    this.facts.putSync('progress', this.state);
  }

  /** Nothing lies under a name that is too long for a key, and LMDB must not be asked for it. */
  stream(name: string): StreamHead | undefined {
    return name.length > longestName ? undefined : this.streams.get(name);
  }

  revisionOf(stream: string, id: string): number | undefined {
    const head = this.stream(stream);
    return head === undefined ? undefined : this.ids.get([head.number, id]);
  }

  /** Entries of a stream from a revision on. */
  ofStream(name: string, from: number, limit: number): readonly Entry[] {
    const head = this.stream(name);
    return head === undefined ? [] : this.entries(`s${head.number}`, from, limit);
  }

  ofType(type: string, from: number, limit: number): readonly Entry[] {
    return this.entries(`t${type}`, from, limit);
  }

  ofCategory(category: string, from: number, limit: number): readonly Entry[] {
    return this.entries(`c${category}`, from, limit);
  }

  /** A place at or shortly before a position. */
  placeOf(position: number): { readonly position: number; readonly segment: number; readonly offset: number } {
    for (const entry of this.entriesOfRow('p', position)) return { position: entry.order, segment: entry.segment, offset: entry.offset };
    return { position: this.state.next, segment: this.state.segment, offset: this.state.offset };
  }

  /** The events that follow those indexed before, in order, in one transaction that LMDB's own thread writes.
   *  One call at a time. What it adds is found, and `progress` moves, when it resolves. */
  async add(events: readonly Indexed[]): Promise<void> {
    const last = events.at(-1);
    if (last === undefined) return;
    let state = this.state;
    await this.root.batch(() => { state = this.put(events, last); });
    this.state = state;
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  private put(events: readonly Indexed[], last: Indexed): Progress {
    const groups = new Map<string, Entry[]>();
    const heads = new Map<string, StreamHead>();
    let { streams } = this.state;
    for (const event of events) {
      const number = (heads.get(event.stream) ?? this.streams.get(event.stream))?.number ?? streams++;
      heads.set(event.stream, { number, revision: event.revision, deleted: event.type === tombstoneType });
      if (event.byIds) void this.ids.put([number, event.id], event.revision);
      push(groups, `s${number}`, event, event.revision);
      push(groups, `t${event.type}`, event, event.position);
      push(groups, `c${categoryOf(event.stream)}`, event, event.position);
    }
    for (const [stream, head] of heads) void this.streams.put(stream, head);
    for (const [group, entries] of groups) void this.rows.put([group, entries.at(-1)?.order ?? 0], pack(entries));
    for (let index = 0; index < events.length; index += placeEvery) {
      const first = events[index] ?? last;
      const end = events[Math.min(index + placeEvery, events.length) - 1] ?? last;
      void this.rows.put(['p', end.position], pack([{ ...locationOf(first), order: first.position }]));
    }
    const state = { next: last.position + 1, segment: last.segment, offset: last.offset + last.bytes, streams };
    void this.facts.put('progress', state);
    return state;
  }

  private entries(group: string, from: number, limit: number): readonly Entry[] {
    const found: Entry[] = [];
    for (const { value } of this.rows.getRange({ start: [group, from], end: [group, Infinity] })) {
      for (const entry of unpack(value)) {
        if (entry.order >= from) found.push(entry);
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  private* entriesOfRow(group: string, from: number): Generator<Entry> {
    for (const { value } of this.rows.getRange({ start: [group, from], end: [group, Infinity], limit: 1 })) yield* unpack(value);
  }
}

/** Opens the index as it is, or empty when it may hold pages that a power cut tore. */
function openTrusted(path: string): RootDatabase {
  const options = { path, noSync: true, maxDbs: 8, compression: false, overlappingSync: false };
  let root = open(options);
  let facts = root.openDB<string | number, string>({ name: 'facts', encoding: 'msgpack' });
  const trusted = facts.get('format') === formatVersion && facts.get('boot') === bootId() && bootId() !== null;
  if (!trusted) {
    void root.close();
    rmSync(path, { recursive: true, force: true });
    root = open(options);
    facts = root.openDB<string | number, string>({ name: 'facts', encoding: 'msgpack' });
  }
  facts.putSync('format', formatVersion);
  facts.putSync('boot', bootId() ?? '');
  return root;
}

function push(groups: Map<string, Entry[]>, group: string, { segment, offset, bytes }: Indexed, order: number): void {
  const entry = { segment, offset, bytes, order };
  const entries = groups.get(group);
  if (entries === undefined) groups.set(group, [entry]);
  else entries.push(entry);
}

function locationOf({ segment, offset, bytes }: Location): Location {
  return { segment, offset, bytes };
}

// An entry: u48 order, u32 segment, u48 offset, u32 bytes.
const entryBytes = 20;

function pack(entries: readonly Entry[]): Buffer {
  const row = Buffer.allocUnsafe(entries.length * entryBytes);
  entries.forEach(({ order, segment, offset, bytes }, index) => {
    const at = index * entryBytes;
    row.writeUIntLE(order, at, 6);
    row.writeUInt32LE(segment, at + 6);
    row.writeUIntLE(offset, at + 10, 6);
    row.writeUInt32LE(bytes, at + 16);
  });
  return row;
}

function* unpack(row: Buffer): Generator<Entry> {
  for (let at = 0; at + entryBytes <= row.length; at += entryBytes) {
    yield {
      order: row.readUIntLE(at, 6), segment: row.readUInt32LE(at + 6), offset: row.readUIntLE(at + 10, 6), bytes: row.readUInt32LE(at + 16),
    };
  }
}
