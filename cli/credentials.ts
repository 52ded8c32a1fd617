// How the doors find out who asks.
import type { Credentials } from '@oort/gateway-graphql';
import { readSession } from '@oort/kernel-identity';
import type { ReadModels } from '@oort/kernel-projection';
import { nodePublicKey } from '@oort/projections-nodes';

export interface CredentialsOptions {
  /** The public half of what signs sessions, hex. */
  readonly sessionKey: string;
  readonly readModels: ReadModels;
  /** A session of a person who was forgotten is none. */
  readonly forgotten: { has(accountId: string): boolean };
}

export function credentialsOver({ sessionKey, readModels, forgotten }: CredentialsOptions): Credentials {
  // A node's key never changes, so it is asked for once.
  const known = new Map<string, string>();
  return {
    session(token) {
      const session = readSession(token, sessionKey, new Date());
      return session === null || forgotten.has(session.accountId) ? null : session;
    },
    async nodeKey(nodeId) {
      const publicKey = known.get(nodeId) ?? await nodePublicKey(readModels, nodeId);
      if (publicKey !== null) known.set(nodeId, publicKey);
      return publicKey;
    },
    now: () => new Date(),
  };
}
