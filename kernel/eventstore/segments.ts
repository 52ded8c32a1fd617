// The log's files: segments named by the position of their first event, appended to and never changed.
// Bytes count after fdatasync; what lies behind the last whole append of the last segment is torn and cut on open.
// Small flushes go where zeros were written before: a flush that makes no file longer spares the file system its journal, and takes
// two thirds of the time (ext4).
import {
  closeSync, constants, fdatasync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, readdirSync, writeFileSync, writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '@oort/kernel-wire';
import { StoreBroken, StoreUnwritable } from './faults';
import { framesIn, provenDurable, readFrame, type Found } from './frame';

export interface Location {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface Scanned extends Location { readonly text: string; readonly byIds: boolean }

interface Segment { readonly file: number; readonly name: string }

/** Bytes of a segment that are durable, so they never change. */
interface Window { readonly segment: number; readonly start: number; readonly bytes: Buffer }

function flush(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(file, (error) => error === null ? resolve() : reject(error));
  });
}

/** Read ahead of a reader that goes on: one system call for some thousand events. */
const windowBytes = 1024 * 1024;
/** As many readers at different places do not read one another's windows again. */
const keptWindows = 4;
/** Between two wanted records so much of others is read along rather than asked around. */
const widestGap = 8 * 1024;
/** Larger groups gain nothing: writing their zeros would cost as much as they do. */
const largestReserved = 64 * 1024;
const zeros = Buffer.alloc(1024 * 1024);
const segmentBytes = 256 * 1024 * 1024;

export class Segments {
  private readonly segments: Segment[] = [];
  /** Where the next write goes: all before it is durable. */
  private end = 0;
  /** Up to here the last segment has zeros to overwrite. */
  private reserved = 0;
  private reserves = true;
  private windows: Window[] = [];

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true });
    for (const name of readdirSync(directory).filter((file) => file.endsWith('.log')).sort()) this.open(name);
    if (this.segments.length === 0) this.create(0);
    this.end = fstatSync(this.last.file).size;
  }

  get place(): { readonly segment: number; readonly offset: number } {
    return { segment: this.segments.length - 1, offset: this.end };
  }

  has(segment: number, offset: number): boolean {
    const known = this.segments[segment];
    return known !== undefined && offset <= fstatSync(known.file).size;
  }

  /** Between two writes: the next one starts a new segment when this one is full. Throws StoreUnwritable. */
  roll(position: number): void {
    if (this.end < segmentBytes) return;
    // Zeros at the end of a segment that is not the last would be damage.
    this.giveBack();
    this.create(position);
  }

  /** Resolves when the bytes are durable. Throws StoreUnwritable with the log as before, StoreBroken when that is not known. */
  async write(bytes: Buffer): Promise<void> {
    this.reserve(bytes.length);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.last.file, bytes, done, bytes.length - done, this.end + done);
    } catch (error) {
      this.takeBack();
      throw unwritable(error);
    }
    try {
      await flush(this.last.file);
    } catch (error) {
      // After a failed fsync the kernel may have dropped the pages and report success next time (fsyncgate). What is there stays.
      this.reserved = 0;
      throw new StoreBroken(`fdatasync failed: ${messageOf(error)}`);
    }
    this.end += bytes.length;
  }

  /** Of places in rising order: neighbours come with one system call. */
  readMany(places: readonly Location[]): readonly string[] {
    const texts: string[] = [];
    for (let first = 0; first < places.length;) {
      const after = endOfRun(places, first);
      const [one, last] = [places[first], places[after - 1]];
      if (one === undefined || last === undefined) break;
      const run = this.bytesAt(one.segment, one.offset, last.offset + last.bytes - one.offset);
      for (; first < after; first += 1) texts.push(textIn(run, one.offset, places[first] ?? one));
    }
    return texts;
  }

  /** Events from a place on, in order, up to what was durable at the call. Throws StoreBroken. */
  * scan(segment: number, offset: number): Generator<Scanned> {
    const { segment: lastSegment, offset: end } = this.place;
    for (let index = segment, start = offset; index <= lastSegment; index += 1, start = 0) {
      for (const frame of this.frames(index, start, index === lastSegment ? end : Infinity)) {
        if (typeof frame === 'number') throw new StoreBroken(`damaged record in ${this.nameOf(index)} at byte ${frame}`);
        yield { text: frame.text, byIds: frame.byIds, segment: index, offset: frame.at, bytes: frame.bytes };
      }
    }
  }

  nameOf(segment: number): string {
    return this.segments[segment]?.name ?? `segment ${segment}`;
  }

  /** Finds the end of the last whole append at or after a place of the last segment, and cuts what is behind it.
   *  The bytes cut are kept beside the log: an operator may want to see them.
   *  Throws StoreBroken when they were acknowledged once: that is damage, and cutting would make it a loss. */
  cutTornTail(from: number): number {
    let whole = from;
    let at = from;
    for (const frame of this.frames(this.segments.length - 1, from, this.end)) {
      if (typeof frame === 'number') {
        this.mustBeTorn(frame);
        break;
      }
      at = frame.at + frame.bytes;
      if (frame.endsAppend) whole = at;
    }
    const behind = this.bytesAt(this.segments.length - 1, whole, this.end - whole);
    const torn = behind.findLastIndex((byte) => byte !== 0) + 1;
    if (behind.length === 0) return 0;
    const bytes = behind.subarray(0, torn);
    if (torn > 0) writeFileSync(join(this.directory, `torn-${this.segments.length - 1}-${whole}`), bytes);
    ftruncateSync(this.last.file, whole);
    fsyncSync(this.last.file);
    this.end = whole;
    this.windows = [];
    return torn;
  }

  private mustBeTorn(at: number): void {
    const segment = this.segments.length - 1;
    if (provenDurable(this.bytesAt(segment, at, this.end - at))) throw new StoreBroken(`damaged record in ${this.nameOf(segment)} at byte ${at}`);
  }

  close(): void {
    if (this.reserved > this.end) ftruncateSync(this.last.file, this.end);
    for (const { file } of this.segments) closeSync(file);
  }

  /** A disk without room for it is no fault yet: from then on each write makes the file longer, or says that it cannot. */
  private reserve(bytes: number): void {
    if (!this.reserves || bytes > largestReserved || this.end + bytes <= this.reserved) return;
    const until = this.end + bytes + zeros.length;
    try {
      for (let at = Math.max(this.reserved, this.end); at < until;) at += writeSync(this.last.file, zeros, 0, Math.min(zeros.length, until - at), at);
      this.reserved = until;
    } catch {
      this.reserves = false;
      this.takeBack();
    }
  }

  private giveBack(): void {
    this.takeBack();
    fsyncSync(this.last.file);
  }

  private get last(): Segment {
    const last = this.segments.at(-1);
    if (last === undefined) throw new StoreBroken('no segment');
    return last;
  }

  private frames(segment: number, from: number, until: number): Generator<Found | number> {
    const end = Math.min(until, fstatSync(this.segments[segment]?.file ?? -1).size);
    return framesIn((at, least) => this.windowAt(segment, at, end, least), from, end);
  }

  /** Holds at least so many bytes from the place on, as far as there are. */
  private windowAt(segment: number, at: number, end: number, least: number): Window {
    const wanted = Math.min(end, at + least);
    const known = this.windows.find(({ segment: of, start, bytes }) => of === segment && start <= at && start + bytes.length >= wanted);
    if (known !== undefined) return known;
    const window = { segment, start: at, bytes: this.bytesAt(segment, at, Math.min(end - at, Math.max(windowBytes, least))) };
    // What is not durable yet may be taken back and written anew.
    if (segment < this.segments.length - 1 || end <= this.end) this.windows = [window, ...this.windows].slice(0, keptWindows);
    return window;
  }

  private bytesAt(segment: number, offset: number, length: number): Buffer {
    const known = this.segments[segment];
    if (known === undefined) throw new StoreBroken(`no segment ${segment}`);
    const buffer = Buffer.allocUnsafe(length);
    const read = readSync(known.file, buffer, 0, length, offset);
    return read === length ? buffer : buffer.subarray(0, read);
  }

  private create(position: number): void {
    try {
      this.open(`${String(position).padStart(20, '0')}.log`);
      this.end = 0;
      this.reserved = 0;
      const folder = openSync(this.directory, 'r');
      fsyncSync(folder);
      closeSync(folder);
    } catch (error) {
      throw unwritable(error);
    }
  }

  private open(name: string): void {
    this.segments.push({ name, file: openSync(join(this.directory, name), constants.O_RDWR | constants.O_CREAT, 0o600) });
  }

  private takeBack(): void {
    try {
      ftruncateSync(this.last.file, this.end);
      this.reserved = this.end;
    } catch (error) {
      throw new StoreBroken(`a partial write cannot be taken back: ${messageOf(error)}`);
    }
  }
}

export function unwritable(error: unknown): StoreUnwritable {
  return new StoreUnwritable(codeOf(error) ?? 'UNKNOWN', messageOf(error));
}

/** Where the run of places that are read together ends. */
function endOfRun(places: readonly Location[], first: number): number {
  const one = places[first];
  let before = one;
  let after = first + 1;
  for (; one !== undefined && before !== undefined && after < places.length; after += 1) {
    const next = places[after];
    const end = before.offset + before.bytes;
    if (next === undefined || next.segment !== one.segment || next.offset < end || next.offset > end + widestGap) break;
    if (next.offset + next.bytes > one.offset + windowBytes) break;
    before = next;
  }
  return after;
}

function textIn(run: Buffer, start: number, { segment, offset }: Location): string {
  const frame = readFrame(run, offset - start);
  if (frame === 'damaged' || 'more' in frame) throw new StoreBroken(`damaged record in segment ${segment} at byte ${offset}`);
  return frame.text;
}
