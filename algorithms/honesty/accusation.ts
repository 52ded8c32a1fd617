// What a juror checks of an accusation, by public things alone: two signed statements, or the verdicts that the public feed shows.
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import { provesFraud, type FraudProof } from './fraud';
import type { Opening, PublicEvent } from './promise';
import type { Outcome } from './record';
import { deservesSlashFor, newRecords, observeWork, spent, type Work } from './works';

export interface Accusation {
  readonly caseId: string;
  readonly nodeId: string;
  /** Of the evidence, as the chain has it: hex, with or without 0x. */
  readonly evidenceHash: string;
  /** A `FraudProved` event's data; null where the accusation is of statistics. */
  readonly evidence: Json | null;
  /** Ed25519, hex: with which the accused enrolled. */
  readonly nodeKey: string;
}

export interface Opinion { readonly toSlash: boolean; /** Hex: of what was looked at and what came of it. */ readonly evidenceRoot: string; readonly because: string; /** Failures that the officer has not opened yet: what it says may change. */ readonly unopened: number }

/** In doubt it dismisses: of evidence that is not what the chain has the hash of, or that another key signed. `anchored` are the batches
 *  whose openings have the root that the chain holds: nothing else of the officer's counts. */
export function judgeAccusation(
  accusation: Accusation, feed: readonly PublicEvent[], verify: (key: string, text: string, signature: string) => boolean,
  anchored: ReadonlySet<string>,
): Opinion {
  const { evidence, evidenceHash, caseId } = accusation;
  const { because, unopened } = evidence === null ? ofRecord(accusation, feed, openedTasks(feed, anchored)) : { because: ofFraud(accusation, verify), unopened: 0 };
  const toSlash = because === null;
  return { toSlash, evidenceRoot: sha256Hex(canonicalJson([caseId, evidenceHash, toSlash])), because: because ?? 'it holds', unopened };
}

/** Null where it holds, else why it does not. */
function ofFraud({ evidence, evidenceHash, nodeKey }: Accusation, verify: (key: string, text: string, signature: string) => boolean): string | null {
  if (sha256Hex(canonicalJson(evidence)) !== evidenceHash.replace(/^0x/, '')) return 'the evidence is not what the chain has the hash of';
  const { fraud, first, second, nodeKey: key } = evidence as unknown as Omit<FraudProof, 'kind'> & { readonly fraud: FraudProof['kind'] };
  if (key !== nodeKey) return 'it was signed by another key than that of the accused';
  return provesFraud({ kind: fraud, nodeKey, first, second }, verify) ? null : 'the statements do not contradict each other, or are not signed';
}

/** Whether each task that the officer opened was a phantom. */
function openedTasks(feed: readonly PublicEvent[], anchored: ReadonlySet<string>): ReadonlyMap<string, boolean> {
  const openings = feed.flatMap(({ type, data }) =>
    (type === 'BatchOpened' && anchored.has(String(data['batchId'])) ? data['openings'] as readonly Opening[] : []));
  return new Map(openings.map(({ taskId, isPhantom }) => [taskId, isPhantom]));
}

/** A failure at an inference counts only where the officer had committed to the task before, and as what the verdict calls it. */
function counts({ work, evidence, outcome, taskId }: Readonly<Record<string, unknown>>, opened: ReadonlyMap<string, boolean>): boolean {
  if (work !== 'inference' || outcome !== 'fail' || evidence === 'proof') return true;
  return opened.get(String(taskId)) === (evidence === 'phantom');
}

/** The rules of the audits, run again over every verdict about the node until it was accused. */
function ofRecord({ caseId, nodeId }: Accusation, feed: readonly PublicEvent[], opened: ReadonlyMap<string, boolean>): { readonly because: string | null; readonly unopened: number } {
  let records = newRecords;
  let work: Work | null = null;
  let unopened = 0;
  for (const { type, data } of feed) {
    if (data['nodeId'] !== nodeId) continue;
    if (type === 'VerdictReached' && counts(data, opened)) {
      work = data['work'] as Work;
      records = observeWork(records, work, data['outcome'] as Outcome);
    } else if (type === 'VerdictReached' && !opened.has(String(data['taskId']))) unopened += 1;
    if (type !== 'SlashProposed') continue;
    if (data['caseId'] === caseId) return { because: work !== null && deservesSlashFor(records, work) ? null : 'the verdicts that the openings bear out deserve no slash', unopened };
    records = spent(records);
    unopened = 0;
  }
  return { because: 'the feed does not show the accusation', unopened };
}
