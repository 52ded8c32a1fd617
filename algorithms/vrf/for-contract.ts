// A proof as a contract takes it (ledger/contracts: Vrf.sol): multiplying points is dear there and checking a product is cheap, so that
// the products of the verification come along.
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hashToCurve, partsOf } from './ecvrf';

const { Point } = secp256k1;

export interface ProofForContract {
  readonly proof: { readonly gammaX: bigint; readonly gammaY: bigint; readonly c: bigint; readonly s: bigint };
  /** U = sB - cY, sH and c gamma. */
  readonly products: { readonly ux: bigint; readonly uy: bigint; readonly sx: bigint; readonly sy: bigint; readonly cx: bigint; readonly cy: bigint };
}

/** Null where the bytes have no proof's form. It does not verify: the contract does. */
export function forContract(publicKey: Uint8Array, made: Uint8Array, alpha: Uint8Array): ProofForContract | null {
  const parts = partsOf(made);
  if (parts === null || parts.c === 0n || parts.s === 0n) return null;
  const { gamma, c, s } = parts;
  const key = Point.fromBytes(publicKey);
  const u = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(c)).toAffine();
  const sh = hashToCurve(key.toBytes(true), alpha).multiplyUnsafe(s).toAffine();
  const cg = gamma.multiplyUnsafe(c).toAffine();
  const { x: gammaX, y: gammaY } = gamma.toAffine();
  return { proof: { gammaX, gammaY, c, s }, products: { ux: u.x, uy: u.y, sx: sh.x, sy: sh.y, cx: cg.x, cy: cg.y } };
}

/** The coordinates of a key, as the contract is told it. */
export function keyForContract(publicKey: Uint8Array): { readonly x: bigint; readonly y: bigint } {
  return Point.fromBytes(publicKey).toAffine();
}
