import { command, scenario } from '@oort/kernel-decider';
import type { NodesEvent } from '@oort/schema/events/nodes';
import type { NodeCommand } from './commands';
import { nodeDecider } from './decide';
import type { NodesRefusal } from './refusals';

const operator = '0xF39fd6e51aad88F6F4ce6aB8827279cffFb92266';
const stranger = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const nodeId = 'node_1';
const profile = { name: 'one', publicKey: 'aa'.repeat(32), operator, region: 'eu', network: 'local', runtimeClass: 'node20-linux-x64', endpoint: null };
const enrolment = { nodeId, proven: true, ...profile };
const measured = { nodeId, cores: 2, memoryMb: 4096, diskMbPerS: 100, inferencesPerS: 500 };

const issued: NodesEvent = { type: 'EnrolmentTokenIssued', data: { tokenHash: 'ff', kind: 'super', operator, expiresAt: '2026-01-02T00:00:00.000Z' } };
const enrolled: NodesEvent = { type: 'NodeEnrolled', data: { nodeId, kind: 'super', ...profile } };
const benchmarked: NodesEvent = { type: 'NodeBenchmarked', data: measured };
const activated: NodesEvent = { type: 'NodeActivated', data: { nodeId } };
const suspension = (caseId: string, until: string | null): Extract<NodesEvent, { readonly type: 'NodeSuspended' }> =>
  ({ type: 'NodeSuspended', data: { nodeId, reason: `slashed for ${caseId}`, caseId, until } });
const [before, noon, after] = ['2026-01-01T11:00:00.000Z', '2026-01-01T12:00:00.000Z', '2026-01-01T13:00:00.000Z'];
const suspended = suspension('case_1', before);
const reinstated = (reason: 'cleared' | 'served'): NodesEvent => ({ type: 'NodeReinstated', data: { nodeId, reason } });
const lifted = (caseId: string, of: string, until: string | null): NodesEvent => ({ type: 'SuspensionLifted', data: { nodeId, caseId, reason: `slashed for ${of}`, until } });
/** As it was recorded before suspensions had a term. */
const suspendedOfOld: NodesEvent = { type: 'NodeSuspended', data: { nodeId, reason: 'slashed by 10 %', caseId: 'case_1' } };
const draining: NodesEvent = { type: 'NodeDraining', data: { nodeId } };
const retired: NodesEvent = { type: 'NodeRetired', data: { nodeId } };
const offline: NodesEvent = { type: 'NodeWentOffline', data: { nodeId, lastSeenAt: '2026-01-01T00:00:00.000Z' } };
const online = (endpoint: string | null): NodesEvent => ({ type: 'NodeCameOnline', data: { nodeId, endpoint } });
const active = [issued, enrolled, benchmarked, activated];

type Of<Type extends NodeCommand['type']> = Extract<NodeCommand, { readonly type: Type }>;
const ask = <Type extends NodeCommand['type']>(type: Type, data: Of<Type>['data'], at = '2026-01-01T12:00:00.000Z'): NodeCommand =>
  command(type, data, { actor: 'account_1', now: new Date(at) }) as unknown as NodeCommand;
const suspend = (caseId: string, until: string | null): NodeCommand => ask('SuspendNode', { nodeId, caseId, reason: `slashed for ${caseId}`, until });
const enrol = (change: object = {}, at?: string): NodeCommand => ask('EnrolNode', { ...enrolment, ...change }, at);

const accepted: readonly (readonly [string, readonly NodesEvent[], NodeCommand, readonly NodesEvent[]])[] = [
  ['a token is issued', [], ask('IssueEnrolmentToken', issued.data), [issued]],
  ['a proven key uses it', [issued], enrol(), [enrolled]],
  ['an address is the same in any case', [issued], enrol({ operator: operator.toLowerCase() }), [enrolled]],
  ['the same machine asks again', [issued, enrolled], enrol(), []],
  ['the first sufficient benchmark activates', [issued, enrolled], ask('ReportBenchmark', measured), [benchmarked, activated]],
  ['a later one only measures', active, ask('ReportBenchmark', measured), [benchmarked]],
  ['a suspended node is not activated by a benchmark', [issued, enrolled, suspended], ask('ReportBenchmark', measured), [benchmarked]],
  ['silence', active, ask('MarkOffline', { nodeId, lastSeenAt: '2026-01-01T00:00:00.000Z' }), [offline]],
  ['silence once', [...active, offline], ask('MarkOffline', { nodeId, lastSeenAt: '2026-01-01T00:00:00.000Z' }), []],
  ['back', [...active, offline], ask('MarkOnline', { nodeId, endpoint: null }), [online(null)]],
  ['back at another address', active, ask('MarkOnline', { nodeId, endpoint: 'http://127.0.0.1:2' }), [online('http://127.0.0.1:2')]],
  ['never away', active, ask('MarkOnline', { nodeId, endpoint: null }), []],
  ['a slash suspends', active, suspend('case_1', before), [suspended]],
  ['a slash suspends once', [...active, suspended], suspend('case_1', before), []],
  ['each case suspends for itself', [...active, suspended], suspend('case_2', null), [suspension('case_2', null)]],
  ['its time is over', [...active, suspended], ask('ReinstateNode', { nodeId, operator }), [reinstated('served')]],
  ['its time is over to the moment', [...active, suspension('case_1', noon)], ask('ReinstateNode', { nodeId, operator }), [reinstated('served')]],
  ['its case is dismissed', [...active, suspension('case_1', null)], ask('LiftSuspension', { nodeId, caseId: 'case_1' }), [reinstated('cleared')]],
  ['the case of old is dismissed', [...active, suspendedOfOld], ask('LiftSuspension', { nodeId, caseId: 'case_1' }), [reinstated('cleared')]],
  ['one of its cases is dismissed', [...active, suspended, suspension('case_2', after)], ask('LiftSuspension', { nodeId, caseId: 'case_1' }), [lifted('case_1', 'case_2', after)]],
  ['the one that lasts longest is told', [...active, suspended, suspension('case_2', after), suspension('case_3', null), suspension('case_4', noon)],
    ask('LiftSuspension', { nodeId, caseId: 'case_2' }), [lifted('case_2', 'case_3', null)]],
  ['then the other', [...active, suspended, suspension('case_2', null), lifted('case_1', 'case_2', null)], ask('LiftSuspension', { nodeId, caseId: 'case_2' }), [reinstated('cleared')]],
  ['only the time of what is left counts', [...active, suspended, suspension('case_2', null), lifted('case_2', 'case_1', before)], ask('ReinstateNode', { nodeId, operator }), [reinstated('served')]],
  ['a second slash after the first was served', [...active, suspended, reinstated('served')], suspend('case_2', after), [suspension('case_2', after)]],
  ['drained', active, ask('DrainNode', { nodeId, operator }), [draining]],
  ['drained again after a suspension', [...active, suspended, reinstated('served')], ask('DrainNode', { nodeId, operator }), [draining]],
  ['drained once', [...active, draining], ask('DrainNode', { nodeId, operator }), []],
  ['retired', [...active, draining], ask('RetireNode', { nodeId, operator }), [retired]],
];

const refused: readonly (readonly [string, readonly NodesEvent[], NodeCommand, NodesRefusal['code']])[] = [
  ['the token twice', [issued], ask('IssueEnrolmentToken', issued.data), 'TOKEN_EXISTS'],
  ['no token', [], enrol(), 'UNKNOWN_TOKEN'],
  ['no proof', [issued], enrol({ proven: false }), 'KEY_NOT_PROVEN'],
  ['another machine', [issued, enrolled], enrol({ publicKey: 'bb'.repeat(32) }), 'TOKEN_USED'],
  ['too late', [issued], enrol({}, '2026-01-02T00:00:00.000Z'), 'TOKEN_EXPIRED'],
  ['another operator', [issued], enrol({ operator: stranger }), 'OPERATOR_MISMATCH'],
  ['no name', [issued], enrol({ name: ' ' }), 'PROFILE_INVALID'],
  ['no address', [issued], enrol({ endpoint: 'here' }), 'PROFILE_INVALID'],
  ['a benchmark of nobody', [issued], ask('ReportBenchmark', measured), 'UNKNOWN_NODE'],
  ['a benchmark that is too low', [issued, enrolled], ask('ReportBenchmark', { ...measured, memoryMb: 16 }), 'BENCHMARK_TOO_LOW'],
  ['after retirement', [...active, draining, retired], ask('MarkOnline', { nodeId, endpoint: null }), 'NODE_RETIRED'],
  ['an accusation that suspended nobody is dismissed', active, ask('LiftSuspension', { nodeId, caseId: 'case_1' }), 'NOT_SUSPENDED'],
  ['an unrelated case is dismissed', [...active, suspended], ask('LiftSuspension', { nodeId, caseId: 'case_2' }), 'NOT_SUSPENDED'],
  ['nothing to reinstate', active, ask('ReinstateNode', { nodeId, operator }), 'NOT_SUSPENDED'],
  ['a stranger reinstates', [...active, suspended], ask('ReinstateNode', { nodeId, operator: stranger }), 'NOT_OPERATOR'],
  ['before its time', [...active, suspension('case_1', after)], ask('ReinstateNode', { nodeId, operator }), 'STILL_SUSPENDED'],
  ['before the time of each case', [...active, suspended, suspension('case_2', after)], ask('ReinstateNode', { nodeId, operator }), 'STILL_SUSPENDED'],
  ['who lost everything', [...active, suspended, suspension('case_2', null)], ask('ReinstateNode', { nodeId, operator }), 'SUSPENDED_FOR_GOOD'],
  ['who was suspended of old', [...active, suspendedOfOld], ask('ReinstateNode', { nodeId, operator }), 'SUSPENDED_FOR_GOOD'],
  ['a stranger drains', active, ask('DrainNode', { nodeId, operator: stranger }), 'NOT_OPERATOR'],
  ['draining before activation', [issued, enrolled], ask('DrainNode', { nodeId, operator }), 'NOT_ACTIVE'],
  ['a stranger retires', [...active, draining], ask('RetireNode', { nodeId, operator: stranger }), 'NOT_OPERATOR'],
  ['leaving without draining', active, ask('RetireNode', { nodeId, operator }), 'NOT_DRAINING'],
];

describe('a node', () => {
  it.each(accepted)('%s', (_, given, asked, events) => scenario(nodeDecider).given(given).when(asked).thenEvents(events));
  it.each(refused)('refuses: %s', (_, given, asked, code) => scenario(nodeDecider).given(given).when(asked).thenRefused(code));
});
