import { newRecords, type Leak, type Records } from '@oort/algorithms-honesty';

export interface Commitment { readonly taskId: string; readonly salt: string; readonly expectedHash: string | null; readonly isPhantom: boolean }

export type BatchState =
  | { readonly status: 'gathering'; readonly commitments: readonly Commitment[] }
  | { readonly status: 'committed'; readonly commitments: readonly Commitment[]; readonly root: string }
  | { readonly status: 'opened'; readonly commitments: readonly Commitment[]; readonly root: string };

/** Of the stake, of 10,000: what proved fraud costs where a jury agrees. */
export const wholeBasisPoints = 10_000;

export interface CaseState {
  readonly caseId: string;
  readonly operator: string;
  readonly basisPoints: number;
  readonly evidenceHash: string;
  readonly appealUntil: string;
  /** With a jury from its draw or an appeal on until its last word. */
  readonly status: 'proposed' | 'with-jury' | 'confirmed' | 'dismissed' | 'settled';
  readonly refuted: boolean;
}

export interface HeldDeed { readonly caseId: string; readonly operator: string; readonly evidenceHash: string }

/** A node's record: what audits say of it, and the cases that came of them. */
export interface RecordState {
  readonly records: Records;
  readonly judged: ReadonlySet<string>;
  readonly cases: ReadonlyMap<string, CaseState>;
  /** Proved deeds that wait behind a case over the whole stake. */
  readonly held: readonly HeldDeed[];
}

/** What is suspected of the audits themselves. */
export interface MonitorState { readonly suspected: Leak | null }

export const quietMonitor: MonitorState = { suspected: null };
export const emptyBatch: BatchState = { status: 'gathering', commitments: [] };
export const emptyRecord: RecordState = { records: newRecords, judged: new Set(), cases: new Map(), held: [] };
