import fc from 'fast-check';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { proofLength, prove, proofOutput, verify } from './ecvrf';
import { deterministicNonce } from './nonce';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString('hex'));
const sample = new TextEncoder().encode('sample');

// Witnet's vectors of SECP256K1-SHA256-TAI (vrf-rs, vrf-solidity): key, proof with the nonce of RFC 6979, output, and a
// second proof that another nonce made for the same value.
const secret = bytes('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
const publicKey = bytes('032c8c31fc9f990c6b55e3865a184a4ce50e09481f2eaeb3e60ec1cea13a6ae645');
const proof = '031f4dbca087a1972d04a07a779b7df1caa99e0f5db2aa21f3aecc4f9e10e85d08'
  + '748c9fbe6b95d17359707bfb8e8ab0c93ba0c515333adcb8b64f372c535e115ccf66ebf5abe6fadb01b5efb37c0a0ec9';
const otherNonce = '031f4dbca087a1972d04a07a779b7df1caa99e0f5db2aa21f3aecc4f9e10e85d08'
  + '14faa89697b482daa377fb6b4a8b0191a65d34a6d90a8a2461e5db9205d4cf0bb4b2c31b5ef6997a585a9f1a72517b6f';
const output = '612065e309e937ef46c2ef04d5886b9c6efd2991ac484ec64a9b014366fc5d81';

describe('the published vectors', () => {
  test('proving', () => expect(hex(prove(secret, sample))).toBe(proof));
  test('the output', () => expect(hex(proofOutput(bytes(proof)))).toBe(output));
  test.each([proof, otherNonce])('verifying %#', (each) => expect(hex(verify(publicKey, bytes(each), sample))).toBe(output));
  test('RFC 6979 on the order of secp256k1: the nonce for this key and "sample"', () => {
    expect(deterministicNonce(secret, sample).toString(16)).toBe('a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60');
  });
});

test('whatever is proven verifies under its key and input, and gives one output', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 100 }), (seed, alpha) => {
    fc.pre(secp256k1.utils.isValidSecretKey(seed));
    const made = prove(seed, alpha);
    expect(made).toHaveLength(proofLength);
    for (const compressed of [true, false]) {
      expect(verify(secp256k1.getPublicKey(seed, compressed), made, alpha)).toEqual(proofOutput(made));
    }
  }), { numRuns: 15 });
});

describe('refused', () => {
  const good = bytes(proof);
  test.each<[string, Uint8Array, Uint8Array, Uint8Array]>([
    ['another input', publicKey, good, new TextEncoder().encode('Sample')],
    ['another key', secp256k1.getPublicKey(bytes('11'.repeat(32))), good, sample],
    ['no key', bytes('02'), good, sample],
    ['a byte less', publicKey, good.slice(0, -1), sample],
    ['a gamma off the curve', publicKey, Uint8Array.from([2, ...new Uint8Array(32).fill(255), ...good.slice(33)]), sample],
    ['a zero challenge', publicKey, Uint8Array.from([...good.slice(0, 33), ...new Uint8Array(16), ...good.slice(49)]), sample],
    ['a zero s', publicKey, Uint8Array.from([...good.slice(0, 49), ...new Uint8Array(32)]), sample],
    ['an s beyond the order', publicKey, Uint8Array.from([...good.slice(0, 49), ...new Uint8Array(32).fill(255)]), sample],
  ])('%s', (_name, key, made, alpha) => expect(verify(key, made, alpha)).toBeNull());

  test('any flipped bit', () => {
    fc.assert(fc.property(fc.nat({ max: proofLength * 8 - 1 }), (bit) => {
      const spoiled = Uint8Array.from(good);
      spoiled[bit >> 3] = (spoiled[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verify(publicKey, spoiled, sample)).toBeNull();
    }), { numRuns: 30 });
  });
});
