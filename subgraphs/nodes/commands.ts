import type { Command } from '@oort/kernel-decider';
import type { SandboxLevel } from '@oort/schema/job-spec';
import type { NodeKind } from '@oort/schema/events/nodes';

/** What a machine says of itself when it joins. */
export interface NodeProfile {
  readonly name: string;
  readonly publicKey: string;
  readonly operator: string;
  readonly region: string;
  readonly network: string;
  readonly runtimeClass: string;
  readonly endpoint: string | null;
}

/** Asked of one node. Its id derives from its token's hash, so a token enrols one machine and no other. */
export type NodeCommand =
  | Command<'IssueEnrolmentToken', { readonly tokenHash: string; readonly kind: NodeKind; readonly operator: string; readonly expiresAt: string }>
  | Command<'EnrolNode', NodeProfile & { readonly nodeId: string; /** Whether the device key signed this very request. */ readonly proven: boolean }>
  | Command<'ReportBenchmark', { readonly nodeId: string; readonly cores: number; readonly memoryMb: number; readonly diskMbPerS: number; readonly inferencesPerS: number; readonly wall?: SandboxLevel }>
  | Command<'MarkOffline', { readonly nodeId: string; readonly lastSeenAt: string }>
  | Command<'MarkOnline', { readonly nodeId: string; readonly endpoint: string | null }>
  | Command<'SuspendNode', { readonly nodeId: string; readonly reason: string; readonly caseId: string; /** Null: for good. */ readonly until: string | null }>
  /** The case was dismissed. */
  | Command<'LiftSuspension', { readonly nodeId: string; readonly caseId: string }>
  | Command<'ReinstateNode', { readonly nodeId: string; readonly operator: string }>
  /** `operator` is the address that the asking account has proven. */
  | Command<'DrainNode', { readonly nodeId: string; readonly operator: string }>
  | Command<'RetireNode', { readonly nodeId: string; readonly operator: string }>;
