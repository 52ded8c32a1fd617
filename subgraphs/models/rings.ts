// Which devices a deployment reaches first. The order is a hash's, so that it is the same for whoever computes it, and another one
// for every deployment: no device is always the first to try what is new.
import { sha256Hex } from '@oort/kernel-wire';

/** Rising percentages that end in 100; null for anything else. */
export function readRings(rings: readonly number[]): readonly number[] | null {
  const rising = rings.every((percent, index) => Number.isInteger(percent) && percent > (rings[index - 1] ?? 0));
  return rings.length > 0 && rings.length <= 10 && rising && rings.at(-1) === 100 ? rings : null;
}

/** At least one device, whatever the percentage. */
export function nodesWithin(deploymentId: string, nodeIds: readonly string[], percent: number): readonly string[] {
  const inOrder = nodeIds.map((nodeId) => [sha256Hex(`${deploymentId}/${nodeId}`), nodeId] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return inOrder.slice(0, Math.max(1, Math.ceil((nodeIds.length * percent) / 100))).map(([, nodeId]) => nodeId);
}
