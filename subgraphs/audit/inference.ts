// The shapes of an inference job that audits read: what was asked, and what was answered.
import { newNonce } from '@oort/schema/job-spec';
import type { Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';

export interface InferenceTask { readonly modelContentId: string; readonly inputs: readonly (readonly number[])[] }

type Members = { readonly [key: string]: Json };

/** Null for an inference whose inputs are not in its spec: what cannot be made anew cannot be a phantom. */
export function readTask(spec: unknown): InferenceTask | null {
  if (!isMembers(spec)) return null;
  const { modelContentId, input } = spec;
  return typeof modelContentId === 'string' && isMatrix(input) ? { modelContentId, inputs: input } : null;
}

/** Raw outputs, flattened row by row; null when the answer has none. */
export function readAnswer(output: unknown): readonly number[] | null {
  return isMembers(output) && isMatrix(output['outputs']) ? output['outputs'].flat() : null;
}

/** The work that an audit's verdict is about. */
export function workOf(kind: JobKind): 'inference' | 'training' {
  return kind === 'training' || kind === 'evaluation' ? 'training' : 'inference';
}

/** A spec like the one given, with these inputs. */
export function withInputs(spec: Json, inputs: InferenceTask['inputs']): Json {
  return { ...(spec as Members), input: inputs };
}

/** The same under another nonce, where it has one: public ids of specs must not tell that one was asked before. */
export function renewed(spec: Json): Json {
  const members = spec as Members;
  return typeof members['nonce'] === 'string' ? { ...members, nonce: newNonce() } : spec;
}


function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMatrix(value: unknown): value is readonly (readonly number[])[] {
  return Array.isArray(value) && value.length > 0
    && value.every((row) => Array.isArray(row) && row.every((cell) => typeof cell === 'number'));
}
