// Whether workers can tell phantoms from real work. A node that sees through them passes them all and fails only where its answers
// are compared with another's; nodes that collude pass the comparisons and fail only phantoms. Either gap shows in the failures of
// each node, whatever its own fault rate is: Mantel and Haenszel 1959, one 2 x 2 table a node.
import type { Outcome } from './record';

export interface AuditTally { readonly phantomPasses: number; readonly phantomFailures: number; readonly replicaPasses: number; readonly replicaFailures: number }

export const noAudits: AuditTally = { phantomPasses: 0, phantomFailures: 0, replicaPasses: 0, replicaFailures: 0 };

export type Leak = 'phantoms-recognised' | 'replicas-collude';

/** Standard deviations. Looked at after each of thousands of audits, so far out that chance does not get there. */
const suspicious = 4;
/** With fewer failures the normal approximation says too much. */
const fewestFailures = 5;

export function tally(before: AuditTally, evidence: 'phantom' | 'replica', outcome: Outcome): AuditTally {
  if (outcome === 'inconclusive') return before;
  const name = `${evidence}${outcome === 'pass' ? 'Passes' : 'Failures'}` as const;
  return { ...before, [name]: before[name] + 1 };
}

/** Above zero where replicas fail more often than phantoms, in standard deviations; 0 while nothing can be said. */
export function failureGap(nodes: Iterable<AuditTally>): number {
  let excess = 0;
  let variance = 0;
  let failed = 0;
  for (const { phantomPasses, phantomFailures, replicaPasses, replicaFailures } of nodes) {
    const phantoms = phantomPasses + phantomFailures;
    const replicas = replicaPasses + replicaFailures;
    const failures = phantomFailures + replicaFailures;
    const total = phantoms + replicas;
    if (total < 2) continue;
    failed += failures;
    excess += replicaFailures - failures * replicas / total;
    variance += failures * (total - failures) * phantoms * replicas / (total * total * (total - 1));
  }
  return failed < fewestFailures || variance === 0 ? 0 : excess / Math.sqrt(variance);
}

export function leakOf(nodes: Iterable<AuditTally>): Leak | null {
  const gap = failureGap(nodes);
  if (gap > suspicious) return 'phantoms-recognised';
  return gap < -suspicious ? 'replicas-collude' : null;
}
