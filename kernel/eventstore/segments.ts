// The log's files: segments named by the position of their first event, appended to and never changed.
// Bytes count after fdatasync; what lies behind the last whole append of the last segment is torn and cut on open.
import {
  closeSync, constants, fdatasync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, readdirSync, writeFileSync, writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '@oort/kernel-wire';
import { StoreBroken, StoreUnwritable } from './faults';
import { readFrame, type Frame } from './frame';

export interface Location {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface Scanned extends Location { readonly text: string; readonly byIds: boolean }

interface Segment { readonly file: number }

function flush(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(file, (error) => error === null ? resolve() : reject(error));
  });
}

const chunkBytes = 256 * 1024;
const segmentBytes = 256 * 1024 * 1024;

export class Segments {
  private readonly segments: Segment[] = [];
  /** Where the next write goes: all before it is durable. */
  private end = 0;

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
    if (this.end >= segmentBytes) this.create(position);
  }

  /** Resolves when the bytes are durable. Throws StoreUnwritable with the log as before, StoreBroken when that is not known. */
  async write(bytes: Buffer): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.last.file, bytes, done, bytes.length - done, this.end + done);
    } catch (error) {
      this.takeBack();
      throw unwritable(error);
    }
    try {
      await flush(this.last.file);
    } catch (error) {
      // After a failed fsync the kernel may have dropped the pages and report success next time (fsyncgate).
      throw new StoreBroken(`fdatasync failed: ${messageOf(error)}`);
    }
    this.end += bytes.length;
  }

  read({ segment, offset, bytes }: Location): string {
    const frame = readFrame(this.bytesAt(segment, offset, bytes), 0);
    if (typeof frame === 'string' || 'more' in frame) throw new StoreBroken(`damaged record in segment ${segment} at ${offset}`);
    return frame.text;
  }

  /** Events from a place on, in order, up to what was durable at the call. */
  * scan(segment: number, offset: number): Generator<Scanned> {
    const { segment: lastSegment, offset: end } = this.place;
    for (let index = segment, start = offset; index <= lastSegment; index += 1, start = 0) {
      for (const { text, at, bytes, byIds } of this.frames(index, start, index === lastSegment ? end : Infinity)) {
        if (text === null) throw new StoreBroken(`damaged record in segment ${index} at ${at}`);
        yield { text, byIds, segment: index, offset: at, bytes };
      }
    }
  }

  /** Finds the end of the last whole append at or after a place of the last segment, and cuts what is behind it.
   *  The bytes cut are kept beside the log: an operator may want to see them. */
  cutTornTail(from: number): number {
    let whole = from;
    let at = from;
    for (const frame of this.frames(this.segments.length - 1, from, this.end)) {
      if (frame.text === null) break;
      at = frame.at + frame.bytes;
      if (frame.endsAppend) whole = at;
    }
    const torn = this.end - whole;
    if (torn === 0) return 0;
    writeFileSync(join(this.directory, `torn-${this.segments.length - 1}-${whole}`), this.bytesAt(this.segments.length - 1, whole, torn));
    ftruncateSync(this.last.file, whole);
    fsyncSync(this.last.file);
    this.end = whole;
    return torn;
  }

  close(): void {
    for (const { file } of this.segments) closeSync(file);
  }

  private get last(): Segment {
    const last = this.segments.at(-1);
    if (last === undefined) throw new StoreBroken('no segment');
    return last;
  }

  private* frames(segment: number, from: number, until: number):
  Generator<Omit<Frame, 'text'> & { readonly text: string | null; readonly at: number }> {
    const file = this.segments[segment]?.file ?? -1;
    const end = Math.min(until, fstatSync(file).size);
    let at = from;
    let wanted = chunkBytes;
    while (at < end) {
      const chunk = this.bytesAt(segment, at, Math.min(wanted, end - at));
      let offset = 0;
      for (wanted = chunkBytes; offset < chunk.length;) {
        const frame = readFrame(chunk, offset);
        if (frame !== 'damaged' && 'more' in frame && at + offset + frame.more <= end) {
          wanted = Math.max(chunkBytes, frame.more);
          break;
        }
        if (frame === 'damaged' || 'more' in frame) {
          yield { text: null, at: at + offset, bytes: 0, endsAppend: false, byIds: false };
          return;
        }
        yield { ...frame, at: at + offset };
        offset += frame.bytes;
      }
      at += offset;
    }
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
      const folder = openSync(this.directory, 'r');
      fsyncSync(folder);
      closeSync(folder);
    } catch (error) {
      throw unwritable(error);
    }
  }

  private open(name: string): void {
    this.segments.push({ file: openSync(join(this.directory, name), constants.O_RDWR | constants.O_CREAT, 0o600) });
  }

  private takeBack(): void {
    try {
      ftruncateSync(this.last.file, this.end);
    } catch (error) {
      throw new StoreBroken(`a partial write cannot be taken back: ${messageOf(error)}`);
    }
  }
}

export function unwritable(error: unknown): StoreUnwritable {
  return new StoreUnwritable(codeOf(error) ?? 'UNKNOWN', messageOf(error));
}
