import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import { commitmentStatement } from '@oort/schema/statements';
import { judgeAccusation, type Accusation } from './accusation';
import type { PublicEvent } from './promise';

const signed = (commitment: string, jobId = 'job_1'): Json => ({ statement: commitmentStatement({ jobId, attempt: 1, commitment }), signature: 'ok' });
const fraud = { nodeId: 'node_1', kind: 'inference', fraud: 'two-commitments', nodeKey: 'key', first: signed('aa'), second: signed('bb') };
const none = new Set<string>();
const anchored = new Set(['batch_1']);
const accusation = (evidence: Json | null, change: Partial<Accusation> = {}): Accusation =>
  ({ caseId: 'case_1', nodeId: 'node_1', evidence, evidenceHash: `0x${sha256Hex(canonicalJson(evidence))}`, nodeKey: 'key', ...change });
const verify = (key: string, _: string, signature: string): boolean => key === 'key' && signature === 'ok';

test('two statements that contradict each other are reason enough', () => {
  expect(judgeAccusation(accusation(fraud), [], verify, none)).toMatchObject({ toSlash: true, because: 'it holds' });
});

test.each<[string, Accusation]>([
  ['evidence other than the accused one', accusation(fraud, { evidenceHash: `0x${'00'.repeat(32)}` })],
  ['evidence against another key', accusation(fraud, { nodeKey: 'other' })],
  ['statements of two jobs', accusation({ ...fraud, second: signed('bb', 'job_2') })],
  ['a forged signature', accusation({ ...fraud, second: { ...signed('bb') as object, signature: 'forged' } })],
  ['what is no evidence', accusation({ nothing: true })],
])('%s is dismissed', (_, against) => {
  expect(judgeAccusation(against, [], verify, none).toSlash).toBe(false);
});

const verdict = (outcome: string, nodeId = 'node_1', taskId = 'job_1', evidence = 'phantom'): PublicEvent =>
  ({ type: 'VerdictReached', position: '0', data: { nodeId, work: 'inference', outcome, taskId, evidence } });
const opening = (taskId: string, isPhantom: boolean, batchId = 'batch_1'): PublicEvent =>
  ({ type: 'BatchOpened', position: '0', data: { batchId, openings: [{ taskId, salt: 'ab', expectedHash: null, isPhantom }] } });
const proposed = (caseId: string): PublicEvent => ({ type: 'SlashProposed', position: '0', data: { caseId, nodeId: 'node_1' } });
const five = Array.from({ length: 5 }, () => verdict('fail'));

test('statistics are run again: enough failures of this node, before the accusation, and not those of an earlier one', () => {
  const opinion = (feed: readonly PublicEvent[]): boolean => judgeAccusation(accusation(null), [...feed, opening('job_1', true)], verify, anchored).toSlash;
  expect(opinion([...five, proposed('case_1')])).toBe(true);
  expect(opinion([...five.slice(1), proposed('case_1'), verdict('fail')])).toBe(false);
  expect(opinion([...five.slice(1), verdict('fail', 'node_2'), proposed('case_1')])).toBe(false);
  expect(opinion([...five, proposed('case_0'), verdict('fail'), proposed('case_1')])).toBe(false);
  expect(opinion(five)).toBe(false);
});

test('a failure counts only at a task that was committed to before, and as what it is called', () => {
  const opinion = (feed: readonly PublicEvent[], on: ReadonlySet<string> = anchored): object =>
    judgeAccusation(accusation(null), [...five, proposed('case_1'), ...feed], verify, on);
  expect(opinion([opening('job_1', true)])).toMatchObject({ toSlash: true, unopened: 0 });
  expect(opinion([])).toMatchObject({ toSlash: false, unopened: 5 });
  expect(opinion([opening('job_1', false)])).toMatchObject({ toSlash: false, unopened: 0 });
  expect(opinion([opening('job_1', true, 'batch_2')])).toMatchObject({ toSlash: false });
  const copies = Array.from({ length: 5 }, () => verdict('fail', 'node_1', 'job_1', 'replica'));
  expect(judgeAccusation(accusation(null), [...copies, proposed('case_1'), opening('job_1', false)], verify, anchored).toSlash).toBe(true);
  // A commitment without an answer speaks for itself: it was never the officer's.
  const missed = Array.from({ length: 5 }, (_, job) => verdict('fail', 'node_1', `job_${job}/1`, 'proof'));
  expect(judgeAccusation(accusation(null), [...missed, proposed('case_1')], verify, none).toSlash).toBe(true);
});
