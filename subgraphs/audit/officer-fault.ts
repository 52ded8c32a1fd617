// Faults of the officer on purpose, so that others can be seen to notice them. Set by the environment of the platform, which says so:
//   OORT_OFFICER_FAULT=none-injected     it commits to every task and injects no phantom and no second copy
//   OORT_OFFICER_FAULT=phantoms-leaked   the ids of its phantoms come into OORT_OFFICER_FAULT_FILE, one a line, before they are sent out
import { appendFileSync } from 'node:fs';
import type { EventStore } from '@oort/kernel-eventstore';
import { Fault } from '@oort/kernel-wire';

const faults = ['none-injected', 'phantoms-leaked'] as const;
export interface OfficerFault { readonly name: (typeof faults)[number]; readonly file: string | null }

/** Throws for a fault that nobody knows. */
export function officerFaultFrom(environment: Readonly<Record<string, string | undefined>>): OfficerFault | null {
  const named = environment['OORT_OFFICER_FAULT'];
  if (named === undefined || named === '') return null;
  const name = faults.find((fault) => fault === named);
  if (name === undefined) throw new Fault('UNKNOWN_FAULT', `OORT_OFFICER_FAULT knows ${faults.join(', ')}, not ${named}`);
  process.stderr.write(`the officer cheats on purpose: ${name}\n`);
  return { name, file: environment['OORT_OFFICER_FAULT_FILE'] ?? null };
}

/** Draws that never choose to audit. */
export function drawsOf(fault: OfficerFault | null): { random?(): number } {
  return fault?.name === 'none-injected' ? { random: () => 1 } : {};
}

/** Writes the ids as they are committed to, until the signal. */
export async function leakPhantoms(fault: OfficerFault | null, store: EventStore, signal: AbortSignal): Promise<void> {
  if (fault?.name !== 'phantoms-leaked' || fault.file === null) return;
  for await (const delivery of store.subscribe({ from: 'start', filter: { types: ['TaskCommitted'] }, signal })) {
    if (delivery.kind !== 'event') continue;
    const { taskId, isPhantom } = delivery.event.data as { readonly taskId: string; readonly isPhantom: boolean };
    if (isPhantom) appendFileSync(fault.file, `${taskId}\n`);
  }
}
