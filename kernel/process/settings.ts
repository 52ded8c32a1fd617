// Settings come from the environment alone, are read once at the start, and are refused in words that name the variable.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DeviceKey } from '@oort/kernel-identity';
import { codeOf, Fault, messageOf } from '@oort/kernel-wire';

export type Environment = Readonly<Record<string, string | undefined>>;

export class SettingRefused extends Fault {
  constructor(name: string, why: string) {
    super('SETTING_REFUSED', `${name} ${why}`, { name });
  }
}

const highestPort = 65_535;

/** Each method throws SettingRefused. */
export class Settings {
  constructor(readonly environment: Environment) {}

  text(name: string): string {
    const value = this.optional(name);
    if (value === null) throw new SettingRefused(name, 'is not set');
    return value;
  }

  /** Null where it is not set or empty. */
  optional(name: string): string | null {
    const value = (this.environment[name] ?? '').trim();
    return value === '' ? null : value;
  }

  /** 0 asks for any free port. */
  port(name: string, usual?: number): number {
    const port = this.whole(name, usual);
    if (port > highestPort) throw new SettingRefused(name, `is not a port: ${port}`);
    return port;
  }

  whole(name: string, usual?: number): number {
    const value = usual === undefined ? this.text(name) : this.optional(name) ?? String(usual);
    if (!/^\d{1,12}$/.test(value)) throw new SettingRefused(name, `is not a whole number: ${value}`);
    return Number(value);
  }

  /** `protocols` without their colon. What it holds is not told: there may be a password in it. */
  url(name: string, ...protocols: readonly string[]): string {
    const value = this.text(name);
    const protocol = URL.canParse(value) ? new URL(value).protocol.slice(0, -1) : null;
    if (protocol === null || !protocols.includes(protocol)) throw new SettingRefused(name, `is not a ${protocols.join(' or ')} address`);
    return value;
  }

  directory(name: string): string { return resolve(this.text(name)); }

  /** What the file holds that the variable names. */
  file(name: string): string {
    const path = this.text(name);
    try {
      return readFileSync(path, 'utf8').trim();
    } catch (error) {
      throw new SettingRefused(name, `cannot be read: ${codeOf(error) ?? messageOf(error)} at ${path}`);
    }
  }

  /** Ed25519, both halves as JSON. */
  deviceKey(name: string): DeviceKey {
    const text = this.file(name);
    const key = parsed(text) as Partial<DeviceKey> | null;
    if (!isHex32(key?.privateKey) || !isHex32(key?.publicKey)) throw new SettingRefused(name, 'holds no key pair');
    return { privateKey: key?.privateKey ?? '', publicKey: key?.publicKey ?? '' };
  }

  /** Ed25519, 32 bytes in hex. */
  publicKey(name: string): string {
    const key = this.file(name);
    if (!isHex32(key)) throw new SettingRefused(name, 'holds no public key');
    return key;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isHex32(text: string | undefined): boolean {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text);
}
