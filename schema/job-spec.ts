// What every job may say beside what its kind needs: the terms under which it runs. `job-spec.v1.schema.json` is the rule that
// submissions are held to and that others may check theirs by; this reads what it let through.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, newId, sha256Hex, type Json } from '@oort/kernel-wire';
import type { JobKind } from './events/compute';

/** Served in this order. An interruptible job gives way to a reserved one, after a grace. */
export const jobClasses = ['reserved', 'on-demand', 'interruptible'] as const;
export type JobClass = (typeof jobClasses)[number];

/** From the weakest wall to the strongest: an ordinary process, bubblewrap, an OCI runtime. */
export const sandboxLevels = ['process', 'bubblewrap', 'oci'] as const;
export type SandboxLevel = (typeof sandboxLevels)[number];

export interface JobTerms {
  readonly class: JobClass;
  /** RFC 3339; null for a job that may take as long as it takes. */
  readonly deadline: string | null;
  readonly resources: { readonly cores: number; readonly memoryMb: number; readonly diskMb: number; readonly gpu: boolean; readonly timeLimitS: number | null };
  readonly constraints: {
    readonly regions: readonly string[]; readonly near: readonly string[]; readonly notOperators: readonly string[];
    readonly runtimeClass: string | null; readonly minimumTrust: number;
    /** The dearest node that is asked, in basis points of the list price. */ readonly bidBasisPoints: number;
  };
  /** The weakest wall that the submitter accepts. */
  readonly sandbox: SandboxLevel;
}

interface Given {
  readonly class?: JobClass;
  readonly deadline?: string;
  readonly resources?: Partial<JobTerms['resources']>;
  readonly constraints?: Partial<JobTerms['constraints']>;
  readonly sandbox?: SandboxLevel;
  readonly program?: object;
}

/** The published rule, as JSON Schema 2020-12; `$defs` has one for each kind. */
export function jobSpecSchema(): { readonly $id: string; readonly $defs: Readonly<Record<string, object>> } {
  return JSON.parse(readFileSync(join(__dirname, 'job-spec.v1.schema.json'), 'utf8')) as ReturnType<typeof jobSpecSchema>;
}

/** The id of a spec: SHA-256 of its RFC 8785 form, hex. */
export function jobSpecId(spec: Json): string {
  return sha256Hex(canonicalJson(spec));
}

/** Its time is that of the second: when exactly a job was made must not tell who made it. */
export function newJobId(now: Date): string {
  return newId('job', new Date(Math.floor(now.getTime() / 1000) * 1000));
}

/** For an inference's spec: whether somebody asked the same before must not show in its id. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** An inference's spec with a nonce of its own, where it has none; any other as it is. */
export function withNonce(kind: JobKind, spec: Json): Json {
  if (kind !== 'inference' || spec === null || typeof spec !== 'object' || Array.isArray(spec) || 'nonce' in spec) return spec;
  return { ...spec, nonce: newNonce() };
}

/** Of a spec that the schema let through. Foreign programs never run without a wall, whatever the spec says. */
export function termsOf(kind: JobKind, spec: Json): JobTerms {
  const given = (spec !== null && typeof spec === 'object' && !Array.isArray(spec) ? spec : {}) as Given;
  const { resources = {}, constraints = {} } = given;
  const foreign = kind === 'container' || given.program !== undefined;
  const asked = given.sandbox ?? 'process';
  return {
    class: given.class ?? 'on-demand', deadline: given.deadline ?? null, sandbox: foreign && asked === 'process' ? 'bubblewrap' : asked,
    resources: { cores: 0, memoryMb: 0, diskMb: 256, gpu: false, timeLimitS: null, ...resources },
    constraints: { regions: [], near: [], notOperators: [], runtimeClass: null, minimumTrust: 0, bidBasisPoints: 10_000, ...constraints },
  };
}
