// The checksums that S3 knows for an object, as base64: CRC-32 (zlib), CRC-32C (Castagnoli, RFC 3720), CRC-64/NVME (NVM Express
// command set specification 1.0, section 5.2.1.3.4), SHA-1 and SHA-256.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Error } from './s3-error';

export type ChecksumName = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';

const names: readonly ChecksumName[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];

export interface Digest { update(bytes: Uint8Array): void; base64(): string }

export function checksumNamed(name: string): ChecksumName | null {
  return names.find((known) => known === name.toUpperCase()) ?? null;
}

export function headerOfChecksum(name: string): string { return `x-amz-checksum-${name.toLowerCase()}`; }

/** The algorithm of an `x-amz-checksum-…` header or trailer name. Throws S3Error for one that is not implemented. */
export function checksumOfHeader(header: string): ChecksumName | null {
  const match = /^x-amz-checksum-([a-z0-9]+)$/.exec(header);
  if (match === null || ['algorithm', 'mode', 'type'].includes(match[1] ?? '')) return null;
  const name = checksumNamed(match[1] ?? '');
  if (name === null) throw new S3Error('NotImplemented', `The checksum ${match[1] ?? ''} is not implemented.`);
  return name;
}

export function newDigest(name: ChecksumName | 'MD5'): Digest {
  switch (name) {
    case 'CRC32': return cyclic((bytes, value) => crc32(bytes, value));
    case 'CRC32C': return cyclic(crc32c);
    case 'CRC64NVME': return crc64Nvme();
    case 'SHA1': return hashed('sha1');
    case 'SHA256': return hashed('sha256');
    case 'MD5': return hashed('md5');
  }
}

/** Bytes on their way, whose checksum is known once they have ended. */
export function digesting(name: ChecksumName, bytes: AsyncIterable<Buffer>): { readonly bytes: AsyncIterable<Buffer>; checksums(): Readonly<Record<string, string>> } {
  const digest = newDigest(name);
  let whole: Readonly<Record<string, string>> | null = null;
  async function* passed(): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      digest.update(chunk);
      yield chunk;
    }
  }
  return { bytes: passed(), checksums: () => (whole ??= { [name]: digest.base64() }) };
}

function hashed(algorithm: string): Digest {
  const hash = createHash(algorithm);
  return { update: (bytes) => { hash.update(bytes); }, base64: () => hash.digest('base64') };
}

function cyclic(next: (bytes: Uint8Array, value: number) => number): Digest {
  let value = 0;
  return {
    update: (bytes) => { value = next(bytes, value); },
    base64: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64');
    },
  };
}

/** How many bytes are taken at once, each with a table of its own ("slicing by 8": Kounavis and Berry 2008). */
const sliced = 8;

const castagnoli = slicedTables(Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
}));

/** Behind the table of a byte those of a byte with 1 to 7 others after it. */
function slicedTables(first: Uint32Array): Int32Array {
  const tables = new Int32Array(sliced * 256);
  tables.set(first);
  for (let at = 256; at < tables.length; at += 1) {
    const before = tables[at - 256] ?? 0;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
}

/** Cost: one table look-up a byte, of eight bytes at once. */
function crc32c(bytes: Uint8Array, before: number): number {
  const [tables, view] = [castagnoli, new DataView(bytes.buffer, bytes.byteOffset, bytes.length)];
  let value = ~before;
  let at = 0;
  for (; at + sliced <= bytes.length; at += sliced) {
    const one = value ^ view.getInt32(at, true);
    const two = view.getInt32(at + 4, true);
    value = (tables[1792 + (one & 0xff)] ?? 0) ^ (tables[1536 + ((one >>> 8) & 0xff)] ?? 0)
      ^ (tables[1280 + ((one >>> 16) & 0xff)] ?? 0) ^ (tables[1024 + (one >>> 24)] ?? 0)
      ^ (tables[768 + (two & 0xff)] ?? 0) ^ (tables[512 + ((two >>> 8) & 0xff)] ?? 0)
      ^ (tables[256 + ((two >>> 16) & 0xff)] ?? 0) ^ (tables[two >>> 24] ?? 0);
  }
  for (; at < bytes.length; at += 1) value = (value >>> 8) ^ (tables[(value ^ view.getUint8(at)) & 0xff] ?? 0);
  return ~value >>> 0;
}

/** The polynomial with its bits reversed, in two halves of 32 bits: JavaScript has no 64-bit integers that are quick. */
const nvmeHigh = 0x9a6c9329;
const nvmeLow = 0xac4bc9b5;

const nvmeTable = Array.from({ length: 256 }, (_, byte) => {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit += 1) {
    const odd = (low & 1) === 1;
    low = (low >>> 1) | ((high & 1) << 31);
    high >>>= 1;
    if (odd) [high, low] = [high ^ nvmeHigh, low ^ nvmeLow];
  }
  return { high: high >>> 0, low: low >>> 0 };
});
const [highs, lows] = slicedHalves();

/** As slicedTables, in halves. */
function slicedHalves(): readonly [Int32Array, Int32Array] {
  const [high, low] = [new Int32Array(sliced * 256), new Int32Array(sliced * 256)];
  nvmeTable.forEach((entry, byte) => { [high[byte], low[byte]] = [entry.high, entry.low]; });
  for (let at = 256; at < low.length; at += 1) {
    const [highBefore, lowBefore] = [high[at - 256] ?? 0, low[at - 256] ?? 0];
    low[at] = ((lowBefore >>> 8) | (highBefore << 24)) ^ (low[lowBefore & 0xff] ?? 0);
    high[at] = (highBefore >>> 8) ^ (high[lowBefore & 0xff] ?? 0);
  }
  return [high, low];
}

/** The eight bytes of `one` and `two`, looked up in one half of the tables. */
function lookedUp(half: Int32Array, one: number, two: number): number {
  return (half[1792 + (one & 0xff)] ?? 0) ^ (half[1536 + ((one >>> 8) & 0xff)] ?? 0)
    ^ (half[1280 + ((one >>> 16) & 0xff)] ?? 0) ^ (half[1024 + (one >>> 24)] ?? 0)
    ^ (half[768 + (two & 0xff)] ?? 0) ^ (half[512 + ((two >>> 8) & 0xff)] ?? 0)
    ^ (half[256 + ((two >>> 16) & 0xff)] ?? 0) ^ (half[two >>> 24] ?? 0);
}

/** Cost: two table look-ups a byte, of eight bytes at once. */
function crc64Nvme(): Digest {
  let [high, low] = [-1, -1];
  return {
    update: (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      let at = 0;
      for (; at + sliced <= bytes.length; at += sliced) {
        const one = low ^ view.getInt32(at, true);
        const two = high ^ view.getInt32(at + 4, true);
        low = lookedUp(lows, one, two);
        high = lookedUp(highs, one, two);
      }
      for (; at < bytes.length; at += 1) {
        const index = (low ^ view.getUint8(at)) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (lows[index] ?? 0);
        high = (high >>> 8) ^ (highs[index] ?? 0);
      }
    },
    base64: () => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE(~high >>> 0, 0);
      bytes.writeUInt32BE(~low >>> 0, 4);
      return bytes.toString('base64');
    },
  };
}
