// Sign-In with Ethereum (EIP-4361): the message a wallet shows, and what a server must check of it.
import { getAddress, verifyMessage } from 'ethers';
import { Fault } from '@oort/kernel-wire';

export class SiweRejected extends Fault {
  constructor(reason: 'malformed' | 'domain' | 'nonce' | 'expired' | 'not-yet-valid' | 'signature') {
    super('SIWE_REJECTED', `sign-in message refused: ${reason}`, { reason });
  }
}

export interface SiweFields {
  readonly domain: string;
  readonly address: string;
  readonly statement?: string;
  readonly uri: string;
  readonly chainId: number;
  readonly nonce: string;
  readonly issuedAt: string | Date;
  readonly expirationTime?: string | Date;
}

/** The text of EIP-4361's "Message Format", with the address in its EIP-55 spelling. */
export function siweMessage(fields: SiweFields): string {
  const lines = [
    `${fields.domain} wants you to sign in with your Ethereum account:`, getAddress(fields.address), '',
    ...(fields.statement === undefined ? [] : [fields.statement]), '',
    `URI: ${fields.uri}`, 'Version: 1', `Chain ID: ${fields.chainId}`, `Nonce: ${fields.nonce}`, `Issued At: ${timeText(fields.issuedAt)}`,
    ...(fields.expirationTime === undefined ? [] : [`Expiration Time: ${timeText(fields.expirationTime)}`]),
  ];
  return lines.join('\n');
}

/** Throws SiweRejected. The caller must have issued the nonce and must forget it afterwards. */
export function verifySiwe(
  message: string, signature: string, expected: { readonly domain: string; readonly nonce: string; readonly now: Date },
): { readonly address: string } {
  const { domain, address, fields } = parse(message);
  if (domain !== expected.domain) throw new SiweRejected('domain');
  if (fields.get('Nonce') !== expected.nonce) throw new SiweRejected('nonce');
  const expires = fields.get('Expiration Time');
  if (expires !== undefined && !(Date.parse(expires) > expected.now.getTime())) throw new SiweRejected('expired');
  const notBefore = fields.get('Not Before');
  if (notBefore !== undefined && !(Date.parse(notBefore) <= expected.now.getTime())) throw new SiweRejected('not-yet-valid');
  if (signerOf(message, signature) !== address) throw new SiweRejected('signature');
  return { address };
}

interface Parsed { readonly domain: string; readonly address: string; readonly fields: ReadonlyMap<string, string> }

function parse(message: string): Parsed {
  const head = /^(\S+) wants you to sign in with your Ethereum account:\n(0x[0-9a-fA-F]{40})\n\n(?:[^\n]+\n)?\n/.exec(message);
  const [whole, domain, address] = head ?? [];
  if (whole === undefined || domain === undefined || address === undefined) throw new SiweRejected('malformed');
  const fields = new Map<string, string>();
  for (const line of message.slice(whole.length).split('\n')) {
    const colon = line.indexOf(': ');
    const name = line.slice(0, colon);
    if (colon > 0 && fields.has(name)) throw new SiweRejected('malformed');
    if (colon > 0) fields.set(name, line.slice(colon + 2));
  }
  if (fields.get('Version') !== '1') throw new SiweRejected('malformed');
  return { domain, address: getAddress(address.toLowerCase()), fields };
}

function signerOf(message: string, signature: string): string {
  try {
    return verifyMessage(message, signature);
  } catch {
    throw new SiweRejected('signature');
  }
}

function timeText(time: string | Date): string {
  return typeof time === 'string' ? time : time.toISOString();
}
