// Bloom filters of logs (Yellow Paper, 4.3.1): 2,048 bits, of which each address and topic sets three.
import { emptyBloom, keccakBytes } from '@oort/ledger-chain';
import type { Hex, Log } from '@oort/ledger-chain';
import { bytesOf } from './machine';

const bytes = 256;

export function logsBloom(logs: readonly Log[]): Hex {
  if (logs.length === 0) return emptyBloom;
  const bloom = Buffer.alloc(bytes);
  for (const { address, topics } of logs) {
    set(bloom, address);
    for (const topic of topics) set(bloom, topic);
  }
  return `0x${bloom.toString('hex')}`;
}

function set(bloom: Buffer, entry: Hex): void {
  for (const bit of bitsOf(entry)) {
    const at = bytes - 1 - (bit >> 3);
    bloom[at] = (bloom[at] ?? 0) | (1 << (bit & 7));
  }
}

/** Contracts, events and holders come again and again; a hash costs as much as ten of these look-ups. */
const known = new Map<Hex, readonly number[]>();
const mostKnown = 16_384;

/** The low 11 bits of the first three pairs of bytes of its hash. */
function bitsOf(entry: Hex): readonly number[] {
  const before = known.get(entry);
  if (before !== undefined) return before;
  const hash = keccakBytes(bytesOf(entry));
  const bits = [0, 2, 4].map((pair) => ((hash[pair] ?? 0) * 256 + (hash[pair + 1] ?? 0)) % (8 * bytes));
  if (known.size >= mostKnown) known.clear();
  known.set(entry, bits);
  return bits;
}

/** A block's bloom is the union of its receipts' (Yellow Paper, 4.3.1). */
export function blockBloom(blooms: readonly Hex[]): Hex {
  const union = blooms.reduce((all, bloom) => (bloom === emptyBloom ? all : all | BigInt(bloom)), 0n);
  return union === 0n ? emptyBloom : `0x${union.toString(16).padStart(512, '0')}`;
}
