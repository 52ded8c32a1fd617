// Whom a request is from, as the gateway found it, in one header that only the gateway can write: Ed25519 over the caller, the
// subgraph that it is for, the time, and the hash of the body. Each is taken once, so that one overheard is worth nothing.
import { randomBytes } from 'node:crypto';
import { signWith, verifySignature, type DeviceKey } from '@oort/kernel-identity';
import { sha256Hex } from '@oort/kernel-wire';
import type { Caller } from './port';

export const passportHeader = 'x-oort-passport';

export interface PassportToSeal<Context extends Caller> {
  readonly context: Context;
  /** The subgraph that may read it. */
  readonly audience: string;
  readonly body: string;
  readonly key: DeviceKey;
  readonly now: Date;
}

export interface Passport {
  readonly header: string | undefined;
  readonly audience: string;
  readonly body: string | Uint8Array;
  /** The gateway's, hex. */
  readonly publicKey: string;
  readonly now: Date;
}

interface Claims { readonly context: Caller; readonly audience: string; readonly atMs: number; readonly once: string; readonly body: string }

/** Clocks of one cluster differ by less. */
const toleranceMs = 60_000;

export function sealPassport<Context extends Caller>({ context, audience, body, key, now }: PassportToSeal<Context>): string {
  // A connection is not for the other side to see: that of the gateway's call ends with it.
  const { gone: _, ...vouched } = context;
  const claims: Claims = { context: vouched, audience, atMs: now.getTime(), once: randomBytes(12).toString('base64url'), body: sha256Hex(body) };
  const text = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${text}.${signWith(key, textOf(text))}`;
}

/** The caller, or null for one that is forged, of another body or subgraph, too old, or was taken before. */
export function openPassport<Context extends Caller>({ header, audience, body, publicKey, now }: Passport, taken: TakenPassports): Context | null {
  const [, text = '', signature = ''] = /^([\w-]+)\.([0-9a-f]{128})$/.exec(header ?? '') ?? [];
  if (text === '' || !verifySignature(publicKey, textOf(text), signature)) return null;
  const claims = JSON.parse(Buffer.from(text, 'base64url').toString()) as Claims;
  if (claims.audience !== audience || claims.body !== sha256Hex(body)) return null;
  if (!(Math.abs(now.getTime() - claims.atMs) <= toleranceMs) || !taken.take(claims.once, now.getTime())) return null;
  return claims.context as Context;
}

/** What was taken lately. */
export class TakenPassports {
  private earlier = new Set<string>();
  private lately = new Set<string>();
  private turnedAtMs = 0;

  /** False for one that was taken before. */
  take(once: string, nowMs: number): boolean {
    if (nowMs - this.turnedAtMs > 2 * toleranceMs) {
      this.earlier = this.lately;
      this.lately = new Set();
      this.turnedAtMs = nowMs;
    }
    if (this.lately.has(once) || this.earlier.has(once)) return false;
    this.lately.add(once);
    return true;
  }
}

/** Named, so that no other signature of this key can be passed off as a passport. */
function textOf(claims: string): string {
  return `oort-passport-v1\n${claims}`;
}
