import { command, scenario } from '@oort/kernel-decider';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { checkpointHash, commitmentHash, commitmentStatement, firstCheckpointHash, resultStatement } from '@oort/schema/statements';
import type { ComputeCommand } from './commands';
import { jobDecider } from './decide';
import type { ComputeRefusal } from './refusals';

const jobId = 'job_1';
const model = `b${'a'.repeat(58)}`;
const other = `b${'c'.repeat(58)}`;
const spec: Json = { modelContentId: model, input: [[0, 1], [1, 0]] };
const output: Json = { outputs: [[1], [2]], labels: [0, 0] };
const resultHash = sha256Hex(canonicalJson(output));
const start = '2026-01-01T00:00:00.000Z';
const later = '2026-01-01T00:00:05.000Z';

const submitted: ComputeEvent = { type: 'JobSubmitted', data: {
  jobId, kind: 'inference', submitter: 'account_1', subject: null, specHash: sha256Hex(canonicalJson(spec)), spec, reservedMicroUsd: '40' } };
const leased = (attempt: number, nodeId: string): ComputeEvent => ({ type: 'AttemptLeased', data: { jobId, attempt, nodeId, fencingToken: attempt, expiresAt: later } });
const failed = (attempt: number, budget: 'infrastructure' | 'application' | 'validation', reason: string): ComputeEvent =>
  ({ type: 'AttemptFailed', data: { jobId, attempt, nodeId: 'node_1', budget, reason } });
const completed: ComputeEvent = { type: 'JobCompleted', data: {
  jobId, kind: 'inference', submitter: 'account_1', attempt: 1, nodeId: 'node_1', specHash: sha256Hex(canonicalJson(spec)), resultHash, resultSignature: 'cc', salt: '01',
  units: 2, costMicroUsd: '40', startedAt: start, endedAt: later } };
const recorded: ComputeEvent = { type: 'ResultRecorded', data: { jobId, kind: 'inference', nodeId: 'node_1', subject: null, output } };
const link = { jobId, step: 10, contentId: model, previousHash: firstCheckpointHash };
const checkpointed: ComputeEvent = { type: 'AttemptCheckpointed', data: { ...link, attempt: 1, nodeId: 'node_1', hash: checkpointHash(link) } };
const next = { jobId, step: 20, contentId: other, previousHash: checkpointHash(link) };
const ended: ComputeEvent = { type: 'JobFailed', data: { jobId, kind: 'inference', submitter: 'account_1', reason: 'application: no' } };
const cancelled: ComputeEvent = { type: 'JobCancelled', data: { jobId } };
const refunded: ComputeEvent = { type: 'JobRefunded', data: { jobId, submitter: 'account_1', nodeId: 'node_1', amountMicroUsd: '40', caseId: 'case_1' } };
const leasedOut = [submitted, leased(1, 'node_1')];
const answer = { jobId, attempt: 1, resultHash, salt: '01' };
const commitment = commitmentHash('key', answer);
const committed: ComputeEvent = { type: 'ResultCommitted', data: { jobId, attempt: 1, nodeId: 'node_1', commitment, signature: 'ss' } };
const signedCommitment = { statement: commitmentStatement({ jobId, attempt: 1, commitment }), signature: 'ss' };
const fraud = (kind: 'two-commitments' | 'reveal-differs' | 'two-answers', first: object, second: object): ComputeEvent =>
  ({ type: 'FraudProved', data: { jobId, kind: 'inference', attempt: 1, nodeId: 'node_1', fraud: kind, nodeKey: 'key', first, second } }) as ComputeEvent;
const other7 = { statement: resultStatement({ ...answer, resultHash: sha256Hex(canonicalJson({ outputs: [[7]] })) }), signature: 'cc' };
const running = [...leasedOut, committed];
const done = [...running, completed, recorded];

type Of<Type extends ComputeCommand['type']> = Extract<ComputeCommand, { readonly type: Type }>;
const ask = <Type extends ComputeCommand['type']>(type: Type, data: Of<Type>['data'], at = start): ComputeCommand =>
  command(type, data, { actor: 'account_1', now: new Date(at) }) as unknown as ComputeCommand;
const submit = (change: object = {}): ComputeCommand =>
  ask('SubmitJob', { jobId, kind: 'inference', submitter: 'account_1', subject: null, spec, priceCapMicroUsd: null, ...change });
const claim = { jobId, nodeId: 'node_1', attempt: 1, fencingToken: 1 };
const complete = (change: object = {}): ComputeCommand => ask('CompleteAttempt', {
  ...claim, output, salt: '01', nodeKey: 'key', resultSignature: 'cc', signatureValid: true, units: 99, startedAt: start, endedAt: later, ...change });
const commit = (change: object = {}): ComputeCommand => ask('CommitAttempt', { ...claim, commitment, signature: 'ss', nodeKey: 'key', signatureValid: true, ...change });
const fail = ask('FailAttempt', { ...claim, budget: 'application', reason: 'no' });
const checkpoint = (change: object = {}): ComputeCommand => ask('CheckpointAttempt', { ...claim, step: 10, contentId: model, ...change });

const unsigned = (of: 'commitment' | 'result'): ComputeEvent => ({ type: 'SignatureRefused', data: { jobId, kind: 'inference', attempt: 1, nodeId: 'node_1', of } });

const accepted: readonly (readonly [string, readonly ComputeEvent[], ComputeCommand, readonly ComputeEvent[]])[] = [
  ['a job is quoted and reserved', [], submit(), [submitted]],
  ['the same job again', [submitted], submit(), []],
  ['a lease', [submitted], ask('LeaseJob', { jobId, nodeId: 'node_1', ttlMs: 5000 }), [leased(1, 'node_1')]],
  ['the next lease has a higher token', [...running, failed(1, 'infrastructure', 'gone')], ask('LeaseJob', { jobId, nodeId: 'node_2', ttlMs: 5000 }), [leased(2, 'node_2')]],
  ['a checkpoint starts the chain', running, checkpoint(), [checkpointed]],
  ['the same checkpoint again', [...running, checkpointed], checkpoint(), []],
  ['the next one carries it on', [...running, checkpointed], checkpoint({ step: 20, contentId: other }),
    [{ type: 'AttemptCheckpointed', data: { ...next, attempt: 1, nodeId: 'node_1', hash: checkpointHash(next) } }]],
  ['a result, credited with no more than the spec is worth', running, complete(), [completed, recorded]],
  ['the same result again', done, complete(), []],
  ['an unsigned result', running, complete({ signatureValid: false }), [unsigned('result'), failed(1, 'validation', 'the result is not signed by the node')]],
  ['a result that is none', [...leasedOut, { ...committed, data: { ...committed.data, commitment: commitmentHash('key', { ...answer, resultHash: sha256Hex('7') }) } }], complete({ output: 7 }), [failed(1, 'validation', 'the output is not an object')]],
  ['a failure', running, fail, [failed(1, 'application', 'no')]],
  ['the last failure of a budget', [submitted, leased(1, 'node_1'), failed(1, 'application', 'no'), leased(2, 'node_1')],
    ask('FailAttempt', { ...claim, attempt: 2, fencingToken: 2, budget: 'application', reason: 'no' }), [failed(2, 'application', 'no'), ended]],
  ['another budget is not touched by it', [submitted, leased(1, 'node_1'), failed(1, 'infrastructure', 'gone'), leased(2, 'node_1')],
    ask('FailAttempt', { ...claim, attempt: 2, fencingToken: 2, budget: 'application', reason: 'no' }), [failed(2, 'application', 'no')]],
  ['silence', leasedOut, ask('ExpireLease', { jobId, attempt: 1 }, later), [failed(1, 'infrastructure', 'the lease ran out without a word from the node')]],
  ['silence after a commitment', running, ask('ExpireLease', { jobId, attempt: 1 }, later), [
    { type: 'RevealMissed', data: { jobId, kind: 'inference', attempt: 1, nodeId: 'node_1' } }, failed(1, 'validation', 'the node committed to an answer and did not show it')]],
  ['a commitment', leasedOut, commit(), [committed]],
  ['the same commitment again', running, commit(), []],
  ['an unsigned commitment', leasedOut, commit({ signatureValid: false }), [unsigned('commitment'), failed(1, 'validation', 'the commitment is not signed by the node')]],
  ['two commitments are fraud', running, commit({ commitment: 'ff', signature: 'tt' }), [
    fraud('two-commitments', signedCommitment, { statement: commitmentStatement({ jobId, attempt: 1, commitment: 'ff' }), signature: 'tt' }),
    failed(1, 'validation', 'the node committed to two answers')]],
  ['another answer than the one committed to is fraud', running, complete({ output: { outputs: [[7]] } }), [
    fraud('reveal-differs', signedCommitment, other7), failed(1, 'validation', 'the answer is not the one that the node committed to')]],
  ['a second signed answer is fraud', done, complete({ output: { outputs: [[7]] } }), [
    fraud('two-answers', { statement: resultStatement(answer), signature: 'cc' }, other7)]],
  ['a change of mind', running, ask('CancelJob', { jobId, submitter: 'account_1' }), [cancelled]],
  ['a change of mind again', [...running, cancelled], ask('CancelJob', { jobId, submitter: 'account_1' }), []],
  ['a wrong result is paid back', done, ask('RefundJob', { jobId, caseId: 'case_1' }), [refunded]],
  ['and only once', [...done, refunded], ask('RefundJob', { jobId, caseId: 'case_1' }), []],
];

const refused: readonly (readonly [string, readonly ComputeEvent[], ComputeCommand, ComputeRefusal['code']])[] = [
  ['a spec that cannot be run', [], submit({ spec: { modelContentId: model } }), 'SPEC_INVALID'],
  ['rows of different lengths', [], submit({ spec: { modelContentId: model, input: [[1], [1, 2]] } }), 'SPEC_INVALID'],
  ['a training spec without weights', [], submit({ kind: 'training', spec: {} }), 'SPEC_INVALID'],
  ['a container without an image', [], submit({ kind: 'container' }), 'SPEC_INVALID'],
  ['a cap below the quote', [], submit({ priceCapMicroUsd: '39' }), 'PRICE_CAP_TOO_LOW'],
  ['an id that is taken', [submitted], submit({ submitter: 'account_2' }), 'JOB_EXISTS'],
  ['a lease on nothing', [], ask('LeaseJob', { jobId, nodeId: 'node_1', ttlMs: 5000 }), 'UNKNOWN_JOB'],
  ['two leases', running, ask('LeaseJob', { jobId, nodeId: 'node_2', ttlMs: 5000 }), 'JOB_NOT_QUEUED'],
  ['a late result while it waits', [...running, failed(1, 'infrastructure', 'gone')], complete(), 'STALE_FENCING_TOKEN'],
  ['a late result while another runs it', [...running, failed(1, 'infrastructure', 'gone'), leased(2, 'node_2')], complete(), 'STALE_FENCING_TOKEN'],
  ['somebody else\'s token', running, complete({ nodeId: 'node_2' }), 'STALE_FENCING_TOKEN'],
  ['a result without a commitment', leasedOut, complete(), 'NOT_COMMITTED'],
  ['a second answer that is not signed', done, complete({ output: {}, signatureValid: false }), 'JOB_ENDED'],
  ['a second answer after fraud was proved', [...done, fraud('two-answers', { statement: '', signature: '' }, other7)], complete({ output: {} }), 'JOB_ENDED'],
  ['a late commitment', done, commit(), 'JOB_ENDED'],
  ['a late failure', done, fail, 'JOB_ENDED'],
  ['a checkpoint of a stale attempt', [...running, failed(1, 'infrastructure', 'gone'), leased(2, 'node_2')], checkpoint(), 'STALE_FENCING_TOKEN'],
  ['a checkpoint of the past', [...running, checkpointed], checkpoint({ step: 9 }), 'CHECKPOINT_NOT_NEWER'],
  ['a lease that runs', running, ask('ExpireLease', { jobId, attempt: 1 }, start), 'LEASE_RUNS'],
  ['a lease that is over', [...running, failed(1, 'infrastructure', 'gone'), leased(2, 'node_2')], ask('ExpireLease', { jobId, attempt: 1 }, later), 'STALE_FENCING_TOKEN'],
  ['somebody else\'s job', running, ask('CancelJob', { jobId, submitter: 'account_2' }), 'NOT_SUBMITTER'],
  ['cancelling what is done', done, ask('CancelJob', { jobId, submitter: 'account_1' }), 'JOB_ENDED'],
  ['paying back what was not paid', running, ask('RefundJob', { jobId, caseId: 'case_1' }), 'NOTHING_TO_REFUND'],
];

describe('a job', () => {
  it.each(accepted)('%s', (_, given, asked, events) => scenario(jobDecider).given(given).when(asked).thenEvents(events));
  it.each(refused)('refuses: %s', (_, given, asked, code) => scenario(jobDecider).given(given).when(asked).thenRefused(code));
});
