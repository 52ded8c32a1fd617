// Who asks: an account by its session, a node by its signature, or nobody in particular. A proof that does not hold is
// refused rather than ignored, so that nobody works on as a stranger without noticing.
import type { IncomingHttpHeaders } from 'node:http';
import { verifyRequest } from '@oort/kernel-identity';
import { Fault } from '@oort/kernel-wire';
import type { Actor } from '@oort/schema';

export interface Credentials {
  /** Null for a token that is forged or expired. */
  session(token: string): { readonly accountId: string; readonly address: string } | null;
  /** Ed25519, hex; null for a node that never enrolled. */
  nodeKey(nodeId: string): Promise<string | null>;
  now(): Date;
}

export class Unauthenticated extends Fault {
  constructor(message: string) {
    super('UNAUTHENTICATED', message);
  }
}

export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
}

/** Throws Unauthenticated. */
export async function actorOf({ headers, method, path, body }: Asked, credentials: Credentials): Promise<Actor> {
  const { authorization, 'x-oort-node': nodeId } = headers;
  if (typeof nodeId === 'string') {
    const publicKey = await credentials.nodeKey(nodeId);
    if (publicKey === null) throw new Unauthenticated(`Node ${nodeId} is not known here.`);
    if (!verifyRequest({ headers, method, path, body, publicKey, now: credentials.now() })) throw new Unauthenticated('The node\'s signature does not hold.');
    return { kind: 'node', nodeId };
  }
  return authorization === undefined ? { kind: 'anonymous' } : accountOf(authorization, credentials);
}

/** Throws Unauthenticated. */
export function accountOf(authorization: string, credentials: Credentials): Actor {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  if (token === undefined) throw new Unauthenticated('The authorization header must read "Bearer <session>".');
  const session = credentials.session(token);
  if (session === null) throw new Unauthenticated('The session is forged or has expired: sign in again.');
  return { kind: 'account', ...session };
}
