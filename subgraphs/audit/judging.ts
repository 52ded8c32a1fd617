// A verdict of an audit that the officer does not make itself: once for each task, however often it is asked.
import { command } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { canonicalJson, deriveId, sha256Hex } from '@oort/kernel-wire';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { RecordHandler } from './records';

type Verdict = Extract<AuditEvent, { readonly type: 'VerdictReached' }>['data'];

export type Found = Pick<Verdict, 'nodeId' | 'taskId' | 'work' | 'evidence' | 'outcome' | 'distance'> & { readonly operator: string };
export type Judge = (found: Found, cause?: RecordedEvent) => Promise<void>;

export interface JudgePorts {
  readonly records: RecordHandler;
  now(): Date;
  readonly appealMs: number;
}

export function createJudge({ records, now, appealMs }: JudgePorts): Judge {
  return async (found, cause) => {
    const { taskId, nodeId, outcome, distance } = found;
    const data = {
      ...found, caseId: deriveId('case', taskId), evidenceHash: sha256Hex(canonicalJson([taskId, nodeId, outcome, distance])),
      appealUntil: new Date(now().getTime() + appealMs).toISOString(),
    };
    const options = { actor: 'platform', now: now(), id: deriveId('command', `judge/${taskId}`), ...(cause === undefined ? {} : { cause }) };
    await records(nodeId, command('JudgeTask', data, options));
  };
}
