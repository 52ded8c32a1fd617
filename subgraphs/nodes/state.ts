import type { NodeKind } from '@oort/schema/events/nodes';

interface Enrolled {
  readonly nodeId: string;
  readonly kind: NodeKind;
  readonly operator: string;
  readonly publicKey: string;
  readonly endpoint: string | null;
  readonly online: boolean;
}

export type NodeState =
  | { readonly status: 'unknown' }
  | { readonly status: 'invited'; readonly kind: NodeKind; readonly operator: string; readonly expiresAt: string }
  | Enrolled & { readonly status: 'enrolled' | 'active' | 'draining' | 'retired' }
  /** `after` is what a reinstatement returns it to. */
  | Enrolled & { readonly status: 'suspended'; readonly caseId: string | null; readonly after: 'enrolled' | 'active' | 'draining' };

export const unknownNode: NodeState = { status: 'unknown' };
