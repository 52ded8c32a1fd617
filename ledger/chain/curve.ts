// secp256k1 (SEC 2, 2.4.1): libsecp256k1 where its prebuilt binding loads, JavaScript where not. Both sign deterministically (RFC 6979)
// with the lower s, so that which of them signed cannot be told.
import { Signature, SigningKey, getBytes, toBeHex } from 'ethers';
import { keccakBytes } from './keccak';
import type { Address, Hash, Hex } from './hex';

interface Native {
  ecdsaSign(digest: Uint8Array, privateKey: Uint8Array): { readonly signature: Uint8Array; readonly recid: number };
  ecdsaRecover(signature: Uint8Array, recovery: number, digest: Uint8Array, compressed: boolean): Uint8Array;
}

interface Curve {
  /** 64 bytes r and s, and the parity of the point's y. */
  readonly sign: (digest: Uint8Array, privateKey: Uint8Array) => { readonly signature: Uint8Array; readonly parity: number };
  /** 65 bytes, uncompressed; throws where there is no such point. */
  readonly recover: (digest: Uint8Array, signature: Uint8Array, parity: number) => Uint8Array;
}

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const halfOrder = Buffer.from((order / 2n).toString(16), 'hex');

/** EIP-2: of the two signatures that anybody can make from one, only the one with the lower s counts, for blocks and for transactions. */
export function isLow(signature: Uint8Array): boolean {
  return Buffer.compare(signature.subarray(32), halfOrder) <= 0;
}

const inJavaScript: Curve = {
  sign(digest, privateKey) {
    const { r, s, yParity } = new SigningKey(privateKey).sign(digest);
    return { signature: Buffer.concat([getBytes(r), getBytes(s)]), parity: yParity };
  },
  recover(digest, signature, parity) {
    const hex = Buffer.from(signature).toString('hex');
    // (r, s) and (r, n - s) with the other parity belong to the same key, and ethers takes only the lower s.
    const s = isLow(signature) ? `0x${hex.slice(64)}` : toBeHex(order - BigInt(`0x${hex.slice(64)}`), 32);
    const yParity = (parity === 0) === isLow(signature) ? 0 : 1;
    return getBytes(SigningKey.recoverPublicKey(digest, Signature.from({ r: `0x${hex.slice(0, 64)}`, s, yParity })));
  },
};

export const curves: { readonly javaScript: Curve; readonly native: Curve | null } = { javaScript: inJavaScript, native: loadNative() };
const curve = curves.native ?? curves.javaScript;

export function signHash(hash: Hash, privateKey: Hex): { readonly r: Hex; readonly s: Hex; readonly yParity: 0 | 1 } {
  const { signature, parity } = curve.sign(bytesOf(hash), bytesOf(privateKey));
  const hex = Buffer.from(signature).toString('hex');
  return { r: `0x${hex.slice(0, 64)}`, s: `0x${hex.slice(64)}`, yParity: parity === 0 ? 0 : 1 };
}

/** The uncompressed key, or null where no key can have made this signature. The higher s is recovered too, as ECRECOVER has it. */
export function recoverKey(digest: Uint8Array, signature: Uint8Array, parity: number): Uint8Array | null {
  try {
    return curve.recover(digest, signature, parity);
  } catch {
    return null;
  }
}

/** The lower 20 bytes of the hash of the key without its first byte (Yellow Paper, appendix F). */
export function addressOfKey(key: Uint8Array): Address {
  return `0x${Buffer.from(keccakBytes(key.subarray(1)).subarray(12)).toString('hex')}`;
}

function bytesOf(hex: Hex): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex');
}

function loadNative(): Curve | null {
  try {
    // Its main file would fall back to a third implementation, in JavaScript.
    const binding = require('secp256k1/bindings.js') as Native;
    return {
      sign(digest, privateKey) {
        const { signature, recid } = binding.ecdsaSign(digest, privateKey);
        return { signature, parity: recid };
      },
      recover: (digest, signature, parity) => binding.ecdsaRecover(signature, parity, digest, false),
    };
  } catch {
    return null;
  }
}
