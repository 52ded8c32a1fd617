// What passes between an agent and its sandbox, over a channel that carries buffers (structured clone).
import type { Json } from '@oort/kernel-wire';

export type ToSandbox =
  | { readonly type: 'run'; readonly run: number; readonly kind: string; readonly spec: Json; readonly resume: Uint8Array | null; readonly checkpointEveryMs: number }
  | { readonly type: 'abort'; readonly run: number }
  | { readonly type: 'answer'; readonly call: number; readonly value: Uint8Array | string | null }
  | { readonly type: 'refusal'; readonly call: number; readonly code: string; readonly message: string };

export type FromSandbox =
  | { readonly type: 'ready' }
  | { readonly type: 'fetch'; readonly run: number; readonly call: number; readonly contentId: string }
  | { readonly type: 'store'; readonly run: number; readonly call: number; readonly bytes: Uint8Array }
  | { readonly type: 'checkpoint'; readonly run: number; readonly call: number; readonly step: number; readonly bytes: Uint8Array }
  | { readonly type: 'done'; readonly run: number; readonly output: Json; readonly units: number }
  | { readonly type: 'failed'; readonly run: number; readonly code: string; readonly message: string };
