// Where events lie in the log, in LMDB. It is never flushed: what a crash takes from it is read from the log again,
// and after a reboot all of it is. Rows are packed, one per stream or kind and indexing pass,
// and named by the last entry they hold, so the row that contains a number is the first one at or after it.
import { createHash } from 'node:crypto';
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
  /** The first of an append that named no revision: a repetition is found by its id. */
  readonly byIds: boolean;
}

export interface StreamHead { readonly number: number; readonly revision: number; readonly deleted: boolean }

export interface Entry extends Location {
  /** Position in kinds, revision in streams. */
  readonly order: number;
}

interface Progress { readonly next: number; readonly segment: number; readonly offset: number; readonly streams: number }

const formatVersion = 3;
const placeEvery = 256;

/** In UTF-16 units: three bytes each at most, below LMDB's 1,978 bytes a key. */
export const longestName = 500;

export class LogIndex {
  private readonly root: RootDatabase;
  private readonly streams: Database<StreamHead, string>;
  private readonly rows: Database<Buffer, (string | number)[]>;
  private readonly ids: Database<number, Buffer>;
  private readonly facts: Database<Progress | string | number, string>;
  private state: Progress = { next: 0, segment: 0, offset: 0, streams: 0 };

  constructor(directory: string) {
    const path = join(directory, 'index');
    this.root = openTrusted(path);
    this.streams = this.root.openDB({ name: 'streams', encoding: 'msgpack' });
    this.rows = this.root.openDB({ name: 'rows', encoding: 'binary' });
    this.ids = this.root.openDB({ name: 'ids', encoding: 'ordered-binary', keyEncoding: 'binary' });
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
    return head === undefined ? undefined : this.ids.get(idKey(head.number, id));
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
    for (const { value } of this.rows.getRange({ start: ['p', position], end: ['p', Infinity], limit: 1 })) {
      const { order, segment, offset } = entryAt(value, 0);
      return { position: order, segment, offset };
    }
    return { position: this.state.next, segment: this.state.segment, offset: this.state.offset };
  }

  rowsOfStream(name: string): Iterable<Buffer> {
    const head = this.stream(name);
    return head === undefined ? [] : this.rowsOf(`s${head.number}`);
  }

  /** All that is known of a stream, type or category, as it is packed. */
  * rowsOf(group: string): Iterable<Buffer> {
    for (const { value } of this.rows.getRange({ start: [group, 0], end: [group, Infinity] })) yield value;
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
    const [streams, types, categories] = [grouped(events, ({ stream }) => stream), grouped(events, ({ type }) => type), new Map<string, Indexed[]>()];
    let count = this.state.streams;
    for (const [stream, ofStream] of streams) {
      const newest = ofStream[ofStream.length - 1] ?? last;
      const number = this.streams.get(stream)?.number ?? count++;
      void this.streams.put(stream, { number, revision: newest.revision, deleted: newest.type === tombstoneType });
      void this.rows.put([`s${number}`, newest.revision], pack(ofStream, 'revision'));
      for (const { byIds, id, revision } of ofStream) if (byIds) void this.ids.put(idKey(number, id), revision);
    }
    for (const event of events) push(categories, categoryOf(event.stream), event);
    for (const [type, ofType] of types) void this.rows.put([`t${type}`, ofType.at(-1)?.position ?? 0], pack(ofType, 'position'));
    for (const [category, all] of categories) void this.rows.put([`c${category}`, all.at(-1)?.position ?? 0], pack(all, 'position'));
    for (let index = 0; index < events.length; index += placeEvery) {
      const first = events[index] ?? last;
      const end = events[Math.min(index + placeEvery, events.length) - 1] ?? last;
      void this.rows.put(['p', end.position], pack([first], 'position'));
    }
    const state = { next: last.position + 1, segment: last.segment, offset: last.offset + last.bytes, streams: count };
    void this.facts.put('progress', state);
    return state;
  }

  private entries(group: string, from: number, limit: number): readonly Entry[] {
    const found: Entry[] = [];
    for (const { value } of this.rows.getRange({ start: [group, from], end: [group, Infinity] })) {
      for (let at = firstFrom(value, from); at + entryBytes <= value.length; at += entryBytes) {
        found.push(entryAt(value, at));
        if (found.length === limit) return found;
      }
    }
    return found;
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

function grouped(events: readonly Indexed[], nameOf: (event: Indexed) => string): Map<string, Indexed[]> {
  const groups = new Map<string, Indexed[]>();
  for (const event of events) push(groups, nameOf(event), event);
  return groups;
}

function push(groups: Map<string, Indexed[]>, group: string, event: Indexed): void {
  const events = groups.get(group);
  if (events === undefined) groups.set(group, [event]);
  else events.push(event);
}

/** A UUID takes its 16 bytes; any other id is hashed to as many, which no two ids share by accident. */
function idKey(stream: number, id: string): Buffer {
  const key = Buffer.allocUnsafe(21);
  key.writeUIntBE(stream, 0, 5);
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id);
  if (uuid) key.write(id.replaceAll('-', ''), 5, 'hex');
  else key.set(createHash('sha256').update(id).digest().subarray(0, 16), 5);
  return key;
}

// An entry: u48 order, u32 segment, u48 offset, u32 bytes.
const entryBytes = 20;

function pack(events: readonly Indexed[], order: 'revision' | 'position'): Buffer {
  const row = Buffer.allocUnsafe(events.length * entryBytes);
  let at = 0;
  for (const event of events) {
    write(row, at, event[order], event);
    at += entryBytes;
  }
  return row;
}

function write(row: Buffer, at: number, order: number, { segment, offset, bytes }: Location): void {
  row.writeUIntLE(order, at, 6);
  row.writeUInt32LE(segment, at + 6);
  row.writeUIntLE(offset, at + 10, 6);
  row.writeUInt32LE(bytes, at + 16);
}

/** One entry as it stands in a row. */
export function packed(entry: Entry): Buffer {
  const row = Buffer.allocUnsafe(entryBytes);
  write(row, 0, entry.order, entry);
  return row;
}
packed.bytes = entryBytes;

function entryAt(row: Buffer, at: number): Entry {
  return { order: row.readUIntLE(at, 6), segment: row.readUInt32LE(at + 6), offset: row.readUIntLE(at + 10, 6), bytes: row.readUInt32LE(at + 16) };
}

/** Orders rise in a row: the byte where the first one at or after a number stands. */
function firstFrom(row: Buffer, from: number): number {
  let [low, high] = [0, Math.floor(row.length / entryBytes)];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (row.readUIntLE(middle * entryBytes, 6) < from) low = middle + 1;
    else high = middle;
  }
  return low * entryBytes;
}
