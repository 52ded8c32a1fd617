// Who may take part. A node is its token's one use: invited, enrolled by a proven key, active after its benchmark.
import type { Decider, Decision } from '@oort/kernel-decider';
import type { NodesEvent } from '@oort/schema/events/nodes';
import type { NodeCommand } from './commands';
import { evolve } from './evolve';
import { refuse, type NodesRefusal } from './refusals';
import { longest, unknownNode, type NodeState } from './state';

export const nodeDecider: Decider<NodeCommand, NodeState, NodesEvent, NodesRefusal> = {
  category: 'node', initial: unknownNode, decide, evolve,
};

type Decided = Decision<NodesEvent, NodesRefusal>;
type CommandOf<Type extends NodeCommand['type']> = Extract<NodeCommand, { readonly type: Type }>;
type Known = Exclude<NodeState, { readonly status: 'unknown' | 'invited' }>;

const nothing: Decided = { events: [] };

/** Below this a machine could not finish the smallest job within a lease. */
export const leastBenchmark = { cores: 1, memoryMb: 256, diskMbPerS: 1, inferencesPerS: 1 } as const;

function decide(command: NodeCommand, state: NodeState): Decided {
  if (command.type === 'IssueEnrolmentToken') {
    if (state.status !== 'unknown') return refuse('TOKEN_EXISTS', 'This token was issued already.', null);
    return { events: [{ type: 'EnrolmentTokenIssued', data: command.data }] };
  }
  if (command.type === 'EnrolNode') return enrol(command, state);
  const { nodeId } = command.data;
  if (state.status === 'unknown' || state.status === 'invited') return refuse('UNKNOWN_NODE', 'There is no such node.', { nodeId });
  if (state.status === 'retired') return refuse('NODE_RETIRED', 'The node has left for good.', { nodeId });
  return decideOf(command, state);
}

function decideOf(command: Exclude<NodeCommand, CommandOf<'IssueEnrolmentToken' | 'EnrolNode'>>, state: Known): Decided {
  const { nodeId } = command.data;
  switch (command.type) {
    case 'ReportBenchmark': return benchmark(command, state);
    case 'MarkOffline': return state.online ? { events: [{ type: 'NodeWentOffline', data: command.data }] } : nothing;
    case 'MarkOnline':
      return state.online && state.endpoint === command.data.endpoint ? nothing : { events: [{ type: 'NodeCameOnline', data: command.data }] };
    case 'SuspendNode': return suspendsFor(state, command.data.caseId) ? nothing : { events: [{ type: 'NodeSuspended', data: command.data }] };
    case 'LiftSuspension': return lift(command, state);
    case 'ReinstateNode': return reinstate(command, state);
    case 'DrainNode':
      if (!same(command.data.operator, state.operator)) return refuse('NOT_OPERATOR', 'Only the node\'s operator may drain it.', { nodeId });
      if (state.status === 'draining') return nothing;
      if (state.status !== 'active') return refuse('NOT_ACTIVE', 'Only an active node can be drained.', { nodeId, status: state.status });
      return { events: [{ type: 'NodeDraining', data: { nodeId } }] };
    case 'RetireNode':
      if (!same(command.data.operator, state.operator)) return refuse('NOT_OPERATOR', 'Only the node\'s operator may retire it.', { nodeId });
      if (state.status !== 'draining') return refuse('NOT_DRAINING', 'Drain the node first, so that its work moves away.', { nodeId, status: state.status });
      return { events: [{ type: 'NodeRetired', data: { nodeId } }] };
  }
}

function suspendsFor(state: Known, caseId: string): boolean {
  return state.status === 'suspended' && state.suspensions.some((one) => one.caseId === caseId);
}

function lift({ data: { nodeId, caseId } }: CommandOf<'LiftSuspension'>, state: Known): Decided {
  if (state.status !== 'suspended' || !suspendsFor(state, caseId)) return refuse('NOT_SUSPENDED', 'The case did not suspend the node.', { nodeId });
  const left = longest(state.suspensions.filter((one) => one.caseId !== caseId));
  if (left === undefined) return { events: [{ type: 'NodeReinstated', data: { nodeId, reason: 'cleared' } }] };
  return { events: [{ type: 'SuspensionLifted', data: { nodeId, caseId, reason: left.reason, until: left.until } }] };
}

/** Whoever lost a tenth comes back after a while, and is audited as often as its record asks for; whoever lost everything does not. */
function reinstate({ data: { nodeId, operator }, issuedAt }: CommandOf<'ReinstateNode'>, state: Known): Decided {
  if (!same(operator, state.operator)) return refuse('NOT_OPERATOR', 'Only the node\'s operator may have it back.', { nodeId });
  if (state.status !== 'suspended') return refuse('NOT_SUSPENDED', 'The node is not suspended.', { nodeId });
  const { until = null } = longest(state.suspensions) ?? {};
  if (until === null) return refuse('SUSPENDED_FOR_GOOD', 'Everything that stood behind the node was taken: it does not come back.', { nodeId });
  if (issuedAt < until) return refuse('STILL_SUSPENDED', 'The node stands aside until then.', { nodeId, until });
  return { events: [{ type: 'NodeReinstated', data: { nodeId, reason: 'served' } }] };
}

function enrol({ data, issuedAt }: CommandOf<'EnrolNode'>, state: NodeState): Decided {
  const { nodeId, name, publicKey, operator, region, network, runtimeClass, endpoint, proven } = data;
  if (state.status === 'unknown') return refuse('UNKNOWN_TOKEN', 'No such enrolment token was issued.', null);
  if (!proven) return refuse('KEY_NOT_PROVEN', 'The signature does not verify under the device key.', null);
  // An agent that lost the answer asks again with the same key and is told the same.
  if (state.status !== 'invited') return 'publicKey' in state && state.publicKey === publicKey ? nothing : refuse('TOKEN_USED', 'The token has enrolled another machine.', null);
  if (issuedAt >= state.expiresAt) return refuse('TOKEN_EXPIRED', 'The token has expired.', { expiredAt: state.expiresAt });
  if (!same(operator, state.operator)) return refuse('OPERATOR_MISMATCH', 'The token was issued for another operator.', { operator: state.operator });
  const field = invalidField(data);
  if (field !== null) return refuse('PROFILE_INVALID', `The node's ${field} cannot be used.`, { field });
  return { events: [{ type: 'NodeEnrolled', data: { nodeId, kind: state.kind, name, publicKey, operator: state.operator, region, network, runtimeClass, endpoint } }] };
}

/** Addresses are equal in any spelling of their case (EIP-55 only adds a checksum). */
function same(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function invalidField(profile: CommandOf<'EnrolNode'>['data']): string | null {
  const texts = { name: profile.name, region: profile.region, network: profile.network, runtimeClass: profile.runtimeClass };
  const bad = Object.entries(texts).find(([, text]) => text.trim() === '' || text.length > 64);
  if (bad !== undefined) return bad[0];
  if (profile.endpoint !== null && !URL.canParse(profile.endpoint)) return 'endpoint';
  return /^[0-9a-f]{64}$/.test(profile.publicKey) ? null : 'publicKey';
}

function benchmark({ data }: CommandOf<'ReportBenchmark'>, state: Known): Decided {
  const fields = ['cores', 'memoryMb', 'diskMbPerS', 'inferencesPerS'] as const;
  const low = fields.find((field) => !(data[field] >= leastBenchmark[field]));
  if (low !== undefined) return refuse('BENCHMARK_TOO_LOW', `The benchmark's ${low} is below ${leastBenchmark[low]}.`, { field: low, least: leastBenchmark[low] });
  const measured: NodesEvent = { type: 'NodeBenchmarked', data };
  return { events: state.status === 'enrolled' ? [measured, { type: 'NodeActivated', data: { nodeId: data.nodeId } }] : [measured] };
}
