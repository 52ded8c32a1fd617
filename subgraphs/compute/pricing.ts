// A quote is what the spec's bound costs; it is reserved before the run, and no more than it is captured.
import type { Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import { unitBound } from './spec';

export const unitPriceMicroUsd: Readonly<Record<JobKind, bigint>> = {
  inference: 20n, training: 40n, evaluation: 20n, preprocess: 5n, container: 0n,
};

export function quoteMicroUsd(kind: JobKind, spec: Json): bigint {
  return unitPriceMicroUsd[kind] * BigInt(unitBound(kind, spec));
}

/** Whole units from 1 to the spec's bound, whatever was claimed. */
export function creditedUnits(kind: JobKind, spec: Json, claimed: number): number {
  return Math.max(1, Math.min(Math.trunc(Number.isFinite(claimed) ? claimed : 1), unitBound(kind, spec)));
}
