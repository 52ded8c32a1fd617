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
  | Enrolled & { readonly status: 'suspended'; readonly suspensions: readonly Suspension[]; readonly after: 'enrolled' | 'active' | 'draining' };

export interface Suspension { readonly caseId: string | null; readonly reason: string; /** Null: for good. */ readonly until: string | null }

/** The one that lasts longest. */
export function longest(suspensions: readonly Suspension[]): Suspension | undefined {
  return suspensions.find(({ until }) => until === null) ?? suspensions.toSorted((one, other) => (other.until ?? '').localeCompare(one.until ?? '')).at(0);
}

export const unknownNode: NodeState = { status: 'unknown' };
