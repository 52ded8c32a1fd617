// Reads what tar archives of OCI images hold (POSIX.1-2001 pax interchange and its ustar ancestor, with GNU's long names).
import { Fault } from '@oort/kernel-wire';

export class TarCorrupt extends Fault {
  constructor(message: string) { super('TAR_CORRUPT', message); }
}

export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  readonly mode: number;
  readonly target: string;
  readonly bytes: Buffer;
}

const block = 512;

/** Throws TarCorrupt. */
export function* readTar(archive: Buffer): Iterable<TarEntry> {
  let next: Readonly<Record<string, string>> = {};
  for (let at = 0; at + block <= archive.length;) {
    const header = archive.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) return;
    checkSum(header);
    const size = Number(next['size'] ?? numberIn(header, 124, 12));
    const bytes = archive.subarray(at + block, at + block + size);
    if (!(size >= 0) || bytes.length !== size) throw new TarCorrupt('the archive ends within a file');
    at += block + Math.ceil(size / block) * block;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'x') next = { ...next, ...paxRecords(bytes) };
    else if (type === 'L') next = { ...next, path: textIn(bytes, 0, bytes.length) };
    else if (type === 'K') next = { ...next, linkpath: textIn(bytes, 0, bytes.length) };
    else if (type !== 'g') {
      yield { path: next['path'] ?? pathIn(header), kind: kindOf(type), mode: numberIn(header, 100, 8) & 0o777, target: next['linkpath'] ?? textIn(header, 157, 100), bytes };
      next = {};
    }
  }
}

function kindOf(type: string): TarEntry['kind'] {
  return ({ '0': 'file', '\0': 'file', '7': 'file', '5': 'directory', '2': 'symlink', '1': 'hardlink' } as const)[type] ?? 'other';
}

function pathIn(header: Buffer): string {
  const prefix = textIn(header, 257, 5) === 'ustar' && header[262] === 0 ? textIn(header, 345, 155) : '';
  const name = textIn(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textIn(bytes: Buffer, from: number, length: number): string {
  const field = bytes.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString('utf8');
}

/** Octal digits, or GNU's base 256 when the first bit is set. */
function numberIn(header: Buffer, from: number, length: number): number {
  const field = header.subarray(from, from + length);
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.subarray(1).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
  const text = textIn(header, from, length).trim();
  if (!/^[0-7]*$/.test(text)) throw new TarCorrupt('a number in a header is not octal');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function checkSum(header: Buffer): void {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== numberIn(header, 148, 8)) throw new TarCorrupt('a header does not add up');
}

/** Records of "length key=value\n", the length counting itself. */
function paxRecords(bytes: Buffer): Readonly<Record<string, string>> {
  const records: Record<string, string> = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const length = Number(bytes.subarray(at, space).toString());
    if (space === -1 || !(length > 0)) throw new TarCorrupt('an extended header cannot be read');
    const [, key = '', value = ''] = /^([^=]*)=([\s\S]*)\n$/.exec(bytes.subarray(space + 1, at + length).toString('utf8')) ?? [];
    records[key] = value;
    at += length;
  }
  return records;
}
