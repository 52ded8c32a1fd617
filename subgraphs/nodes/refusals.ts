import type { RefusalOf } from '@oort/kernel-decider';

export type NodesRefusal =
  | RefusalOf<'TOKEN_EXISTS', null>
  | RefusalOf<'UNKNOWN_TOKEN', null>
  | RefusalOf<'TOKEN_EXPIRED', { readonly expiredAt: string }>
  | RefusalOf<'TOKEN_USED', null>
  | RefusalOf<'KEY_NOT_PROVEN', null>
  | RefusalOf<'OPERATOR_MISMATCH', { readonly operator: string }>
  | RefusalOf<'PROFILE_INVALID', { readonly field: string }>
  | RefusalOf<'UNKNOWN_NODE', { readonly nodeId: string }>
  | RefusalOf<'NODE_RETIRED', { readonly nodeId: string }>
  | RefusalOf<'BENCHMARK_TOO_LOW', { readonly field: string; readonly least: number }>
  | RefusalOf<'NOT_SUSPENDED', { readonly nodeId: string }>
  | RefusalOf<'SUSPENDED_FOR_GOOD', { readonly nodeId: string }>
  | RefusalOf<'STILL_SUSPENDED', { readonly nodeId: string; readonly until: string }>
  | RefusalOf<'NOT_OPERATOR', { readonly nodeId: string }>
  | RefusalOf<'NOT_ACTIVE', { readonly nodeId: string; readonly status: string }>
  | RefusalOf<'NOT_DRAINING', { readonly nodeId: string; readonly status: string }>;

export function refuse<Code extends NodesRefusal['code']>(
  code: Code, message: string, payload: Extract<NodesRefusal, { readonly code: Code }>['payload'],
): { readonly refused: NodesRefusal } {
  return { refused: { code, message, payload } as NodesRefusal };
}
