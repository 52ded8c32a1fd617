// The platform's own keys, made at the first start: whoever has these files is the platform.
import { randomBytes } from 'node:crypto';
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

/** Where each key lies, for services that are given only those that they need. Public halves lie in files of their own. */
export interface KeyFiles {
  readonly chain: string;
  readonly chainAddress: string;
  readonly session: string;
  readonly sessionPublic: string;
  readonly order: string;
  readonly orderPublic: string;
  /** Vouches to the subgraphs for who asks. */
  readonly gateway: string;
  readonly gatewayPublic: string;
  /** Opens the embedded bus to the platform's own processes. */
  readonly telemetry: string;
  /** A directory: what seals events that are not public. */
  readonly events: string;
  /** A directory: keys of what was sealed until an event that has happened. */
  readonly revealed: string;
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

/** Makes what is not there yet. */
export function keyFiles(directory: string): KeyFiles {
  const { chainAddress, sessionKey, orderKey } = platformKeys(directory);
  const at = (name: string): string => join(directory, name);
  const gatewayKey = JSON.parse(kept(at('gateway.json'), newDeviceKeyText)) as DeviceKey;
  kept(at('telemetry.key'), () => randomBytes(32).toString('hex'));
  kept(at('chain.address'), () => chainAddress);
  for (const [name, { publicKey }] of Object.entries({ session: sessionKey, orders: orderKey, gateway: gatewayKey })) kept(at(`${name}.pub`), () => publicKey);
  for (const name of ['events', 'revealed']) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  return {
    chain: at('chain.key'), chainAddress: at('chain.address'), session: at('session.json'), sessionPublic: at('session.pub'),
    order: at('orders.json'), orderPublic: at('orders.pub'), gateway: at('gateway.json'), gatewayPublic: at('gateway.pub'),
    telemetry: at('telemetry.key'), events: at('events'), revealed: at('revealed'),
  };
}

function kept(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600, flush: true });
  return readFileSync(file, 'utf8');
}

const newDeviceKeyText = (): string => JSON.stringify(newDeviceKey());
