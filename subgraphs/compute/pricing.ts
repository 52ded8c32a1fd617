// A quote is what the spec's bound costs at the dearest node that the spec bids for; it is reserved before the run, and no more
// than it is captured. What is captured goes by what the node asked.
import type { Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import { termsOf } from '@oort/schema/job-spec';
import { unitBound } from './spec';

export const unitPriceMicroUsd: Readonly<Record<JobKind, bigint>> = {
  inference: 20n, training: 40n, evaluation: 20n, preprocess: 5n, container: 50n,
};

export function quoteMicroUsd(kind: JobKind, spec: Json): bigint {
  return priceOf(kind, unitBound(kind, spec), termsOf(kind, spec).constraints.bidBasisPoints);
}

/** Rounded up to a micro-dollar. */
export function priceOf(kind: JobKind, units: number, askBasisPoints: number): bigint {
  return (unitPriceMicroUsd[kind] * BigInt(units) * BigInt(askBasisPoints) + 9_999n) / 10_000n;
}

/** Whole units from 1 to the spec's bound, whatever was claimed. */
export function creditedUnits(kind: JobKind, spec: Json, claimed: number): number {
  return Math.max(1, Math.min(Math.trunc(Number.isFinite(claimed) ? claimed : 1), unitBound(kind, spec)));
}
