// Whether an officer injects as many phantoms as it owes. What it committed to and opened is public, and so are the rates that verdicts
// leave behind: anybody can count. Of each task that is work, `rate` is audited; of these the share `phantomShare` brings a phantom
// beside it and the rest a second copy: share x rate phantoms in 1 + rate tasks.
import { regularisedBeta } from './beta';
import type { Leak } from './leak';
import { auditRate, newRecord } from './record';

/** Of all audits; the rest are replicas. Either defence alone must suffice against who sees through the other, and where one is
 *  seen through most audits are of the other. */
export function phantomShare(leak: Leak | null): number {
  switch (leak) {
    case null: return 0.6;
    case 'phantoms-recognised': return 0.15;
    case 'replicas-collude': return 0.9;
  }
}

export interface OfficerTally {
  readonly tasks: number;
  readonly phantoms: number;
  /** Sum over the tasks of the chance that each was owed to be one. */
  readonly owed: number;
}

export const noTasks: OfficerTally = { tasks: 0, phantoms: 0, owed: 0 };

/** Adds one opened batch. `rate` is the mean audit rate of the nodes when it was committed. */
export function withBatch(before: OfficerTally, opened: readonly { readonly isPhantom: boolean }[], rate: number, leak: Leak | null): OfficerTally {
  const owedEach = phantomShare(leak) * rate / (1 + rate);
  return {
    tasks: before.tasks + opened.length,
    phantoms: before.phantoms + opened.filter(({ isPhantom }) => isPhantom).length,
    owed: before.owed + owedEach * opened.length,
  };
}

/** The chance that an officer who keeps its promise would have injected as few. Tasks have chances of their own; none of their sums has
 *  a heavier lower tail than the binomial with their mean (Hoeffding 1956). */
export function chanceOfSoFew({ tasks, phantoms, owed }: OfficerTally): number {
  if (tasks === 0 || phantoms >= tasks) return 1;
  return regularisedBeta(1 - owed / tasks, tasks - phantoms, phantoms + 1);
}

/** Looked at again and again, so far out that chance does not get there. */
const believable = 1e-6;

export function breaksPromise(tally: OfficerTally): boolean {
  return tally.phantoms < tally.owed && chanceOfSoFew(tally) < believable;
}

export interface Opening { readonly taskId: string; readonly salt: string; readonly expectedHash: string | null; readonly isPhantom: boolean }

/** An event as the public feed has it. */
export interface PublicEvent { readonly type: string; readonly position: string; readonly data: Readonly<Record<string, unknown>> }

/** What an officer opened of what it committed to after a position, by the public feed in its order. */
export function officerTally(events: readonly PublicEvent[], after = -1n): OfficerTally {
  const rates = new Map<string, number>();
  const committed = new Map<string, { readonly rate: number; readonly leak: Leak | null }>();
  let leak: Leak | null = null;
  let tally = noTasks;
  for (const { type, position, data } of events) {
    if (type === 'VerdictReached' && (data['work'] === 'inference' || data['work'] === 'training')) rates.set(String(data['nodeId']), Number(data['auditRate']));
    if (type === 'LeakSuspected') leak = data['leak'] as Leak;
    if (type === 'LeakCleared') leak = null;
    const mean = rates.size === 0 ? auditRate(newRecord) : [...rates.values()].reduce((sum, rate) => sum + rate, 0) / rates.size;
    if (type === 'BatchCommitted' && BigInt(position) > after) committed.set(String(data['batchId']), { rate: mean, leak });
    const batch = type === 'BatchOpened' ? committed.get(String(data['batchId'])) : undefined;
    if (batch !== undefined) tally = withBatch(tally, data['openings'] as readonly Opening[], batch.rate, batch.leak);
  }
  return tally;
}
