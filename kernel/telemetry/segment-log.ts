// An append-only log in segments, for the topics of the embedded bus and for what an agent has not sent yet. An append is
// acknowledged after its flush; appends that arrive during a flush share the next one. Old segments are removed whole.
import { mkdirSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Fault, messageOf } from '@oort/kernel-wire';
import { findSegments, flushDirectory, frameOf, headBytes, mendLast, readFrame, segmentPath, type Segment } from './segment-file';

export interface LogRecord { readonly number: number; readonly bytes: Buffer }

export interface SegmentLogOptions {
  readonly directory: string;
  /** A segment that has reached it is left for a new one. */
  readonly segmentBytes: number;
}

/** The disk refused a write, or what lies on it is not what was written. */
export class LogFailed extends Fault {
  constructor(directory: string, reason: string) {
    super('TELEMETRY_LOG_FAILED', `the log in ${directory} failed: ${reason}`, { directory });
  }
}

interface Waiting { readonly frame: Buffer; readonly resolve: (number: number) => void; readonly reject: (error: Error) => void }

const largestWriteBytes = 8 * 1024 * 1024;
const readBytes = 256 * 1024;

export class SegmentLog {
  readonly #options: SegmentLogOptions;
  readonly #segments: Segment[];
  readonly #waiting: Waiting[] = [];
  readonly #watchers = new Set<() => void>();
  #file: FileHandle | null = null;
  #writing: Promise<void> | null = null;
  #broken: LogFailed | null = null;

  /** Cuts off what a crash left unfinished, which nobody was told of. */
  constructor(options: SegmentLogOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.#segments = findSegments(options.directory);
    const torn = mendLast(this.#last());
    if (torn > 0) process.stderr.write(`telemetry log ${options.directory}: ${torn} bytes of an unfinished write were set aside\n`);
  }

  get first(): number { return this.#segments[0]?.first ?? 0; }
  get next(): number { return this.#last().next; }
  get bytes(): number { return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0); }
  /** The oldest first; the last is the one that grows. */
  get segments(): readonly Readonly<Segment>[] { return this.#segments; }

  /** Resolves with the record's number once it is flushed. Throws LogFailed. */
  append(bytes: Uint8Array): Promise<number> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ frame: frameOf(bytes), resolve, reject });
      this.#writing ??= Promise.resolve().then(() => this.#writeAll());
    });
  }

  /** From the number on, or from the first record that is left. */
  cursor(from: number): LogCursor {
    return new LogCursor((number) => this.#segments.find(({ next }) => next > number) ?? null, from);
  }

  /** Resolves when there is a record of this number, or the signal aborts. */
  async arrival(number: number, signal: AbortSignal): Promise<void> {
    while (this.next <= number && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#watchers.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.#watchers.add(done);
        signal.addEventListener('abort', done);
      });
    }
  }

  /** Removes the segments that hold nothing from the number on; answers how many records went with them. */
  removeBefore(number: number): number {
    const before = this.first;
    for (let oldest = this.#segments[0]; oldest !== undefined && this.#segments.length > 1 && oldest.next <= number; oldest = this.#segments[0]) {
      rmSync(oldest.path, { force: true });
      this.#segments.shift();
    }
    return this.first - before;
  }

  /** Leaves the segment that grows, so that it can be removed as a whole; does nothing while it is empty. */
  async startSegment(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (this.#last().bytes === 0) return;
    const left = this.#leaveSegment();
    // Appends that come meanwhile wait for it.
    this.#writing = left.catch(() => undefined).then(() => this.#writeAll());
    await left;
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#broken ??= new LogFailed(this.#options.directory, 'it is closed');
    await this.#file?.close();
    this.#file = null;
  }

  #last(): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined) return last;
    const made: Segment = { path: segmentPath(this.#options.directory, 0), first: 0, next: 0, bytes: 0, writtenAtMs: Date.now() };
    this.#segments.push(made);
    return made;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 && this.#broken === null) {
      const group = this.#waiting.splice(0, groupLength(this.#waiting));
      try {
        if (this.#last().bytes >= this.#options.segmentBytes) await this.#leaveSegment();
        const first = await this.#write(this.#last(), group);
        group.forEach(({ resolve }, index) => { resolve(first + index); });
        for (const watcher of [...this.#watchers]) watcher();
      } catch (error) {
        const failed = new LogFailed(this.#options.directory, messageOf(error));
        for (const { reject } of group) reject(failed);
      }
    }
    for (const { reject } of this.#waiting.splice(0)) reject(this.#broken ?? new LogFailed(this.#options.directory, 'it is closed'));
    this.#writing = null;
  }

  /** A write that failed is taken back; one whose flush failed may be there or not, so nothing more is written here. */
  async #write(segment: Segment, group: readonly Waiting[]): Promise<number> {
    const fresh = this.#file === null && segment.bytes === 0;
    const file = this.#file ??= await open(segment.path, segment.bytes === 0 ? 'w' : 'r+', 0o600);
    const bytes = Buffer.concat(group.map(({ frame }) => frame));
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, segment.bytes + done);
        done += bytesWritten;
      }
    } catch (error) {
      await file.truncate(segment.bytes).catch((failed: unknown) => { this.#broken = new LogFailed(this.#options.directory, messageOf(failed)); });
      throw error;
    }
    try {
      await file.datasync();
      if (fresh) flushDirectory(this.#options.directory);
    } catch (error) {
      this.#broken = new LogFailed(this.#options.directory, messageOf(error));
      throw error;
    }
    const first = segment.next;
    segment.next += group.length;
    segment.bytes += bytes.length;
    segment.writtenAtMs = Date.now();
    return first;
  }

  /** The new file is there before an old one may go: its name is what keeps the numbers. */
  async #leaveSegment(): Promise<void> {
    const { next } = this.#last();
    const path = segmentPath(this.#options.directory, next);
    const file = await open(path, 'w', 0o600);
    flushDirectory(this.#options.directory);
    await this.#file?.close();
    this.#file = file;
    this.#segments.push({ path, first: next, next, bytes: 0, writtenAtMs: Date.now() });
  }
}

/** A reader's place. It is no file of its own: who wants to go on after a restart keeps the number. */
export class LogCursor {
  #file: FileHandle | null = null;
  #segment: Readonly<Segment> | null = null;
  #offset = 0;
  #number: number;

  constructor(private readonly segmentWith: (number: number) => Readonly<Segment> | null, private readonly from: number) {
    this.#number = from;
  }

  /** The next records, at least one and not much more than a quarter of a megabyte; empty at the end. Throws LogFailed. */
  async read(): Promise<readonly LogRecord[]> {
    for (;;) {
      const segment = this.segmentWith(Math.max(this.#number, this.from));
      if (segment === null) return [];
      if (segment !== this.#segment) await this.#enter(segment);
      const records = (await this.#readSome(segment)).filter(({ number }) => number >= this.from);
      if (records.length > 0) return records;
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
    this.#segment = null;
  }

  async #enter(segment: Readonly<Segment>): Promise<void> {
    await this.close();
    this.#file = await open(segment.path, 'r');
    this.#segment = segment;
    this.#offset = 0;
    this.#number = segment.first;
  }

  async #readSome(segment: Readonly<Segment>): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    for (let wanted = readBytes; records.length === 0;) {
      const length = Math.min(wanted, segment.bytes - this.#offset);
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead = 0 } = await this.#file?.read(buffer, 0, length, this.#offset) ?? {};
      const chunk = buffer.subarray(0, bytesRead);
      let offset = 0;
      let frame = readFrame(chunk, offset);
      for (; frame !== 'damaged' && 'end' in frame; frame = readFrame(chunk, offset)) {
        records.push({ number: this.#number, bytes: frame.value });
        this.#number += 1;
        offset = frame.end;
      }
      this.#offset += offset;
      if (records.length > 0) break;
      if (frame === 'damaged' || length < wanted) throw new LogFailed(segment.path, `record ${this.#number} is damaged`);
      wanted = Math.max(frame.more, headBytes);
    }
    return records;
  }
}

function groupLength(waiting: readonly Waiting[]): number {
  let bytes = 0;
  for (const [index, { frame }] of waiting.entries()) {
    bytes += frame.length;
    if (index > 0 && bytes > largestWriteBytes) return index;
  }
  return waiting.length;
}
