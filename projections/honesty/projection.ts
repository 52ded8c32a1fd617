import { noAudits, tally } from '@oort/algorithms-honesty';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { deriveId } from '@oort/kernel-wire';
import { AnswerEntity, CaseEntity, FraudEntity, NodeHonestyEntity, type CaseRow, type NodeHonestyRow, type WorkRow } from './entities';

const subscribes = [
  'VerdictReached', 'SlashProposed', 'SlashConfirmed', 'SlashSettled', 'ResultsRefuted', 'JobSubmitted', 'ResultRecorded',
  'FraudProved', 'CaseAppealed', 'JuryDrawn', 'JurorVoted', 'JuryDecided',
] as const satisfies readonly (AuditEvent | ComputeEvent)['type'][];

type Read = Extract<AuditEvent | ComputeEvent, { readonly type: (typeof subscribes)[number] }>;

export const honestyProjection: Projection = {
  name: 'honesty',
  version: 5,
  subscribes,
  entities: [NodeHonestyEntity, CaseEntity, FraudEntity, AnswerEntity],
  apply: (event, rows) => apply(event, { type: event.type, data: event.data } as unknown as Read, rows),
};

async function apply(recorded: RecordedEvent, event: Read, rows: Rows): Promise<void> {
  switch (event.type) {
    case 'VerdictReached': return verdict(event.data, rows);
    case 'SlashProposed': {
      const { caseId, nodeId, operator, basisPoints, appealUntil, evidenceHash, finder = null } = event.data;
      const fraud = await rows.findOne(FraudEntity, { caseId });
      await rows.insert(CaseEntity, {
        caseId, nodeId, operator, basisPoints, appealUntil, status: 'proposed', amountWei: null, txHash: null, refutedJobs: 0,
        evidenceHash, evidence: fraud?.evidence ?? null, finder, appeals: [], juries: [], verdict: null,
      });
      await rows.increment(NodeHonestyEntity, { nodeId }, 'slashes', 1);
      return;
    }
    case 'FraudProved':
      await rows.put(FraudEntity, { caseId: deriveId('case', recorded.id), evidence: event.data });
      return;
    case 'CaseAppealed':
    case 'JuryDrawn':
    case 'JurorVoted':
    case 'JuryDecided': return court(event, rows);
    case 'SlashConfirmed':
      await rows.update(CaseEntity, { caseId: event.data.caseId }, { status: 'confirmed' });
      return;
    case 'SlashSettled':
      await rows.update(CaseEntity, { caseId: event.data.caseId }, { status: 'settled', amountWei: event.data.amountWei, txHash: event.data.txHash });
      return;
    case 'ResultsRefuted':
      await rows.update(CaseEntity, { caseId: event.data.caseId }, { refutedJobs: event.data.jobIds.length });
      return;
    case 'JobSubmitted':
      if (event.data.kind !== 'inference') return;
      await rows.insert(AnswerEntity, { jobId: event.data.jobId, spec: event.data.spec as object, submitter: event.data.submitter, nodeId: null, output: null, position: null });
      return;
    case 'ResultRecorded':
      if (event.data.kind !== 'inference') return;
      await rows.update(AnswerEntity, { jobId: event.data.jobId }, { nodeId: event.data.nodeId, output: event.data.output as object, position: recorded.position.toString() });
      return;
  }
}

async function court(event: Extract<Read, { readonly type: 'CaseAppealed' | 'JuryDrawn' | 'JurorVoted' | 'JuryDecided' }>, rows: Rows): Promise<void> {
  const { caseId } = event.data;
  const found = await rows.findOne(CaseEntity, { caseId });
  if (found !== null) await rows.put(CaseEntity, { ...found, ...changed(event, found) });
}

function changed(event: Parameters<typeof court>[0], { appeals, juries }: CaseRow): Partial<CaseRow> {
  switch (event.type) {
    case 'CaseAppealed': {
      const { round, by, bondWei } = event.data;
      return { status: 'with-jury', appeals: [...appeals, { round, by, bondWei }] };
    }
    case 'JuryDrawn': {
      const { round, seed, jurors, commitUntil, revealUntil } = event.data;
      return { status: 'with-jury', juries: [...juries, { round, seed, jurors, commitUntil, revealUntil, votes: [] }] };
    }
    case 'JurorVoted': {
      const { round, juror, toSlash, evidenceRoot } = event.data;
      return { juries: juries.map((jury) => (jury.round === round ? { ...jury, votes: [...jury.votes, { juror, toSlash, evidenceRoot }] } : jury)) };
    }
    case 'JuryDecided': {
      const { toSlash, toDismiss, upheld, basisPoints } = event.data;
      return { verdict: { toSlash, toDismiss, upheld }, ...(upheld ? { basisPoints } : { status: 'dismissed' }) };
    }
  }
}

async function verdict(data: Extract<Read, { readonly type: 'VerdictReached' }>['data'], rows: Rows): Promise<void> {
  const before = await rows.findOne(NodeHonestyEntity, { nodeId: data.nodeId });
  const row: NodeHonestyRow = before ?? { nodeId: data.nodeId, trust: 0, cusum: 0, auditRate: 1, passes: 0, failures: 0, inconclusive: 0, slashes: 0, ...noAudits, works: [] };
  const counted = data.work === 'inference' && data.evidence !== 'proof' ? tally(row, data.evidence, data.outcome) : {};
  await rows.put(NodeHonestyEntity, {
    ...row, ...counted, works: withVerdict(row.works, data), trust: data.trust, auditRate: data.auditRate,
    cusum: data.work === 'inference' || data.work === 'training' ? data.cusum : row.cusum,
    passes: row.passes + (data.outcome === 'pass' ? 1 : 0),
    failures: row.failures + (data.outcome === 'fail' ? 1 : 0),
    inconclusive: row.inconclusive + (data.outcome === 'inconclusive' ? 1 : 0),
  });
}

function withVerdict(works: readonly WorkRow[], { work, outcome, trust, workTrust = trust }: Extract<Read, { readonly type: 'VerdictReached' }>['data']): readonly WorkRow[] {
  const { passes, failures, inconclusive } = works.find((row) => row.work === work) ?? { passes: 0, failures: 0, inconclusive: 0 };
  const next: WorkRow = {
    work, trust: workTrust, passes: passes + (outcome === 'pass' ? 1 : 0), failures: failures + (outcome === 'fail' ? 1 : 0),
    inconclusive: inconclusive + (outcome === 'inconclusive' ? 1 : 0),
  };
  return [...works.filter((row) => row.work !== work), next].sort((one, other) => one.work.localeCompare(other.work));
}
