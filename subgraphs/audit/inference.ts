// The shapes of an inference job that audits read: what was asked, and what was answered.
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

/** A fresh input of the same shape: every value that is not zero is dimmed by its own small amount, so that no hash
 *  and no content id repeats, while the distribution stays that of the real work. */
export function augment(inputs: InferenceTask['inputs'], random: () => number): InferenceTask['inputs'] {
  const gain = 0.85 + 0.15 * random();
  return inputs.map((row) => row.map((value) => (value === 0 ? 0 : Math.fround(value * gain * (0.97 + 0.03 * random())))));
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMatrix(value: unknown): value is readonly (readonly number[])[] {
  return Array.isArray(value) && value.length > 0
    && value.every((row) => Array.isArray(row) && row.every((cell) => typeof cell === 'number'));
}
