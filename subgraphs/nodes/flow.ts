import type { Flow } from '@oort/kernel-decider';

export const nodesFlow = {
  IssueEnrolmentToken: { events: ['EnrolmentTokenIssued'], refusals: ['TOKEN_EXISTS'] },
  EnrolNode: {
    events: ['NodeEnrolled'],
    refusals: ['UNKNOWN_TOKEN', 'TOKEN_EXPIRED', 'TOKEN_USED', 'KEY_NOT_PROVEN', 'OPERATOR_MISMATCH', 'PROFILE_INVALID'],
  },
  ReportBenchmark: { events: ['NodeBenchmarked', 'NodeActivated'], refusals: ['UNKNOWN_NODE', 'NODE_RETIRED', 'BENCHMARK_TOO_LOW'] },
  MarkOffline: { events: ['NodeWentOffline'], refusals: ['UNKNOWN_NODE', 'NODE_RETIRED'] },
  MarkOnline: { events: ['NodeCameOnline'], refusals: ['UNKNOWN_NODE', 'NODE_RETIRED'] },
  SuspendNode: { events: ['NodeSuspended'], refusals: ['UNKNOWN_NODE', 'NODE_RETIRED'] },
  LiftSuspension: { events: ['NodeReinstated', 'SuspensionLifted'], refusals: ['UNKNOWN_NODE', 'NODE_RETIRED', 'NOT_SUSPENDED'] },
  ReinstateNode: { events: ['NodeReinstated'], refusals: ['UNKNOWN_NODE', 'NODE_RETIRED', 'NOT_OPERATOR', 'NOT_SUSPENDED', 'SUSPENDED_FOR_GOOD', 'STILL_SUSPENDED'] },
  DrainNode: { events: ['NodeDraining'], refusals: ['UNKNOWN_NODE', 'NODE_RETIRED', 'NOT_OPERATOR', 'NOT_ACTIVE'] },
  RetireNode: { events: ['NodeRetired'], refusals: ['UNKNOWN_NODE', 'NODE_RETIRED', 'NOT_OPERATOR', 'NOT_DRAINING'] },
} as const satisfies Flow;
