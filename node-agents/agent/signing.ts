// What a node signs when it has an answer: first what it commits to, then the answer itself.
import { randomBytes } from 'node:crypto';
import { signWith, type DeviceKey } from '@oort/kernel-identity';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import { commitmentHash, commitmentStatement, resultStatement } from '@oort/schema/statements';
import type { AgentFault } from './agent-fault';
import type { Identity } from './enrolment';
import type { FinishedAttempt } from './outbox';
import type { PlatformClient } from './platform-client';

export type Signatures = Pick<FinishedAttempt, 'salt' | 'commitment' | 'commitmentSignature' | 'resultSignature'>;
export type SignAnswer = (jobId: string, attempt: number, output: Json) => Promise<Signatures>;

/** Honest without a fault. */
export function answerSigner({ key, nodeId }: Identity, client: Pick<PlatformClient, 'graphql'>, fault: AgentFault | null): SignAnswer {
  const others = fault?.name === 'commitment-copied' ? commitmentsOfOthers(client, nodeId) : null;
  let first: string | null = null;
  return async (jobId, attempt, output) => {
    const salt = randomBytes(16).toString('hex');
    const answer = { jobId, attempt, resultHash: sha256Hex(canonicalJson(output)), salt };
    const own = commitmentHash(key.publicKey, fault?.name === 'reveal-differs' ? { ...answer, resultHash: sha256Hex('another') } : answer);
    const commitment = await others?.() ?? own;
    const resultSignature = signWith(key, resultStatement(answer));
    first ??= resultSignature;
    return { salt, commitment, commitmentSignature: signedCommitment(key, jobId, attempt, commitment), resultSignature: fault?.name === 'signature-replayed' ? first : resultSignature };
  };
}

function signedCommitment(key: DeviceKey, jobId: string, attempt: number, commitment: string): string {
  return signWith(key, commitmentStatement({ jobId, attempt, commitment }));
}

interface Page {
  readonly events: {
    readonly edges: readonly { readonly node: { readonly type: string; readonly data: { readonly nodeId?: string; readonly commitment?: string } } }[];
    readonly pageInfo: { readonly endCursor: string | null };
  };
}

const feedQuery = 'query Feed($after: String) { events(after: $after, first: 1000) { edges { node { type data } } pageInfo { endCursor } } }';

/** The newest that the public feed shows of another node; null while there is none. */
function commitmentsOfOthers(client: Pick<PlatformClient, 'graphql'>, nodeId: string): () => Promise<string | null> {
  let after: string | null = null;
  let newest: string | null = null;
  return async () => {
    for (let pages = 0; pages < 100; pages += 1) {
      const { events }: Page = await client.graphql<Page>(feedQuery, { after });
      for (const { node: { type, data } } of events.edges) if (type === 'ResultCommitted' && data.nodeId !== nodeId) newest = data.commitment ?? newest;
      after = events.pageInfo.endCursor ?? after;
      if (events.edges.length < 1000) break;
    }
    return newest;
  };
}
