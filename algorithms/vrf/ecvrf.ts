// ECVRF-SECP256K1-SHA256-TAI, suite 0xFE. No RFC names this suite: it is that of draft-irtf-cfrg-vrf-05 (section 5) on
// secp256k1, for which Witnet published the vectors of the test beside this file. RFC 9381 came later and hashes a trailing
// zero byte and the public key besides; its proofs are other bytes.
//   proof = gamma (33, compressed) || c (16) || s (32);   output = SHA-256(suite || 3 || gamma)
import { createHash } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { deterministicNonce, toBytes, toNumber } from './nonce';

const { Point } = secp256k1;
type CurvePoint = InstanceType<typeof Point>;

const suite = 0xfe;
const order = Point.Fn.ORDER;
const pointLength = 33;
const challengeLength = 16;

export const proofLength = pointLength + challengeLength + 32;

/** The proof of the one value that this secret gives to `alpha`. `secret`: 32 bytes. Cost: four multiplications. */
export function prove(secret: Uint8Array, alpha: Uint8Array): Uint8Array {
  const x = toNumber(secret);
  const h = hashToCurve(Point.BASE.multiply(x).toBytes(true), alpha);
  const gamma = h.multiply(x);
  const nonce = deterministicNonce(secret, h.toBytes(true));
  const c = challenge([h, gamma, Point.BASE.multiply(nonce), h.multiply(nonce)]);
  const s = (nonce + c * x) % order;
  return Uint8Array.from([...gamma.toBytes(true), ...toBytes(c).slice(32 - challengeLength), ...toBytes(s)]);
}

/** The 32 bytes that the proof proves, or null where it proves nothing. `publicKey`: compressed or not. */
export function verify(publicKey: Uint8Array, proof: Uint8Array, alpha: Uint8Array): Uint8Array | null {
  const key = pointOf(publicKey);
  const parts = partsOf(proof);
  if (key === null || parts === null) return null;
  const { gamma, c, s } = parts;
  const h = hashToCurve(key.toBytes(true), alpha);
  // U = sB - cY, V = sH - c gamma. A zero scalar or a sum at infinity proves nothing: no honest nonce is zero.
  if (c === 0n || s === 0n) return null;
  const u = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(c));
  const v = h.multiplyUnsafe(s).subtract(gamma.multiplyUnsafe(c));
  if (u.is0() || v.is0() || challenge([h, gamma, u, v]) !== c) return null;
  return outputOf(gamma);
}

/** The output of a proof that has been checked before; null where the bytes have no proof's form. */
export function proofOutput(proof: Uint8Array): Uint8Array | null {
  const parts = partsOf(proof);
  return parts === null ? null : outputOf(parts.gamma);
}

interface ProofParts {
  readonly gamma: CurvePoint;
  readonly c: bigint;
  readonly s: bigint;
}

export function partsOf(proof: Uint8Array): ProofParts | null {
  if (proof.length !== proofLength) return null;
  const gamma = pointOf(proof.slice(0, pointLength));
  const c = toNumber(proof.slice(pointLength, pointLength + challengeLength));
  const s = toNumber(proof.slice(pointLength + challengeLength));
  // Another s with the same remainder would be a second proof of the same value.
  return gamma === null || s >= order ? null : { gamma, c, s };
}

function pointOf(bytes: Uint8Array): CurvePoint | null {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return null;
  }
}

/** Try and increment (draft 05, section 5.4.1.1): half of all 32-byte strings are the x of a point. */
export function hashToCurve(publicKey: Uint8Array, alpha: Uint8Array): CurvePoint {
  for (let counter = 0; ; counter += 1) {
    const x = sha256(Uint8Array.of(suite, 1), publicKey, alpha, Uint8Array.of(counter));
    const point = pointOf(Uint8Array.from([2, ...x]));
    if (point !== null) return point;
  }
}

function challenge(points: readonly CurvePoint[]): bigint {
  const digest = sha256(Uint8Array.of(suite, 2), ...points.map((point) => point.toBytes(true)));
  return toNumber(digest.slice(0, challengeLength));
}

function outputOf(gamma: CurvePoint): Uint8Array {
  return sha256(Uint8Array.of(suite, 3), gamma.toBytes(true));
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}
