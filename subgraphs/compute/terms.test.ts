import { command, scenario } from '@oort/kernel-decider';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { commitmentHash } from '@oort/schema/statements';
import type { ComputeCommand } from './commands';
import { jobDecider } from './decide';
import type { ComputeRefusal } from './refusals';

const jobId = 'job_1';
const plain: Json = { modelContentId: `b${'a'.repeat(58)}`, input: [[1], [2]], constraints: { bidBasisPoints: 12_000 } };
const dated: Json = { modelContentId: `b${'a'.repeat(58)}`, input: [[1]], class: 'interruptible', deadline: '2026-01-02T00:00:00Z' };
const start = '2026-01-01T00:00:00.000Z';
const inTime = '2026-01-01T23:59:59.000Z';
const afterwards = '2026-01-02T00:00:01.000Z';
const reportable = '2026-01-05T00:00:00.000Z';

type Of<Type extends ComputeCommand['type']> = Extract<ComputeCommand, { readonly type: Type }>;
const ask = <Type extends ComputeCommand['type']>(type: Type, data: Of<Type>['data'], at = start): ComputeCommand =>
  command(type, data, { actor: 'platform', now: new Date(at) }) as unknown as ComputeCommand;
const submitted = (spec: Json, reservedMicroUsd: string): ComputeEvent => ({ type: 'JobSubmitted', data: {
  jobId, kind: 'inference', submitter: 'account_1', subject: null, specHash: sha256Hex(canonicalJson(spec)), spec, reservedMicroUsd } });
const leased = (expiresAt: string): ComputeEvent => ({ type: 'AttemptLeased', data: { jobId, attempt: 1, nodeId: 'node_1', fencingToken: 1, expiresAt } });
const agreed = (askBasisPoints: number): ComputeEvent => ({ type: 'PriceAgreed', data: { jobId, attempt: 1, nodeId: 'node_1', askBasisPoints } });
const preempted: ComputeEvent = { type: 'AttemptPreempted', data: { jobId, attempt: 1, nodeId: 'node_1' } };
const lease = (change: object = {}): ComputeCommand => ask('LeaseJob', { jobId, nodeId: 'node_1', ttlMs: 5000, ...change });
const soon = '2026-01-01T00:00:05.000Z';
const output: Json = { outputs: [[1]] };
const commitment = commitmentHash('key', { jobId, attempt: 1, resultHash: sha256Hex(canonicalJson(output)), salt: 's' });
const committed: ComputeEvent = { type: 'ResultCommitted', data: { jobId, attempt: 1, nodeId: 'node_1', commitment, signature: 'x' } };
const complete = (endedAt: string, at: string): ComputeCommand => ask('CompleteAttempt', {
  jobId, nodeId: 'node_1', attempt: 1, fencingToken: 1, output, salt: 's', nodeKey: 'key', resultSignature: 'cc', signatureValid: true, units: 1, startedAt: start, endedAt }, at);
const offlineLease = [submitted(dated, '20'), leased(reportable), committed];

const accepted: readonly (readonly [string, readonly ComputeEvent[], ComputeCommand, readonly ComputeEvent['type'][] | readonly ComputeEvent[]])[] = [
  ['a job is quoted at the dearest node that it bids for', [], ask('SubmitJob', { jobId, kind: 'inference', submitter: 'account_1', subject: null, spec: plain, priceCapMicroUsd: null }), [submitted(plain, '48')]],
  ['a lease at the list price needs no word', [submitted(plain, '48')], lease({ askBasisPoints: 10_000 }), [leased(soon)]],
  ['another price is agreed with the lease', [submitted(plain, '48')], lease({ askBasisPoints: 11_000 }), [leased(soon), agreed(11_000)]],
  ['an offline lease outlives the deadline', [submitted(dated, '20')], lease({ offline: true }), [leased(reportable)]],
  ['an interruptible job gives way', [submitted(dated, '20'), leased(soon)], ask('PreemptAttempt', { jobId, attempt: 1 }), [preempted]],
  ['and waits again, no budget spent', [submitted(dated, '20'), leased(soon), preempted], lease(), [{ type: 'AttemptLeased', data: { jobId, attempt: 2, nodeId: 'node_1', fencingToken: 2, expiresAt: soon } }]],
  ['a job that waits beyond its deadline fails', [submitted(dated, '20')], ask('MissDeadline', { jobId }, afterwards), [
    { type: 'JobFailed', data: { jobId, kind: 'inference', submitter: 'account_1', reason: 'deadline: not done by 2026-01-02T00:00:00Z' } }]],
];

const refused: readonly (readonly [string, readonly ComputeEvent[], ComputeCommand, ComputeRefusal['code']])[] = [
  ['a node that asks more than is bid', [submitted(plain, '48')], lease({ askBasisPoints: 12_001 }), 'ASK_ABOVE_BID'],
  ['an offline lease without a deadline', [submitted(plain, '48')], lease({ offline: true }), 'NO_DEADLINE'],
  ['to interrupt what is not interruptible', [submitted(plain, '48'), leased(soon)], ask('PreemptAttempt', { jobId, attempt: 1 }), 'NOT_INTERRUPTIBLE'],
  ['to interrupt what does not run', [submitted(dated, '20')], ask('PreemptAttempt', { jobId, attempt: 1 }), 'JOB_ENDED'],
  ['to interrupt an attempt that is over', [submitted(dated, '20'), leased(soon)], ask('PreemptAttempt', { jobId, attempt: 2 }), 'STALE_FENCING_TOKEN'],
  ['a result of an attempt that gave way', [submitted(dated, '20'), leased(soon), committed, preempted], complete(inTime, inTime), 'STALE_FENCING_TOKEN'],
  ['to end a job before its deadline', [submitted(dated, '20')], ask('MissDeadline', { jobId }, inTime), 'DEADLINE_AHEAD'],
  ['to end one that runs offline while it may be reported', offlineLease, ask('MissDeadline', { jobId }, afterwards), 'DEADLINE_AHEAD'],
  ['to end one that has all the time', [submitted(plain, '48')], ask('MissDeadline', { jobId }, afterwards), 'NO_DEADLINE'],
  ['to end what has ended', [submitted(dated, '20'), { type: 'JobCancelled', data: { jobId } }], ask('MissDeadline', { jobId }, afterwards), 'JOB_ENDED'],
];

describe('the terms of a job', () => {
  it.each(accepted)('%s', (_, given, asked, events) => scenario(jobDecider).given(given).when(asked).thenEvents(events as readonly ComputeEvent[]));
  it.each(refused)('refuse %s', (_, given, asked, code) => scenario(jobDecider).given(given).when(asked).thenRefused(code));

  const typesOf = (given: readonly ComputeEvent[], asked: ComputeCommand): readonly ComputeEvent[] => {
    const decided = jobDecider.decide(asked, given.reduce(jobDecider.evolve, jobDecider.initial));
    return 'events' in decided ? decided.events : [];
  };

  it('take the result of offline work that ended in time, however late it is told, and no other', () => {
    expect(typesOf(offlineLease, complete(inTime, '2026-01-04T12:00:00.000Z')).map(({ type }) => type)).toEqual(['JobCompleted', 'ResultRecorded']);
    expect(typesOf(offlineLease, complete(afterwards, '2026-01-04T12:00:00.000Z'))).toMatchObject([{ type: 'AttemptFailed', data: { budget: 'validation', reason: 'the work ended after the deadline' } }]);
  });

  it('pay the node what it asked, and never more than was reserved', () => {
    const cost = (ask: readonly ComputeEvent[]): unknown => typesOf([submitted(plain, '48'), leased(soon), ...ask, committed], complete(inTime, start))[0]?.data;
    expect(cost([])).toMatchObject({ costMicroUsd: '20' });
    expect(cost([agreed(11_000)])).toMatchObject({ costMicroUsd: '22' });
    expect(cost([agreed(90_000)])).toMatchObject({ costMicroUsd: '48' });
  });
});
