import type { Json } from '@oort/kernel-wire';
import type { Visibilities } from './visibility';

export type JobKind = 'inference' | 'training' | 'evaluation' | 'preprocess' | 'container';
/** What a job is for, in another domain: `{kind: 'contribution', id}`, `{kind: 'training-run', id}`, `{kind: 'inference', id}`. */
export type Subject = { readonly kind: string; readonly id: string };

/** `statement` as it was signed, `signature` in hex. */
export type SignedStatement = { readonly statement: string; readonly signature: string };

export type ComputeEvent =
  | { readonly type: 'JobSubmitted'; readonly data: {
      readonly jobId: string; readonly kind: JobKind; readonly submitter: string; readonly subject: Subject | null;
      /** SHA-256 of the spec's RFC 8785 form, hex. */ readonly specHash: string; readonly spec: Json; readonly reservedMicroUsd: string;
      /** Nodes that get it only when nobody else comes for long. */ readonly avoid?: readonly string[];
      /** Of another job with the same spec: from there it goes on. */ readonly checkpoint?: { readonly step: number; readonly contentId: string; readonly hash: string };
    } }
  | { readonly type: 'AttemptLeased'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly fencingToken: number; readonly expiresAt: string } }
  | { readonly type: 'AttemptCheckpointed'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly step: number; readonly contentId: string; readonly previousHash: string; readonly hash: string } }
  /** Before the answer is shown: SHA-256 over it, the node's key and a salt (`commitmentHash`), and the node's signature over `commitmentStatement`. */
  | { readonly type: 'ResultCommitted'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly commitment: string; readonly signature: string } }
  /** The lease of an attempt that had committed ran out without the answer. */
  | { readonly type: 'RevealMissed'; readonly data: { readonly jobId: string; readonly kind: JobKind; readonly attempt: number; readonly nodeId: string } }
  /** A commitment or an answer came under a signature that is not the node's for it: forged, or of an earlier one. */
  | { readonly type: 'SignatureRefused'; readonly data: { readonly jobId: string; readonly kind: JobKind; readonly attempt: number; readonly nodeId: string; readonly of: 'commitment' | 'result' } }
  /** Two statements signed by the node that cannot both be honest; whoever reads this can check it. */
  | { readonly type: 'FraudProved'; readonly data: {
      readonly jobId: string; readonly kind: JobKind; readonly attempt: number; readonly nodeId: string; readonly fraud: 'two-commitments' | 'reveal-differs' | 'two-answers';
      /** Ed25519, hex. */ readonly nodeKey: string; readonly first: SignedStatement; readonly second: SignedStatement;
    } }
  /** Beside AttemptLeased in the same append, where the node asks something else than the list price; in basis points of it. */
  | { readonly type: 'PriceAgreed'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly askBasisPoints: number } }
  /** The attempt had to make room for a job that was reserved: nobody's failure, and the job waits again. */
  | { readonly type: 'AttemptPreempted'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string } }
  | { readonly type: 'AttemptFailed'; readonly data: { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly budget: 'infrastructure' | 'application' | 'validation'; readonly reason: string } }
  | { readonly type: 'JobCompleted'; readonly data: {
      readonly jobId: string; readonly kind: JobKind; readonly submitter: string; readonly attempt: number; readonly nodeId: string; readonly specHash: string;
      /** SHA-256 of the output's RFC 8785 form, hex. */ readonly resultHash: string;
      /** The node's Ed25519 signature over `resultStatement`, hex; before there were commitments, without a salt. */ readonly resultSignature: string; readonly salt?: string;
      /** Work units that earn rewards. */ readonly units: number; readonly costMicroUsd: string; readonly startedAt: string; readonly endedAt: string;
    } }
  /** Beside JobCompleted in the same append: what the job returned, small, or content ids of it. */
  | { readonly type: 'ResultRecorded'; readonly data: { readonly jobId: string; readonly kind: JobKind; readonly nodeId: string; readonly subject: Subject | null; readonly output: Json } }
  | { readonly type: 'JobFailed'; readonly data: { readonly jobId: string; readonly kind: JobKind; readonly submitter: string; readonly reason: string } }
  | { readonly type: 'JobCancelled'; readonly data: { readonly jobId: string } }
  | { readonly type: 'JobRefunded'; readonly data: { readonly jobId: string; readonly submitter: string; readonly nodeId: string; readonly amountMicroUsd: string; readonly caseId: string } };

export const computeVisibility = {
  JobSubmitted: 'tenant', AttemptLeased: 'public', AttemptCheckpointed: 'public', ResultCommitted: 'public', RevealMissed: 'public', SignatureRefused: 'public', FraudProved: 'public', PriceAgreed: 'public', AttemptPreempted: 'public', AttemptFailed: 'public', JobCompleted: 'public', ResultRecorded: 'tenant',
  JobFailed: 'public', JobCancelled: 'public', JobRefunded: 'public',
} as const satisfies Visibilities<ComputeEvent>;
