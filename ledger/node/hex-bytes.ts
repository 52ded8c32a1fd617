import type { Hex } from '@oort/ledger-chain';

export function bytesOf(hex: Hex): Buffer {
  return Buffer.from(hex.slice(2), 'hex');
}

export function hexOf(bytes: Buffer): Hex {
  return `0x${bytes.toString('hex')}`;
}
