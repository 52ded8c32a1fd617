// Ids: ULIDs (github.com/ulid/spec) behind the kind of thing they name, and name-based UUIDs (RFC 9562 section 5.5).
import { createHash, randomBytes } from 'node:crypto';
import { sha256 } from './hash';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const namespace = Buffer.from('6f6f7274000050008000000000000001', 'hex');

/** 48 bits of time, 80 bits of randomness, 26 characters that sort by time. */
export function newUlid(now: Date = new Date()): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  randomBytes(10).copy(bytes, 6);
  return base32Of(bytes);
}

export function newId(kind: string, now?: Date): string {
  return `${kind}_${newUlid(now)}`;
}

/** The same seed gives the same id, so a command that a reaction sends again is the same command. */
export function deriveId(kind: string, seed: string): string {
  return `${kind}_${base32Of(sha256(`${kind}/${seed}`).subarray(0, 16))}`;
}

export function uuidV5(name: string): string {
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function base32Of(sixteenBytes: Buffer): string {
  let value = BigInt(`0x${sixteenBytes.toString('hex')}`);
  let text = '';
  for (let index = 0; index < 26; index += 1) {
    text = crockford.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}
