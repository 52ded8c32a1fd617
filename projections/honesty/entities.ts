import { EntitySchema } from 'typeorm';

export const honestySchema = 'honesty';

/** What audits say of a node, after the last of them. */
export interface NodeHonestyRow {
  nodeId: string;
  trust: number;
  cusum: number;
  auditRate: number;
  passes: number;
  failures: number;
  inconclusive: number;
  slashes: number;
  /** The same verdicts by what they rest on; what was inconclusive does not count. */
  phantomPasses: number;
  phantomFailures: number;
  replicaPasses: number;
  replicaFailures: number;
  /** The same verdicts by the work that they are about. */
  works: readonly WorkRow[];
}

export interface WorkRow {
  work: string;
  trust: number;
  passes: number;
  failures: number;
  inconclusive: number;
}

export interface JuryRow {
  round: number;
  seed: string;
  jurors: readonly string[];
  commitUntil: string;
  revealUntil: string;
  votes: readonly { readonly juror: string; readonly toSlash: boolean; readonly evidenceRoot: string }[];
}

export interface AppealRow { round: number; by: string; bondWei: string }

export interface CaseRow {
  caseId: string;
  nodeId: string;
  operator: string;
  basisPoints: number;
  status: string;
  appealUntil: string;
  amountWei: string | null;
  txHash: string | null;
  refutedJobs: number;
  evidenceHash: string;
  /** What was signed twice, where that is the accusation: whoever reads it can check it. */
  evidence: object | null;
  /** Hex address of the officer whose phantom brought it; null where no officer's did. */
  finder: string | null;
  appeals: readonly AppealRow[];
  juries: readonly JuryRow[];
  verdict: { readonly toSlash: number; readonly toDismiss: number; readonly upheld: boolean } | null;
}

/** Fraud as it was proved, until a case comes of it. */
export interface FraudRow { caseId: string; evidence: object }

/** An inference as it was asked and answered, kept so that a caught node's last results can be audited again. */
export interface AnswerRow {
  jobId: string;
  spec: object;
  submitter: string;
  nodeId: string | null;
  output: object | null;
  position: string | null;
}

export const NodeHonestyEntity = new EntitySchema<NodeHonestyRow>({
  name: 'NodeHonesty', tableName: 'node', schema: honestySchema,
  columns: {
    nodeId: { type: 'text', primary: true },
    trust: { type: 'double precision' },
    cusum: { type: 'double precision' },
    auditRate: { type: 'double precision' },
    passes: { type: 'int' },
    failures: { type: 'int' },
    inconclusive: { type: 'int' },
    slashes: { type: 'int' },
    phantomPasses: { type: 'int' },
    phantomFailures: { type: 'int' },
    replicaPasses: { type: 'int' },
    replicaFailures: { type: 'int' },
    works: { type: 'jsonb' },
  },
});

export const CaseEntity = new EntitySchema<CaseRow>({
  name: 'HonestyCase', tableName: 'case', schema: honestySchema,
  columns: {
    caseId: { type: 'text', primary: true },
    nodeId: { type: 'text' },
    operator: { type: 'text' },
    basisPoints: { type: 'int' },
    status: { type: 'text' },
    appealUntil: { type: 'text' },
    amountWei: { type: 'text', nullable: true },
    txHash: { type: 'text', nullable: true },
    refutedJobs: { type: 'int' },
    evidenceHash: { type: 'text' },
    evidence: { type: 'jsonb', nullable: true },
    finder: { type: 'text', nullable: true },
    appeals: { type: 'jsonb' },
    juries: { type: 'jsonb' },
    verdict: { type: 'jsonb', nullable: true },
  },
  indices: [{ name: 'case_node', columns: ['nodeId'] }],
});

export const FraudEntity = new EntitySchema<FraudRow>({
  name: 'HonestyFraud', tableName: 'fraud', schema: honestySchema,
  columns: { caseId: { type: 'text', primary: true }, evidence: { type: 'jsonb' } },
});

export const AnswerEntity = new EntitySchema<AnswerRow>({
  name: 'HonestyAnswer', tableName: 'answer', schema: honestySchema,
  columns: {
    jobId: { type: 'text', primary: true },
    spec: { type: 'jsonb' },
    submitter: { type: 'text' },
    nodeId: { type: 'text', nullable: true },
    output: { type: 'jsonb', nullable: true },
    position: { type: 'bigint', nullable: true },
  },
  indices: [{ name: 'answer_node', columns: ['nodeId', 'position'] }],
});
