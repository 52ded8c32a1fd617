// Keccak-256 compiled to WebAssembly, ten times as fast as the same in JavaScript; ethers hashes with it too from here on.
// Compiling it takes a moment, and until then (or where it cannot be had) JavaScript does it.
import { getBytes, keccak256 as keccakOfEthers } from 'ethers';
import { createKeccak } from 'hash-wasm';
import type { IHasher } from 'hash-wasm';
import type { Hash } from './hex';

let compiled: IHasher | null = null;

createKeccak(256).then((hasher) => {
  compiled = hasher;
  keccakOfEthers.register((data) => hasher.init().update(data).digest('binary'));
}, () => undefined);

export function keccakBytes(data: Uint8Array): Uint8Array {
  return compiled === null ? getBytes(keccakOfEthers(data)) : compiled.init().update(data).digest('binary');
}

export function keccakHex(data: Uint8Array): Hash {
  return compiled === null ? keccakOfEthers(data) : `0x${compiled.init().update(data).digest('hex')}`;
}
