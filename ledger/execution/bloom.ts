import { Bloom } from '@ethereumjs/vm';
import { hexlify } from 'ethers';
import { emptyBloom } from '@oort/ledger-chain';
import type { Hex, Log } from '@oort/ledger-chain';
import { bytesOf } from './machine';

/** The bloom of logs that no transaction wrote. */
export function logsBloom(logs: readonly Log[]): Hex {
  if (logs.length === 0) return emptyBloom;
  const bloom = new Bloom();
  for (const { address, topics } of logs) for (const entry of [address, ...topics]) bloom.add(bytesOf(entry));
  return hexlify(bloom.bitvector);
}

/** A block's bloom is the union of its receipts' (Yellow Paper, 4.3.1). */
export function blockBloom(blooms: readonly Hex[]): Hex {
  const union = blooms.reduce((all, bloom) => (bloom === emptyBloom ? all : all | BigInt(bloom)), 0n);
  return union === 0n ? emptyBloom : `0x${union.toString(16).padStart(512, '0')}`;
}
