import { sha256 } from '@oort/kernel-wire';

/** CIDv1, raw codec (0x55), multihash sha2-256 (0x12) of 32 bytes (0x20): github.com/multiformats/cid. */
const head = Buffer.from([0x01, 0x55, 0x12, 0x20]);
/** RFC 4648 section 6 in lower case, without padding: multibase prefix "b". */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

export function contentIdOf(bytes: Uint8Array): string {
  return contentIdOfHash(sha256(bytes));
}

/** For bytes that were hashed as they streamed by. */
export function contentIdOfHash(digest: Uint8Array): string {
  return `b${base32(Buffer.concat([head, digest]))}`;
}

function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((value >> bits) & 31);
    }
  }
  return bits === 0 ? text : text + alphabet.charAt((value << (5 - bits)) & 31);
}
