import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import { commitmentStatement } from '@oort/schema/statements';
import { judgeAccusation, type Accusation } from './accusation';
import type { PublicEvent } from './promise';

const signed = (commitment: string, jobId = 'job_1'): Json => ({ statement: commitmentStatement({ jobId, attempt: 1, commitment }), signature: 'ok' });
const fraud = { nodeId: 'node_1', kind: 'inference', fraud: 'two-commitments', nodeKey: 'key', first: signed('aa'), second: signed('bb') };
const accusation = (evidence: Json | null, change: Partial<Accusation> = {}): Accusation =>
  ({ caseId: 'case_1', nodeId: 'node_1', evidence, evidenceHash: `0x${sha256Hex(canonicalJson(evidence))}`, nodeKey: 'key', ...change });
const verify = (key: string, _: string, signature: string): boolean => key === 'key' && signature === 'ok';

test('two statements that contradict each other are reason enough', () => {
  expect(judgeAccusation(accusation(fraud), [], verify)).toMatchObject({ toSlash: true, because: 'it holds' });
});

test.each<[string, Accusation]>([
  ['evidence other than the accused one', accusation(fraud, { evidenceHash: `0x${'00'.repeat(32)}` })],
  ['evidence against another key', accusation(fraud, { nodeKey: 'other' })],
  ['statements of two jobs', accusation({ ...fraud, second: signed('bb', 'job_2') })],
  ['a forged signature', accusation({ ...fraud, second: { ...signed('bb') as object, signature: 'forged' } })],
  ['what is no evidence', accusation({ nothing: true })],
])('%s is dismissed', (_, against) => {
  expect(judgeAccusation(against, [], verify).toSlash).toBe(false);
});

const verdict = (outcome: string, nodeId = 'node_1'): PublicEvent => ({ type: 'VerdictReached', position: '0', data: { nodeId, work: 'inference', outcome } });
const proposed = (caseId: string): PublicEvent => ({ type: 'SlashProposed', position: '0', data: { caseId, nodeId: 'node_1' } });
const five = Array.from({ length: 5 }, () => verdict('fail'));

test('statistics are run again: enough failures of this node, before the accusation, and not those of an earlier one', () => {
  const opinion = (feed: readonly PublicEvent[]): boolean => judgeAccusation(accusation(null), feed, verify).toSlash;
  expect(opinion([...five, proposed('case_1')])).toBe(true);
  expect(opinion([...five.slice(1), proposed('case_1'), verdict('fail')])).toBe(false);
  expect(opinion([...five.slice(1), verdict('fail', 'node_2'), proposed('case_1')])).toBe(false);
  expect(opinion([...five, proposed('case_0'), verdict('fail'), proposed('case_1')])).toBe(false);
  expect(opinion(five)).toBe(false);
});
