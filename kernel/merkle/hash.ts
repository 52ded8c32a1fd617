// RFC 6962 section 2.1: leaves and nodes are hashed with different prefixes, so a node never passes for a leaf.
import { hash } from 'node:crypto';

/** Small inputs are laid out in one buffer and hashed in one call, which costs a third of a hash object. */
const scratch = Buffer.alloc(1 + 4096);

export function leafHash(bytes: Uint8Array): Buffer {
  const length = 1 + bytes.length;
  const input = length <= scratch.length ? scratch.subarray(0, length) : Buffer.allocUnsafe(length);
  input[0] = 0;
  input.set(bytes, 1);
  return hash('sha256', input, 'buffer');
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const length = 1 + left.length + right.length;
  const input = length <= scratch.length ? scratch.subarray(0, length) : Buffer.allocUnsafe(length);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + left.length);
  return hash('sha256', input, 'buffer');
}
