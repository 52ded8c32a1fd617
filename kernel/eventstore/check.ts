// Everything of a store that nobody has open: each record's checksum, positions and revisions without a gap, and that the index says
// of every stream, type and category what the log says.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Fault } from '@oort/kernel-wire';
import { appendsOf, LogDamaged, logFilesOf, type LogRecord } from './log-files';
import { takeLock } from './lock';
import { LogIndex, packed } from './log-index';
import { categoryOf } from './stream';
import type { RecordedEvent } from './port';

export class IndexDisagrees extends Fault {
  constructor(directory: string, about: string) {
    super('INDEX_DISAGREES', `the index says of ${about} what the log does not: remove ${directory}, it is made again`, { about });
  }
}

export interface Checked {
  readonly events: number;
  readonly streams: number;
  /** How many of the events the index knew; it learns the others at the next start. */
  readonly indexed: number;
}

interface Group { entries: number; crc: number }
interface Stream extends Group { next: number }

/** Throws LogDamaged with the place, IndexDisagrees, StoreLocked while somebody writes. */
export async function checkStore(directory: string, seen: (event: RecordedEvent) => void): Promise<Checked> {
  const release = takeLock(directory);
  const index = existsSync(join(directory, 'index')) ? new LogIndex(directory) : null;
  try {
    const known = index?.progress.next ?? 0;
    const streams = new Map<string, Stream>();
    const kinds = new Map<string, Group>();
    const segments = new Map(logFilesOf(join(directory, 'log')).map((file, number) => [file, number]));
    let events = 0;
    for (const append of appendsOf(join(directory, 'log'), null, 0)) {
      for (const record of append) {
        seen(record.event);
        events += 1;
        follow(streams, record);
        if (Number(record.event.position) < known) note(streams, kinds, record, segments.get(record.file) ?? 0);
      }
    }
    if (index !== null && known > 0) compare(index, streams, kinds, join(directory, 'index'), Math.min(known, events) === known);
    return { events, streams: streams.size, indexed: known };
  } finally {
    await index?.close();
    release();
  }
}

function follow(streams: Map<string, Stream>, { event: { stream, revision }, file, byte }: LogRecord): void {
  const known = streams.get(stream) ?? { next: 0, entries: 0, crc: 0 };
  streams.set(stream, known);
  if (revision !== BigInt(known.next)) throw new LogDamaged(file, byte, `revision ${revision} of ${stream} stands where ${known.next} should`);
  known.next += 1;
}

function note(streams: Map<string, Stream>, kinds: Map<string, Group>, { event, byte, bytes }: LogRecord, segment: number): void {
  const place = { segment, offset: byte, bytes };
  add(streams.get(event.stream), packed({ ...place, order: Number(event.revision) }));
  const inAll = packed({ ...place, order: Number(event.position) });
  for (const kind of [`t${event.type}`, `c${categoryOf(event.stream)}`]) {
    const group = kinds.get(kind) ?? { entries: 0, crc: 0 };
    kinds.set(kind, group);
    add(group, inAll);
  }
}

function add(group: Group | undefined, entry: Buffer): void {
  if (group === undefined) return;
  group.entries += 1;
  group.crc = crc32(entry, group.crc);
}

function compare(index: LogIndex, streams: ReadonlyMap<string, Stream>, kinds: ReadonlyMap<string, Group>, directory: string, whole: boolean): void {
  if (!whole) throw new IndexDisagrees(directory, 'how long the log is');
  for (const [stream, { entries, crc }] of streams) {
    if (entries > 0 && !same(index.rowsOfStream(stream), entries, crc)) throw new IndexDisagrees(directory, `stream ${stream}`);
  }
  for (const [kind, { entries, crc }] of kinds) {
    if (!same(index.rowsOf(kind), entries, crc)) throw new IndexDisagrees(directory, `${kind.startsWith('t') ? 'type' : 'category'} ${kind.slice(1)}`);
  }
}

function same(rows: Iterable<Buffer>, entries: number, crc: number): boolean {
  let [bytes, sum] = [0, 0];
  for (const row of rows) {
    bytes += row.length;
    sum = crc32(row, sum);
  }
  return bytes === entries * packed.bytes && sum === crc;
}
