import type { Block } from '@oort/ledger-chain';
import type { Entry, Surroundings } from './entry';
import type { BlockRefusal, Waiting } from './refusals';

/** OLYMPUS.md section 2 (not below a parent's) and rule 12 (ahead of the clock: hold, beyond the tolerance: drop). */
export function checkTime(
  block: Block, parents: readonly Entry[], { now, parameters }: Surroundings,
): { readonly refused: BlockRefusal } | { readonly waits: Waiting } | null {
  const { timestamp } = block;
  const parentTimestamp = Math.max(...parents.map((parent) => parent.block.timestamp));
  if (timestamp < parentTimestamp) return { refused: { code: 'TIME_BELOW_PARENT', timestamp, parentTimestamp } };
  const clock = now();
  if (timestamp >= clock + parameters.futureToleranceSeconds) {
    return { refused: { code: 'TIME_TOO_FAR_AHEAD', timestamp, clock } };
  }
  return timestamp > clock ? { waits: { kind: 'time', timestamp } } : null;
}
