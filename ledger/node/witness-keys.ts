import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Wallet, computeAddress } from 'ethers';
import type { Address, Hex } from '@oort/ledger-chain';

export interface WitnessKey {
  readonly address: Address;
  readonly privateKey: Hex;
}

export function newWitnessKey(privateKey: Hex = Wallet.createRandom().privateKey): WitnessKey {
  return { privateKey, address: computeAddress(privateKey).toLowerCase() };
}

/** The keys of the witnesses that live in this process: made at the first boot, readable by their owner only. */
export function witnessKeys(directory: string, count: number): WitnessKey[] {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'witness-keys.json');
  if (!existsSync(file)) {
    const fresh = Array.from({ length: count }, () => Wallet.createRandom().privateKey);
    // Renamed into place: a kill here must not leave half a file that the next boot would trip over.
    writeFileSync(`${file}.new`, JSON.stringify(fresh), { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }
  const keys = JSON.parse(readFileSync(file, 'utf8')) as Hex[];
  return keys.map((privateKey) => newWitnessKey(privateKey));
}
