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

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** Cost: one table look-up a byte. */
function crc32c(bytes: Uint8Array, before: number): number {
  let value = ~before;
  for (const byte of bytes) value = (value >>> 8) ^ (castagnoli[(value ^ byte) & 0xff] ?? 0);
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
const highs = Uint32Array.from(nvmeTable, ({ high }) => high);
const lows = Uint32Array.from(nvmeTable, ({ low }) => low);

/** Cost: two table look-ups a byte. */
function crc64Nvme(): Digest {
  let [high, low] = [0xffffffff, 0xffffffff];
  return {
    update: (bytes) => {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff;
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
