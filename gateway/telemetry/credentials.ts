import type { IncomingHttpHeaders } from 'node:http';
import { verifyRequest } from '@oort/kernel-identity';
import { DoorRefused } from './refused';

export interface Credentials {
  /** Null for a token that is forged or expired. */
  session(token: string): { readonly accountId: string } | null;
  /** Ed25519, hex; null for a node that never enrolled. */
  nodeKey(nodeId: string): Promise<string | null>;
  now(): Date;
}

export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
}

/** The id of the node or account that asks. Throws DoorRefused. */
export async function provenAsker({ headers, method, path, body }: Asked, credentials: Credentials): Promise<string> {
  const { authorization, 'x-oort-node': nodeId } = headers;
  if (typeof nodeId === 'string') {
    const publicKey = await credentials.nodeKey(nodeId);
    if (publicKey !== null && verifyRequest({ headers, method, path, body, publicKey, now: credentials.now() })) return nodeId;
    throw new DoorRefused(401, 'UNAUTHENTICATED', 'The node\'s signature does not hold.');
  }
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  const session = token === undefined ? null : credentials.session(token);
  if (session === null) throw new DoorRefused(401, 'UNAUTHENTICATED', 'Sign the request as a node, or send a session.');
  return session.accountId;
}
