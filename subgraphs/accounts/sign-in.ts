// Sign-in with Ethereum (EIP-4361). A wallet's address is its account, for ever the same: the id derives from it.
import { getAddress, isAddress } from 'ethers';
import { refusal } from '@oort/kernel-decider';
import {
  SiweRejected,
  issueSession,
  readSession,
  siweMessage,
  verifySiwe,
  type DeviceKey,
} from '@oort/kernel-identity';
import { deriveId } from '@oort/kernel-wire';
import type { Actor } from '@oort/schema';
import { nonceOf, type Challenges } from './challenges';
import type { DoorRefusal } from './refusals';

export const sessionSeconds = 12 * 60 * 60;

export interface Site {
  readonly domain: string;
  readonly uri: string;
  readonly chainId: number;
}

export type SignedIn =
  | { readonly ok: true; readonly address: string; readonly accountId: string }
  | { readonly ok: false; readonly refusal: DoorRefusal };

export const accountIdOf = (address: string): string => deriveId('account', address.toLowerCase());

export function challengeFor(
  address: string,
  site: Site,
  challenges: Challenges,
  now: Date,
): { readonly message: string; readonly expiresAt: Date } | DoorRefusal {
  if (!isAddress(address))
    return refusal('ADDRESS_INVALID', 'This is not an Ethereum address.', { address });
  const { nonce, issuedAt, expiresAt } = challenges.issue(now);
  const statement = 'Sign in to OORT. This costs nothing and moves nothing.';
  return {
    message: siweMessage({
      ...site,
      address: getAddress(address),
      statement,
      nonce,
      issuedAt,
      expirationTime: expiresAt,
    }),
    expiresAt,
  };
}

export function proveSignIn(
  message: string,
  signature: string,
  site: Site,
  challenges: Challenges,
  now: Date,
): SignedIn {
  const nonce = nonceOf(message);
  if (nonce === null || !challenges.take(nonce, now)) {
    return {
      ok: false,
      refusal: refusal(
        'CHALLENGE_UNKNOWN',
        'Ask for a new challenge: this one is unknown, used or too old.',
        null,
      ),
    };
  }
  try {
    const { address } = verifySiwe(message, signature, { domain: site.domain, nonce, now });
    return { ok: true, address, accountId: accountIdOf(address) };
  } catch (error) {
    if (!(error instanceof SiweRejected)) throw error;
    return {
      ok: false,
      refusal: refusal(
        'SIGNATURE_INVALID',
        'The signature does not fit the challenge and its address.',
        { reason: error.message },
      ),
    };
  }
}

export function sessionFor(
  accountId: string,
  address: string,
  key: DeviceKey,
  now: Date,
): { readonly token: string; readonly expiresAt: string } {
  return {
    token: issueSession({ accountId, address }, key, now, sessionSeconds),
    expiresAt: new Date(now.getTime() + sessionSeconds * 1000).toISOString(),
  };
}

/** For the doors: who a bearer token speaks for, or null. */
export function verifySession(
  token: string,
  publicKey: string,
  now: Date,
): Extract<Actor, { readonly kind: 'account' }> | null {
  const session = readSession(token, publicKey, now);
  return session === null ? null : { kind: 'account', ...session };
}
