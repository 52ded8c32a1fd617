// A session token is a signed claim, so any process that knows the platform's public key can read it:
// base64url(claims) "." base64url(signature).
import { canonicalJson } from '@oort/kernel-wire';
import { signWith, verifySignature, type DeviceKey } from './device-key';

export interface Session { readonly accountId: string; readonly address: string }

export function issueSession(session: Session, key: DeviceKey, now: Date, ttlSeconds: number): string {
  const claims = canonicalJson({
    accountId: session.accountId, address: session.address, expiresAt: now.getTime() + ttlSeconds * 1000,
  });
  const signature = Buffer.from(signWith(key, signedText(claims)), 'hex');
  return `${Buffer.from(claims).toString('base64url')}.${signature.toString('base64url')}`;
}

/** Null for a token that is malformed, forged or expired. */
export function readSession(token: string, publicKey: string, now: Date): Session | null {
  const [head, tail, ...more] = token.split('.');
  if (head === undefined || tail === undefined || more.length > 0) return null;
  const claims = Buffer.from(head, 'base64url').toString();
  if (!verifySignature(publicKey, signedText(claims), Buffer.from(tail, 'base64url').toString('hex'))) return null;
  const { accountId, address, expiresAt } = JSON.parse(claims) as Session & { readonly expiresAt: number };
  return expiresAt > now.getTime() ? { accountId, address } : null;
}

/** The prefix keeps a signature made for anything else from passing as a session. */
function signedText(claims: string): string {
  return `oort-session-v1\n${claims}`;
}
