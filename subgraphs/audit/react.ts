// What other domains' events, and this one's own, make the audit domain do.
import { setInterval } from 'node:timers/promises';
import { compare, provesFraud, tolerance } from '@oort/algorithms-honesty';
import { command, runReaction } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { verifySignature } from '@oort/kernel-identity';
import { canonicalJson, deriveId, sha256Hex } from '@oort/kernel-wire';
import { honestyCases, lastAnswers, type AnswerRow } from '@oort/projections-honesty';
import type { SubgraphPorts } from '@oort/schema';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { ComputeEvent } from '@oort/schema/events/compute';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import { readAnswer, readTask, workOf } from './inference';
import type { Officer } from './officer';
import { createJudge } from './judging';
import { mirrorCourt } from './mirror';
import { auditOtherWork, probeEveryMs } from './other-work';
import type { RecordHandler } from './records';
import type { Referee } from './referee';
import type { AuditPorts } from './subgraph';
import { auditTraining } from './training';

type Confirmed = Extract<AuditEvent, { readonly type: 'SlashConfirmed' }>['data'];
type Proposed = Extract<AuditEvent, { readonly type: 'SlashProposed' }>['data'];
type Fraud = Extract<ComputeEvent, { readonly type: 'FraudProved' }>['data'];

/** A caught node's last results are audited again (HONESTY: Protocol, 6). */
const reauditedResults = 200;
const reauditTolerance = tolerance(4e-7);
type ChainLog = Extract<LedgerEvent, { readonly type: 'ChainLogObserved' }>['data'];

const aboutCases: readonly string[] = ['HonestyCourt', 'JuryCourt', 'StakingPools'];
const confirmTimer = 'audit.confirm-slash';

export interface ReactionPorts {
  readonly ports: SubgraphPorts & Pick<AuditPorts, 'nodeOf' | 'nodes' | 'dispatchTraining' | 'appealMs'>;
  readonly records: RecordHandler;
  readonly officer: Officer;
  readonly referee: Referee;
}

export async function startReactions({ ports, records, officer, referee }: ReactionPorts, signal: AbortSignal): Promise<void> {
  const { store, readModels, timers, now, nodeOf, appealMs } = ports;
  const { database } = readModels;
  const other = auditOtherWork({ store, records, now: () => now(), nodeOf, nodes: () => ports.nodes(), appealMs, random: Math.random });
  const training = auditTraining({
    store, content: ports.content, judge: createJudge({ records, now: () => now(), appealMs }), now: () => now(), nodeOf, random: Math.random, dispatchTraining: (job) => ports.dispatchTraining(job),
  });
  probeOften(other.probe, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });

  timers.onFire(confirmTimer, async ({ payload }) => {
    const { caseId, nodeId } = payload as unknown as Proposed;
    await records(nodeId, command('ConfirmSlash', { caseId, nodeId }, { actor: 'platform', now: now(), id: deriveId('command', `confirm/${caseId}`) }));
  });

  async function proposed(event: RecordedEvent): Promise<void> {
    const { caseId, nodeId, appealUntil } = event.data as unknown as Proposed;
    await timers.schedule({ id: `confirm/${caseId}`, kind: confirmTimer, at: new Date(appealUntil), payload: { caseId, nodeId } });
  }

  async function confirmed(event: RecordedEvent): Promise<void> {
    const { caseId, nodeId } = event.data as unknown as Confirmed;
    await readModels.waitFor('honesty', event.position);
    const wrong: string[] = [];
    for (const answer of await lastAnswers(database, nodeId, reauditedResults)) {
      if (await isWrong(referee, answer)) wrong.push(answer.jobId);
    }
    const refute = command('RefuteResults', { caseId, nodeId, jobIds: wrong }, { actor: 'platform', now: now(), id: deriveId('command', `refute/${caseId}`), cause: event });
    await records(nodeId, refute);
  }

  async function fraudProved(event: RecordedEvent): Promise<void> {
    const { nodeId, kind, fraud, nodeKey, first, second } = event.data as unknown as Fraud;
    const node = await nodeOf(nodeId);
    // Whoever recorded it, it is checked here again, and by anybody who reads it.
    if (node === null || !provesFraud({ kind: fraud, nodeKey, first, second }, verifySignature)) return;
    const data = {
      nodeId, work: workOf(kind), caseId: deriveId('case', event.id), operator: node.operator, evidenceHash: sha256Hex(canonicalJson(event.data)),
      appealUntil: new Date(now().getTime() + appealMs).toISOString(),
    };
    await records(nodeId, command('ConvictNode', data, { actor: 'platform', now: now(), id: deriveId('command', `convict/${event.id}`), cause: event }));
  }

  const mirrored = mirrorCourt({ records, now: () => now(), appealMs, cases: () => honestyCases(database, null) });
  /** A read model that is behind does not know the case yet, and nobody would ask again. */
  async function onceKnown(event: RecordedEvent): Promise<void> {
    const { contract } = event.data as unknown as ChainLog;
    if (aboutCases.includes(contract)) await readModels.waitFor('honesty', event.position);
    await mirrored(event);
  }

  const reactions: readonly (readonly [string, readonly string[], (event: RecordedEvent) => Promise<void>])[] = [
    ['audit.submitted', ['JobSubmitted'], (event) => officer.submitted(event)],
    ['audit.answered', ['ResultRecorded'], (event) => officer.answered(event)],
    ['audit.ended', ['JobFailed', 'JobCancelled'], (event) => officer.ended(event)],
    ['audit.fraud', ['FraudProved'], fraudProved],
    ['audit.missed', ['RevealMissed', 'SignatureRefused'], (event) => officer.missed(event)],
    ['audit.trained', ['ResultRecorded'], training.answered],
    ['audit.untrained', ['JobFailed'], (event) => Promise.resolve(training.failed(event))],
    ['audit.possession', ['PossessionAudited'], other.possessionAudited],
    ['audit.edge', ['EdgeAnswerRefuted'], other.edgeRefuted],
    ['audit.silence', ['NodeWentOffline'], other.wentOffline],
    ['audit.gold', ['MissionClosed'], other.missionClosed],
    ['audit.proposed', ['SlashProposed'], proposed],
    ['audit.confirmed', ['SlashConfirmed'], confirmed],
    ['audit.observed', ['ChainLogObserved'], onceKnown],
  ];
  await Promise.all(reactions.map(([name, subscribes, react]) => runReaction({ name, store, database, subscribes, react, signal })));
}

async function probeOften(probe: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for await (const _ of setInterval(probeEveryMs, null, { signal, ref: false })) await probe();
}

async function isWrong(referee: Referee, { spec, output }: AnswerRow): Promise<boolean> {
  const task = readTask(spec);
  const answer = readAnswer(output);
  if (task === null || answer === null) return false;
  const truth = await referee.answer(task.modelContentId, task.inputs);
  return compare(answer, truth, reauditTolerance, true).outcome === 'fail';
}
