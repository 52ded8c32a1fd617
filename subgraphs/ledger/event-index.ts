// Where in the log an event stands, by its id, in bounded memory: the newest in a map, all others in sorted runs of a file that has no name
// any more and so goes with the process. Two runs of one size become one, so there are as many as the count has binary digits.
// The index is read anew at each start, with the log. An entry: 8 bytes of the SHA-256 of the id, 8 bytes of the index, big endian.
import { hash, randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

const entryBytes = 16;
const chunkEntries = 4096;

interface Run {
  readonly file: number;
  readonly entries: number;
}

export class EventIndex {
  #newest = new Map<string, number>();
  readonly #runs: Run[] = [];

  constructor(private readonly mostInMemory = 32_768) {}

  async add(id: string, index: number): Promise<void> {
    this.#newest.set(id, index);
    if (this.#newest.size < this.mostInMemory) return;
    const full = [...this.#newest].map(([key, at]) => entryOf(key, at)).sort(Buffer.compare);
    this.#newest = new Map();
    this.#runs.push(runOf([Buffer.concat(full)], full.length));
    for (let [older, newer] = this.#runs.slice(-2); older !== undefined && newer !== undefined && older.entries === newer.entries; [older, newer] = this.#runs.slice(-2)) {
      const merged = await merge(older, newer);
      // Nothing is looked up in a run that is closed.
      for (const { file } of this.#runs.splice(-2, 2, merged)) closeSync(file);
    }
  }

  /** Where it may stand: an id of which the first bytes are those of another's gives both. */
  find(id: string): number[] {
    const newest = this.#newest.get(id);
    if (newest !== undefined) return [newest];
    const key = keyOf(id);
    return this.#runs.flatMap((run) => foundIn(run, key));
  }

  close(): void {
    for (const { file } of this.#runs.splice(0)) closeSync(file);
  }
}

function keyOf(id: string): Buffer {
  return hash('sha256', id, 'buffer').subarray(0, 8);
}

function entryOf(id: string, index: number): Buffer {
  const entry = Buffer.alloc(entryBytes);
  entry.set(keyOf(id));
  entry.writeBigUInt64BE(BigInt(index), 8);
  return entry;
}

function newFile(): number {
  const path = join(tmpdir(), `oort-event-index-${randomUUID()}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}

function runOf(chunks: Iterable<Buffer>, entries: number): Run {
  const file = newFile();
  for (const chunk of chunks) writeAll(file, chunk);
  return { file, entries };
}

function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
}

function* chunksOf({ file, entries }: Run): Generator<Buffer> {
  for (let at = 0; at < entries; at += chunkEntries) {
    const chunk = Buffer.alloc(Math.min(chunkEntries, entries - at) * entryBytes);
    readSync(file, chunk, 0, chunk.length, at * entryBytes);
    yield chunk;
  }
}

function* entriesOf(run: Run): Generator<Buffer> {
  for (const chunk of chunksOf(run)) for (let at = 0; at < chunk.length; at += entryBytes) yield chunk.subarray(at, at + entryBytes);
}

async function merge(one: Run, other: Run): Promise<Run> {
  const file = newFile();
  const [left, right] = [entriesOf(one), entriesOf(other)];
  let [a, b] = [left.next(), right.next()];
  let [chunk, filled] = [Buffer.alloc(chunkEntries * entryBytes), 0];
  while (a.done !== true || b.done !== true) {
    const takesLeft = b.done === true || (a.done !== true && Buffer.compare(a.value, b.value) <= 0);
    const entry = takesLeft ? a.value : b.value;
    if (entry !== undefined) filled += entry.copy(chunk, filled);
    if (takesLeft) a = left.next();
    else b = right.next();
    if (filled < chunk.length) continue;
    writeAll(file, chunk);
    [chunk, filled] = [Buffer.alloc(chunkEntries * entryBytes), 0];
    await turn();
  }
  writeAll(file, chunk.subarray(0, filled));
  return { file, entries: one.entries + other.entries };
}

/** Binary search on the disk: as many reads as the count has binary digits. */
function foundIn({ file, entries }: Run, key: Buffer): number[] {
  const entry = Buffer.alloc(entryBytes);
  const keyAt = (at: number): number => {
    readSync(file, entry, 0, entryBytes, at * entryBytes);
    return Buffer.compare(entry.subarray(0, 8), key);
  };
  let [low, high] = [0, entries];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (keyAt(middle) < 0) low = middle + 1;
    else high = middle;
  }
  const found: number[] = [];
  for (let at = low; at < entries && keyAt(at) === 0; at += 1) found.push(Number(entry.readBigUInt64BE(8)));
  return found;
}
