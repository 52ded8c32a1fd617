// RFC 6979, section 3.2, with HMAC-SHA-256: the same secret and message always give the same nonce, so no bad source of
// randomness can give the secret away.
import { createHash, createHmac } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';

const order = secp256k1.Point.Fn.ORDER;

export function deterministicNonce(secret: Uint8Array, message: Uint8Array): bigint {
  const digest = createHash('sha256').update(message).digest();
  // bits2octets: the digest as a number, reduced once.
  const reduced = toBytes(toNumber(digest) % order);
  let key: Uint8Array = new Uint8Array(32);
  let value: Uint8Array = new Uint8Array(32).fill(1);
  for (const separator of [0, 1]) {
    key = hmac(key, value, Uint8Array.of(separator), secret, reduced);
    value = hmac(key, value);
  }
  for (;;) {
    value = hmac(key, value);
    const candidate = toNumber(value);
    if (candidate > 0n && candidate < order) return candidate;
    key = hmac(key, value, Uint8Array.of(0));
    value = hmac(key, value);
  }
}

export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** 32 bytes, big-endian. */
export function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}
