import type { Hex } from '@oort/ledger-chain';
import { emptyBloom } from './run-transaction';

/** A block's bloom is the union of its receipts' (Yellow Paper, 4.3.1). */
export function blockBloom(blooms: readonly Hex[]): Hex {
  const union = blooms.reduce((all, bloom) => all | BigInt(bloom), 0n);
  return union === 0n ? emptyBloom : `0x${union.toString(16).padStart(512, '0')}`;
}
