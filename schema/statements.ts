// What a node signs or hashes, in the one form that both sides compute (RFC 8785 JSON, named and versioned).
import { canonicalJson, sha256Hex } from '@oort/kernel-wire';

export interface Enrolment {
  /** SHA-256 of the one-time token, hex: the token itself is shown to nobody twice. */
  readonly tokenHash: string;
  readonly publicKey: string;
  readonly name: string;
  readonly operator: string;
  readonly region: string;
  readonly network: string;
  readonly runtimeClass: string;
  readonly endpoint: string | null;
}

/** Signed with the device key: proves that who enrols holds it. */
export function enrolmentStatement(enrolment: Enrolment): string {
  const { tokenHash, publicKey, name, operator, region, network, runtimeClass, endpoint } = enrolment;
  return canonicalJson({ statement: 'oort/enrolment/1', tokenHash, publicKey, name, operator, region, network, runtimeClass, endpoint });
}

interface Attempt { readonly jobId: string; readonly attempt: number }

/** What an attempt returned. `resultHash` is of the output's RFC 8785 form, hex; the salt keeps a commitment to few possible answers secret. */
export interface Answer extends Attempt { readonly resultHash: string; readonly salt: string }

/** What a node commits to before it shows its answer. Its own key is inside, so another's commitment is of no use to it. */
export function commitmentHash(nodeKey: string, { jobId, attempt, resultHash, salt }: Answer): string {
  return sha256Hex(canonicalJson({ statement: 'oort/commitment/1', jobId, attempt, resultHash, nodeKey, salt }));
}

/** Signed with the device key: this is what I commit to for that attempt of mine. */
export function commitmentStatement({ jobId, attempt, commitment }: Attempt & { readonly commitment: string }): string {
  return canonicalJson({ statement: 'oort/committed/1', jobId, attempt, commitment });
}

/** Signed with the device key: this is what that attempt of mine returned. */
export function resultStatement({ jobId, attempt, resultHash, salt }: Answer): string {
  return canonicalJson({ statement: 'oort/result/2', jobId, attempt, resultHash, salt });
}

/** The hash before a job's first checkpoint. */
export const firstCheckpointHash = '0'.repeat(64);

/** A link of a job's checkpoint chain. */
export function checkpointHash(link: { readonly jobId: string; readonly step: number; readonly contentId: string; readonly previousHash: string }): string {
  const { jobId, step, contentId, previousHash } = link;
  return sha256Hex(canonicalJson({ jobId, step, contentId, previousHash }));
}

/** An enrolment token names whom its node will work for, so that nobody has to type that; the platform knows the token's hash only, so
 *  a token whose operator was changed is none. */
export function tokenFor(secret: string, operator: string): string {
  return `oort_${secret}.${operator}`;
}

/** 0x address; null for what is no token. */
export function operatorOfToken(token: string): string | null {
  return /^oort_[\w-]+\.(0x[0-9a-fA-F]{40})$/.exec(token)?.[1] ?? null;
}

export interface WorkPacket {
  readonly jobId: string; readonly attempt: number; readonly fencingToken: number; readonly nodeId: string;
  /** SHA-256 of the spec's RFC 8785 form, hex. */ readonly specHash: string;
  /** Until then the work has to end; it may be told later. */ readonly deadline: string;
}

/** Signed with the platform's key: that node may do that work without a network. */
export function packetStatement({ jobId, attempt, fencingToken, nodeId, specHash, deadline }: WorkPacket): string {
  return canonicalJson({ statement: 'oort/work-packet/1', jobId, attempt, fencingToken, nodeId, specHash, deadline });
}
