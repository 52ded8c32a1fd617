// What a juror checks of an accusation, by public things alone: two signed statements, or the verdicts that the public feed shows.
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import { provesFraud, type FraudProof } from './fraud';
import type { PublicEvent } from './promise';
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

export interface Opinion { readonly toSlash: boolean; /** Hex: of what was looked at and what came of it. */ readonly evidenceRoot: string; readonly because: string }

/** In doubt it dismisses: of evidence that is not what the chain has the hash of, or that another key signed. */
export function judgeAccusation(
  accusation: Accusation, feed: readonly PublicEvent[], verify: (key: string, text: string, signature: string) => boolean,
): Opinion {
  const { evidence, evidenceHash, caseId } = accusation;
  const because = evidence === null ? ofRecord(accusation, feed) : ofFraud(accusation, verify);
  const toSlash = because === null;
  return { toSlash, evidenceRoot: sha256Hex(canonicalJson([caseId, evidenceHash, toSlash])), because: because ?? 'it holds' };
}

/** Null where it holds, else why it does not. */
function ofFraud({ evidence, evidenceHash, nodeKey }: Accusation, verify: (key: string, text: string, signature: string) => boolean): string | null {
  if (sha256Hex(canonicalJson(evidence)) !== evidenceHash.replace(/^0x/, '')) return 'the evidence is not what the chain has the hash of';
  const { fraud, first, second, nodeKey: key } = evidence as unknown as Omit<FraudProof, 'kind'> & { readonly fraud: FraudProof['kind'] };
  if (key !== nodeKey) return 'it was signed by another key than that of the accused';
  return provesFraud({ kind: fraud, nodeKey, first, second }, verify) ? null : 'the statements do not contradict each other, or are not signed';
}

/** The rules of the audits, run again over every verdict about the node until it was accused. */
function ofRecord({ caseId, nodeId }: Accusation, feed: readonly PublicEvent[]): string | null {
  let records = newRecords;
  let work: Work | null = null;
  for (const { type, data } of feed) {
    if (data['nodeId'] !== nodeId) continue;
    if (type === 'VerdictReached') {
      work = data['work'] as Work;
      records = observeWork(records, work, data['outcome'] as Outcome);
    }
    if (type !== 'SlashProposed') continue;
    if (data['caseId'] === caseId) return work !== null && deservesSlashFor(records, work) ? null : 'the verdicts about the node deserve no slash';
    records = spent(records);
  }
  return 'the feed does not show the accusation';
}
