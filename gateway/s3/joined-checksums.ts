// The checksum of a multipart object from those of its parts (Amazon S3 User Guide, "Checking object integrity"): COMPOSITE is the
// checksum of the parts' checksums with their count; FULL_OBJECT is that of all the bytes, which cyclic codes give without reading them.
import { newDigest, type ChecksumName } from './checksums';

export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

export interface PartChecksum { readonly sizeBytes: number; readonly base64: string }

/** Polynomials with their bits reversed. */
const cyclic: Readonly<Partial<Record<ChecksumName, { readonly width: number; readonly polynomial: bigint }>>> = {
  CRC32: { width: 32, polynomial: 0xedb88320n }, CRC32C: { width: 32, polynomial: 0x82f63b78n }, CRC64NVME: { width: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};

export function defaultType(name: ChecksumName): ChecksumType { return name === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'; }

/** Digests know no whole but all the bytes; CRC-64 is never composite. */
export function isPossible(name: ChecksumName, type: ChecksumType): boolean {
  return type === 'COMPOSITE' ? name !== 'CRC64NVME' : cyclic[name] !== undefined;
}

/** A composite one ends in its count. */
export function typeOf(checksum: string): ChecksumType { return /-\d+$/.test(checksum) ? 'COMPOSITE' : 'FULL_OBJECT'; }

export function joinedChecksum(name: ChecksumName, type: ChecksumType, parts: readonly PartChecksum[]): string {
  const code = cyclic[name];
  if (type === 'COMPOSITE' || code === undefined) {
    const digest = newDigest(name);
    for (const { base64 } of parts) digest.update(Buffer.from(base64, 'base64'));
    return `${digest.base64()}-${parts.length}`;
  }
  let whole = 0n;
  for (const { sizeBytes, base64 } of parts) {
    const shift = power(8n * BigInt(sizeBytes), code.width, code.polynomial);
    whole = product(shift, whole, code.width, code.polynomial) ^ BigInt(`0x${Buffer.from(base64, 'base64').toString('hex')}`);
  }
  return Buffer.from(whole.toString(16).padStart(code.width / 4, '0'), 'hex').toString('base64');
}

/** Of two polynomials over GF(2) modulo the code's, the highest bit being the coefficient of x^0. */
function product(a: bigint, b: bigint, width: number, polynomial: bigint): bigint {
  let sum = 0n;
  for (let bit = BigInt(width) - 1n; bit >= 0n; bit -= 1n) {
    if (((a >> bit) & 1n) === 1n) sum ^= b;
    b = (b & 1n) === 1n ? (b >> 1n) ^ polynomial : b >> 1n;
  }
  return sum;
}

/** x^exponent. Cost: two products a bit of the exponent. */
function power(exponent: bigint, width: number, polynomial: bigint): bigint {
  let result = 1n << BigInt(width - 1);
  let square = 1n << BigInt(width - 2);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = product(result, square, width, polynomial);
    square = product(square, square, width, polynomial);
  }
  return result;
}
