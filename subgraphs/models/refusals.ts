import type { RefusalOf } from '@oort/kernel-decider';
import type { Json } from '@oort/kernel-wire';

type IdPayload = { readonly id: string };

export type ModelRefusal = RefusalOf<
  'MODEL_EXISTS' | 'UNKNOWN_MODEL' | 'UNKNOWN_COMMENT' | 'NO_OPEN_PROPOSAL' | 'OWN_PROPOSAL' | 'NOT_OWNER' | 'NOT_APPROVED', IdPayload>;
export type RunRefusal =
  | RefusalOf<'RUN_EXISTS' | 'UNKNOWN_RUN' | 'RUN_ENDED', IdPayload>
  | RefusalOf<'ROUND_OUT_OF_ORDER', { readonly expected: number; readonly given: number }>
  | RefusalOf<'ROUNDS_MISSING', { readonly completed: number; readonly rounds: number }>;
export type VersionRefusal = RefusalOf<'VERSION_EXISTS', IdPayload>;
export type DeploymentRefusal =
  | RefusalOf<'DEPLOYMENT_EXISTS' | 'UNKNOWN_DEPLOYMENT' | 'NOT_ADDRESSED' | 'ROLLED_BACK' | 'NOT_OWNER' | 'EMPTY_PACKET' | 'LAST_RING', IdPayload>
  | RefusalOf<'RING_NOT_INSTALLED', { readonly missing: readonly string[] }>
  | RefusalOf<'LICENCE_EXPIRED', { readonly licenceExpiresAt: string; readonly predictedAt: string }>;

/** What a request is refused for before it becomes a command. */
export type RequestRefusal = RefusalOf<
  | 'NOT_SIGNED_IN' | 'NOT_A_NODE' | 'NOT_OWNER' | 'UNKNOWN_MODEL' | 'UNKNOWN_RUN' | 'UNKNOWN_VERSION' | 'UNKNOWN_DATASET_VERSION' | 'UNKNOWN_NODE'
  | 'UNKNOWN_CONTENT' | 'NOT_ONNX' | 'NEEDS_FEEDS' | 'INVALID_INPUT' | 'ARCHITECTURE_REFUSED' | 'SPEC_REFUSED' | 'EXAMPLE_SET_CORRUPT' | 'LABELS_DIFFER' | 'EVALUATION_OVERLAPS'
  | 'NOTHING_TO_TUNE' | 'UNKNOWN_PROPOSAL' | 'RUN_NOT_COMPLETED' | 'PACKET_REFUSED' | 'IMAGE_UNREADABLE' | 'INFERENCE_LATE' | 'INFERENCE_FAILED', Json>;

export interface Refused { readonly refused: RequestRefusal }

export function refuse(code: RequestRefusal['code'], message: string, payload: Json = null): Refused {
  return { refused: { code, message, payload } };
}
