// Pieces under 1 MiB share append-only files, because a file and a flush for each would cost more than the piece.
// What arrives while a flush runs goes into the next one together (group commit): `put` resolves after that flush.
// The index lives in memory and is read back from the headers at start. A log ends at its first torn needle; nothing after
// that was acknowledged, since needles are written in order and acknowledged after the flush that covers them.
import { mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isFull, PieceStoreFull } from './faults';
import { decodeNeedleHead, encodeNeedleHead, needleHeaderBytes } from './needle';
import { answerMemory, lengthOf, partsOf, writeAll } from './bytes';
import type { Bytes, StoredPiece } from './port';

interface Place { readonly file: number; readonly offset: number; readonly bytes: number }
interface Write {
  readonly pieceId: string; readonly head: Buffer; readonly payload: readonly Buffer[] | null;
  resolve(): void; reject(error: unknown): void;
}
interface LogFile { readonly number: number; readonly handle: FileHandle; bytes: number }

const longestHead = needleHeaderBytes + 255;

export class NeedleLog {
  readonly #index = new Map<string, Place>();
  readonly #files = new Map<number, LogFile>();
  #live = 0;
  #queue: Write[] = [];
  #flushing: Promise<void> | null = null;

  private constructor(private readonly directory: string, private readonly fileBytes: number) {}

  static async open(directory: string, fileBytes = 64 * 1024 * 1024): Promise<NeedleLog> {
    await mkdir(directory, { recursive: true });
    const log = new NeedleLog(directory, fileBytes);
    const numbers = (await readdir(directory)).flatMap((name) => /^(\d{8})\.needles$/.exec(name)?.[1] ?? []).map(Number);
    for (const number of numbers.sort((a, b) => a - b)) await log.#load(number);
    if (log.#files.size === 0) await log.#roll();
    return log;
  }

  has(pieceId: string): boolean { return this.#index.has(pieceId); }

  get(pieceId: string): Promise<Buffer | null> { return this.read(pieceId, 0, Infinity); }

  /** Up to `end`, exclusive. */
  async read(pieceId: string, start: number, end: number): Promise<Buffer | null> {
    const place = this.#index.get(pieceId);
    const file = place === undefined ? undefined : this.#files.get(place.file);
    if (place === undefined || file === undefined) return null;
    const bytes = answerMemory.take(Math.max(0, Math.min(end, place.bytes) - start));
    const { bytesRead } = await file.handle.read(bytes, 0, bytes.length, place.offset + start);
    return bytes.subarray(0, bytesRead);
  }

  put(pieceId: string, bytes: Bytes): Promise<void> {
    const payload = partsOf(bytes);
    return this.#enqueue(pieceId, encodeNeedleHead('kept', pieceId, payload), payload);
  }

  async delete(pieceId: string): Promise<void> {
    if (!this.#index.has(pieceId)) return;
    await this.#enqueue(pieceId, encodeNeedleHead('deleted', pieceId, []), null);
  }

  list(): readonly StoredPiece[] {
    return [...this.#index].map(([pieceId, { bytes }]) => ({ pieceId, sizeBytes: bytes }));
  }

  async close(): Promise<void> {
    await this.#flushing;
    for (const { handle } of this.#files.values()) await handle.close();
  }

  #enqueue(pieceId: string, head: Buffer, payload: readonly Buffer[] | null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ pieceId, head, payload, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    // Space is given back also when nothing more is written, a file at a time, so that no write waits for more than one.
    for (let more = true; more || this.#queue.length > 0;) {
      const batch = this.#queue;
      this.#queue = [];
      more = false;
      try {
        if (batch.length > 0) await this.#write(batch);
        for (const write of batch) write.resolve();
        more = await this.#compact();
      } catch (error) {
        for (const write of batch) write.reject(isFull(error) ? new PieceStoreFull(this.directory) : error);
      }
    }
    // In the same turn as the last look at the queue, or a write in between would wait for nobody.
    this.#flushing = null;
  }

  async #write(batch: readonly Write[]): Promise<void> {
    let file = this.#last();
    if (file.bytes >= this.fileBytes) file = await this.#roll();
    const start = file.bytes;
    const buffers = batch.flatMap(({ head, payload }) => [head, ...(payload ?? [])]);
    try {
      await writeAll(file.handle, buffers, start);
      await file.handle.datasync();
    } catch (error) {
      // Half a batch must not stand in the way of the next one.
      await file.handle.truncate(start);
      throw error;
    }
    for (const { pieceId, head, payload } of batch) {
      this.#note(pieceId, payload === null ? null : { file: file.number, offset: file.bytes + head.length, bytes: lengthOf(payload) });
      file.bytes += head.length + lengthOf(payload ?? []);
    }
  }

  #note(pieceId: string, place: Place | null): void {
    this.#live -= needleBytes(pieceId, this.#index.get(pieceId));
    if (place === null) this.#index.delete(pieceId);
    else this.#index.set(pieceId, place);
    this.#live += needleBytes(pieceId, place ?? undefined);
  }

  /** Moves what lives in the oldest file to the end once half of everything is dead, and says whether it did. Only the oldest may
   *  go: a deletion recorded in it can have nothing older left to delete. A single file goes too when there is something to gain. */
  async #compact(): Promise<boolean> {
    const total = [...this.#files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const oldest = this.#files.values().next().value;
    if (oldest === undefined || this.#live * 2 > total || (this.#files.size < 2 && total < this.fileBytes / 4)) return false;
    if (this.#files.size < 2) await this.#roll();
    const survivors: Write[] = [];
    for (const [pieceId, { file }] of this.#index) {
      const payload = file === oldest.number ? await this.get(pieceId) : null;
      if (payload === null) continue;
      survivors.push({ pieceId, head: encodeNeedleHead('kept', pieceId, [payload]), payload: [payload], resolve: () => undefined, reject: () => undefined });
    }
    if (survivors.length > 0) await this.#write(survivors);
    this.#files.delete(oldest.number);
    await oldest.handle.close();
    await unlink(this.#path(oldest.number));
    return true;
  }

  #last(): LogFile {
    const file = [...this.#files.values()].at(-1);
    if (file === undefined) throw new RangeError('a needle log has at least one file');
    return file;
  }

  async #roll(): Promise<LogFile> {
    const number = Math.max(0, ...this.#files.keys()) + 1;
    const file: LogFile = { number, handle: await open(this.#path(number), 'w+'), bytes: 0 };
    this.#files.set(number, file);
    const folder = await open(this.directory, 'r');
    await folder.sync().finally(() => folder.close());
    return file;
  }

  async #load(number: number): Promise<void> {
    const handle = await open(this.#path(number), 'r+');
    const file: LogFile = { number, handle, bytes: 0 };
    this.#files.set(number, file);
    const { size } = await handle.stat();
    const head = Buffer.alloc(longestHead);
    while (file.bytes < size) {
      const { bytesRead } = await handle.read(head, 0, longestHead, file.bytes);
      const needle = decodeNeedleHead(head.subarray(0, bytesRead));
      if (needle === null) break;
      const end = file.bytes + needle.headBytes + needle.payloadBytes;
      if (end > size || (end === size && !(await this.#whole(handle, file.bytes + needle.headBytes, needle.payloadBytes, needle.payloadCrc)))) break;
      const place = { file: number, offset: file.bytes + needle.headBytes, bytes: needle.payloadBytes };
      this.#note(needle.pieceId, needle.kind === 'kept' ? place : null);
      file.bytes = end;
    }
    if (file.bytes < size) await handle.truncate(file.bytes);
  }

  async #whole(handle: FileHandle, offset: number, length: number, checksum: number): Promise<boolean> {
    const payload = Buffer.alloc(length);
    const { bytesRead } = await handle.read(payload, 0, length, offset);
    return bytesRead === length && crc32(payload) === checksum;
  }

  #path(number: number): string { return join(this.directory, `${String(number).padStart(8, '0')}.needles`); }
}

/** What a kept piece takes in the log, with its head. */
function needleBytes(pieceId: string, place: Place | undefined): number { return place === undefined ? 0 : needleHeaderBytes + pieceId.length + place.bytes; }
