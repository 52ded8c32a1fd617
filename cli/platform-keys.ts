// The platform's own keys, made at the first start: whoever has these files is the platform.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { newDeviceKey, type DeviceKey } from '@oort/kernel-identity';

export interface PlatformKeys {
  /** secp256k1, hex: holds the platform's roles in the contracts. */
  readonly chainKey: string;
  readonly chainAddress: string;
  /** Signs sessions of accounts. */
  readonly sessionKey: DeviceKey;
  /** Signs orders to nodes, bundles and licences. */
  readonly orderKey: DeviceKey;
}

export function platformKeys(directory: string): PlatformKeys {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const chainKey = kept(join(directory, 'chain.key'), () => Wallet.createRandom().privateKey);
  return {
    chainKey, chainAddress: new Wallet(chainKey).address,
    sessionKey: JSON.parse(kept(join(directory, 'session.json'), newDeviceKeyText)) as DeviceKey,
    orderKey: JSON.parse(kept(join(directory, 'orders.json'), newDeviceKeyText)) as DeviceKey,
  };
}

function kept(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600, flush: true });
  return readFileSync(file, 'utf8');
}

const newDeviceKeyText = (): string => JSON.stringify(newDeviceKey());
