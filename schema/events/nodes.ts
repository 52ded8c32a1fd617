import type { SandboxLevel } from '../job-spec';
import type { Visibilities } from './visibility';

export type NodeKind = 'super' | 'archive' | 'edge';

export type NodesEvent =
  | { readonly type: 'EnrolmentTokenIssued'; readonly data: { readonly tokenHash: string; readonly kind: NodeKind; readonly operator: string; readonly expiresAt: string } }
  | { readonly type: 'NodeEnrolled'; readonly data: {
      readonly nodeId: string; readonly kind: NodeKind; readonly name: string;
      /** Ed25519 device key, 32 bytes, hex. */ readonly publicKey: string;
      /** The wallet that stakes for the node and is paid: 0x address. */ readonly operator: string;
      readonly region: string; readonly network: string; readonly runtimeClass: string;
      /** Where its piece server listens, or null for a node that only calls out. */ readonly endpoint: string | null;
    } }
  | { readonly type: 'NodeBenchmarked'; readonly data: { readonly nodeId: string; readonly cores: number; readonly memoryMb: number; readonly diskMbPerS: number; readonly inferencesPerS: number; /** The strongest wall that it has for foreign programs. */ readonly wall?: SandboxLevel } }
  | { readonly type: 'NodeActivated'; readonly data: { readonly nodeId: string } }
  | { readonly type: 'NodeWentOffline'; readonly data: { readonly nodeId: string; readonly lastSeenAt: string } }
  | { readonly type: 'NodeCameOnline'; readonly data: { readonly nodeId: string; readonly endpoint: string | null } }
  | { readonly type: 'NodeSuspended'; readonly data: {
      readonly nodeId: string; readonly reason: string; readonly caseId: string | null;
      /** Its operator may have it back from then on; null or not there: for good, unless the case is dismissed. */ readonly until?: string | null;
    } }
  | { readonly type: 'NodeReinstated'; readonly data: {
      readonly nodeId: string;
      /** `cleared`: a jury dismissed what it was suspended for; `served`: its time was over and its operator asked. */ readonly reason?: 'cleared' | 'served';
    } }
  /** A jury dismissed one case; it stays suspended for others, of which the one that lasts longest is told. */
  | { readonly type: 'SuspensionLifted'; readonly data: { readonly nodeId: string; readonly caseId: string; readonly reason: string; readonly until: string | null } }
  | { readonly type: 'NodeDraining'; readonly data: { readonly nodeId: string } }
  | { readonly type: 'NodeRetired'; readonly data: { readonly nodeId: string } };

export const nodesVisibility = {
  EnrolmentTokenIssued: 'tenant', NodeEnrolled: 'public', NodeBenchmarked: 'public', NodeActivated: 'public', NodeWentOffline: 'public',
  NodeCameOnline: 'public', NodeSuspended: 'public', NodeReinstated: 'public', SuspensionLifted: 'public', NodeDraining: 'public', NodeRetired: 'public',
} as const satisfies Visibilities<NodesEvent>;
