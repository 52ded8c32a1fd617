// What a job wants of a node, as one value: jobs that want the same stand in one line.
import { canonicalJson, type Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import { jobClasses, termsOf } from '@oort/schema/job-spec';
import type { Demand } from './matching';

export function demandOf(kind: JobKind, spec: Json): Demand {
  const { class: jobClass, deadline, resources: { cores, memoryMb, gpu }, constraints, sandbox } = termsOf(kind, spec);
  const { regions, near, notOperators, runtimeClass, minimumTrust, bidBasisPoints } = constraints;
  return { kind, class: jobClass, cores, memoryMb, gpu, regions, near, notOperators, runtimeClass, minimumTrust, sandbox, bidBasisPoints, datable: deadline !== null };
}

/** Equal for equal demands; sorts by class, the reserved first. */
export function lineOf(demand: Demand): string {
  return `${jobClasses.indexOf(demand.class)} ${canonicalJson(demand as unknown as Json)}`;
}
