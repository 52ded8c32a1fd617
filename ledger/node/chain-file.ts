// The final order as a file. A line of JSON says of which chain it is; then records, each
//   u32 length of what follows but the checksum, big-endian | u8 kind | body | u32 CRC-32 of kind and body
// 1: a page as peers send it (network/messages.ts); 2: blocks that are not final yet, in a page as well; 3: the end, JSON {next, hash, summary}.
// A file without its end is one that was cut off. The checksum finds what a disk has changed; what somebody has changed, the rules find.
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Fault } from '@oort/kernel-wire';
import type { Hash } from '@oort/ledger-chain';
import { decodeMessage, encodeMessage, MalformedMessage } from '@oort/ledger-network';
import type { HistoryPage } from './history-page';

export type ChainFileDoubt = 'EXPORT_NOT_A_CHAIN' | 'EXPORT_OF_ANOTHER_CHAIN' | 'EXPORT_DAMAGED' | 'EXPORT_TRUNCATED';

export class ChainFileRefused extends Fault {
  constructor(readonly doubt: ChainFileDoubt, file: string, why: string) {
    super(doubt, `${file} ${why}`);
  }
}

export interface ChainFileHeader {
  readonly version: 1;
  readonly chainId: number;
  readonly genesisHash: Hash;
}

export interface ChainFileEnd {
  readonly next: number;
  readonly hash: Hash;
  readonly summary: Hash;
}

export type ChainFileRecord =
  | { readonly kind: 'page'; readonly from: number; readonly next: number; page(): HistoryPage }
  | { readonly kind: 'unstable'; page(): HistoryPage }
  | { readonly kind: 'end'; readonly end: ChainFileEnd };

const magic = 'olympus-chain';
const kinds = { page: 1, unstable: 2, end: 3 } as const;
const mostBytes = 64 * 1024 * 1024;
const longestHeader = 4096;

/** Reads from the start; `at` is behind the last whole record. Throws ChainFileRefused. */
export class ChainFileReader {
  readonly header: ChainFileHeader;
  at: number;
  readonly #file: number;
  readonly #size: number;

  constructor(private readonly path: string) {
    this.#file = openSync(path, 'r');
    this.#size = statSync(path).size;
    const head = this.#bytes(0, Math.min(longestHeader, this.#size));
    const end = head.indexOf(0x0a);
    this.header = headerOf(path, head.subarray(0, Math.max(0, end)).toString('utf8'));
    this.at = end + 1;
  }

  get progress(): number {
    return this.#size === 0 ? 1 : this.at / this.#size;
  }

  /** Null behind the last byte. */
  next(): ChainFileRecord | null {
    if (this.at === this.#size) return null;
    const cut = (): never => { throw new ChainFileRefused('EXPORT_TRUNCATED', this.path, `ends inside a record, at byte ${this.#size}`); };
    if (this.#size - this.at < 4) return cut();
    const length = this.#bytes(this.at, 4).readUInt32BE();
    if (length < 1 || length > mostBytes) throw new ChainFileRefused('EXPORT_DAMAGED', this.path, `has a record of ${length} bytes at ${this.at}`);
    if (this.#size - this.at < 8 + length) return cut();
    const whole = this.#bytes(this.at + 4, length + 4);
    const inner = whole.subarray(0, length);
    if (crc32(inner) !== whole.readUInt32BE(length)) throw new ChainFileRefused('EXPORT_DAMAGED', this.path, `is not what was written at byte ${this.at}`);
    const record = this.#record(inner);
    this.at += length + 8;
    return record;
  }

  close(): void {
    closeSync(this.#file);
  }

  #record(inner: Buffer): ChainFileRecord {
    const [kind, body] = [inner[0], inner.subarray(1)];
    if (kind === kinds.end) return { kind: 'end', end: JSON.parse(body.toString('utf8')) as ChainFileEnd };
    if ((kind !== kinds.page && kind !== kinds.unstable) || body.length < 9) throw new ChainFileRefused('EXPORT_DAMAGED', this.path, `has a record that is none at byte ${this.at}`);
    const page = (): HistoryPage => this.#page(body);
    return kind === kinds.unstable ? { kind: 'unstable', page } : { kind: 'page', from: body.readUInt32BE(1), next: body.readUInt32BE(5), page };
  }

  #page(body: Buffer): HistoryPage {
    try {
      const message = decodeMessage(body);
      if (message.kind === 'page') return message;
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
    }
    throw new ChainFileRefused('EXPORT_DAMAGED', this.path, `has a page that is none before byte ${this.at}`);
  }

  #bytes(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let read = 0; read < length;) {
      const more = readSync(this.#file, bytes, read, length - read, at + read);
      if (more === 0) throw new ChainFileRefused('EXPORT_TRUNCATED', this.path, `ends at byte ${at + read}`);
      read += more;
    }
    return bytes;
  }
}

/** Writes behind what is there already, whole records of the same chain. */
export class ChainFileWriter {
  /** The index behind the last page that is in the file. */
  next = 1;
  readonly #file: number;
  #at: number;

  constructor(path: string, header: ChainFileHeader) {
    this.#at = existsSync(path) ? this.#wholePart(path, header) : 0;
    this.#file = openSync(path, existsSync(path) ? 'r+' : 'w');
    ftruncateSync(this.#file, this.#at);
    if (this.#at === 0) this.#write(Buffer.from(`${JSON.stringify({ [magic]: header.version, chainId: header.chainId, genesisHash: header.genesisHash })}\n`));
  }

  page(page: HistoryPage): void {
    this.#record(kinds.page, encodeMessage({ kind: 'page', ...page }).subarray(4));
    this.next = page.next;
  }

  /** With what is not final yet. */
  finish(unstable: HistoryPage, end: ChainFileEnd): void {
    this.#record(kinds.unstable, encodeMessage({ kind: 'page', ...unstable }).subarray(4));
    this.#record(kinds.end, Buffer.from(JSON.stringify(end)));
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Up to the last page that is whole; an end is written anew. */
  #wholePart(path: string, { chainId, genesisHash }: ChainFileHeader): number {
    if (statSync(path).size === 0) return 0;
    const reader = new ChainFileReader(path);
    try {
      if (reader.header.chainId !== chainId || reader.header.genesisHash !== genesisHash) throw new ChainFileRefused('EXPORT_OF_ANOTHER_CHAIN', path, 'is of another chain');
      for (let kept = reader.at; ; kept = reader.at) {
        const record = wholeRecord(reader);
        if (record?.kind !== 'page' || record.from !== this.next) return kept;
        this.next = record.next;
      }
    } finally {
      reader.close();
    }
  }

  #record(kind: number, body: Buffer): void {
    const record = Buffer.alloc(body.length + 9);
    record.writeUInt32BE(body.length + 1);
    record.writeUInt8(kind, 4);
    record.set(body, 5);
    record.writeUInt32BE(crc32(record.subarray(4, 5 + body.length)), 5 + body.length);
    this.#write(record);
  }

  #write(bytes: Buffer): void {
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written, bytes.length - written, this.#at + written);
    this.#at += bytes.length;
  }
}

function wholeRecord(reader: ChainFileReader): ChainFileRecord | null {
  try {
    return reader.next();
  } catch (error) {
    if (error instanceof ChainFileRefused) return null;
    throw error;
  }
}

function headerOf(path: string, line: string): ChainFileHeader {
  try {
    const header = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const { chainId, genesisHash } = header;
    if (header[magic] === 1 && typeof chainId === 'number' && typeof genesisHash === 'string') return { version: 1, chainId, genesisHash };
  } catch {
    // Told below.
  }
  throw new ChainFileRefused('EXPORT_NOT_A_CHAIN', path, 'is no export of a chain');
}
