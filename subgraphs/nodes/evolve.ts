import type { NodesEvent } from '@oort/schema/events/nodes';
import type { NodeState } from './state';

export function evolve(state: NodeState, event: NodesEvent): NodeState {
  if (event.type === 'EnrolmentTokenIssued') {
    const { kind, operator, expiresAt } = event.data;
    return { status: 'invited', kind, operator, expiresAt };
  }
  if (event.type === 'NodeEnrolled') {
    const { nodeId, kind, operator, publicKey, endpoint } = event.data;
    return { status: 'enrolled', nodeId, kind, operator, publicKey, endpoint, online: true };
  }
  if (state.status === 'unknown' || state.status === 'invited') return state;
  const { nodeId, kind, operator, publicKey, endpoint, online } = state;
  const enrolled = { nodeId, kind, operator, publicKey, endpoint, online };
  switch (event.type) {
    case 'NodeBenchmarked': return state;
    case 'NodeActivated': return { ...enrolled, status: 'active' };
    case 'NodeWentOffline': return { ...state, online: false };
    case 'NodeCameOnline': return { ...state, online: true, endpoint: event.data.endpoint };
    case 'NodeSuspended': {
      const { caseId, reason, until = null } = event.data;
      if (state.status === 'retired') return state;
      const [before, after] = state.status === 'suspended' ? [state.suspensions, state.after] : [[], state.status];
      return { ...enrolled, status: 'suspended', suspensions: [...before, { caseId, reason, until }], after };
    }
    case 'SuspensionLifted': {
      if (state.status !== 'suspended') return state;
      return { ...state, suspensions: state.suspensions.filter(({ caseId }) => caseId !== event.data.caseId) };
    }
    case 'NodeReinstated': return state.status === 'suspended' ? { ...enrolled, status: state.after } : state;
    case 'NodeDraining': return { ...enrolled, status: 'draining' };
    case 'NodeRetired': return { ...enrolled, status: 'retired', online: false };
  }
}
