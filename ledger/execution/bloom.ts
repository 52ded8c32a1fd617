// Bloom filters of logs (Yellow Paper, 4.3.1): 2,048 bits, of which each address and topic sets three.
import { emptyBloom, keccakBytes } from '@oort/ledger-chain';
import type { Hex, Log } from '@oort/ledger-chain';
import { bytesOf } from './machine';

const bytes = 256;

export function logsBloom(logs: readonly Log[]): Hex {
  if (logs.length === 0) return emptyBloom;
  const bloom = Buffer.alloc(bytes);
  for (const { address, topics } of logs) for (const entry of [address, ...topics]) set(bloom, keccakBytes(bytesOf(entry)));
  return `0x${bloom.toString('hex')}`;
}

/** The low 11 bits of the first three pairs of bytes. */
function set(bloom: Buffer, hash: Uint8Array): void {
  for (const pair of [0, 2, 4]) {
    const bit = ((hash[pair] ?? 0) * 256 + (hash[pair + 1] ?? 0)) % (8 * bytes);
    const at = bytes - 1 - (bit >> 3);
    bloom[at] = (bloom[at] ?? 0) | (1 << (bit & 7));
  }
}

/** A block's bloom is the union of its receipts' (Yellow Paper, 4.3.1). */
export function blockBloom(blooms: readonly Hex[]): Hex {
  const union = blooms.reduce((all, bloom) => (bloom === emptyBloom ? all : all | BigInt(bloom)), 0n);
  return union === 0n ? emptyBloom : `0x${union.toString(16).padStart(512, '0')}`;
}
