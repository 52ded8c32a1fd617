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

/** Signed with the device key: this is what that attempt of mine returned. `resultHash` is of the output's RFC 8785 form. */
export function resultStatement(jobId: string, attempt: number, resultHash: string): string {
  return canonicalJson({ statement: 'oort/result/1', jobId, attempt, resultHash });
}

/** The hash before a job's first checkpoint. */
export const firstCheckpointHash = '0'.repeat(64);

/** A link of a job's checkpoint chain. */
export function checkpointHash(link: { readonly jobId: string; readonly step: number; readonly contentId: string; readonly previousHash: string }): string {
  const { jobId, step, contentId, previousHash } = link;
  return sha256Hex(canonicalJson({ jobId, step, contentId, previousHash }));
}
