// Which nodes take the pieces of a segment. A piece that dies with another is not redundancy, so pieces are spread over operators
// first, then networks, then regions, while enough of them exist; among equals chance decides, weighted by trust.
import type { Code } from '@oort/algorithms-erasure';
import type { StorageNode } from './port';

/** Nodes in the order in which they should be tried for the next pieces. A node holds one piece of a segment, and an operator
 *  never more than n - k, so that no operator alone can lose it. `random` gives numbers in [0, 1). */
export function placementOrder(
  candidates: readonly StorageNode[], holders: readonly StorageNode[], code: Code, random: () => number,
): readonly StorageNode[] {
  const left = candidates
    .filter(({ nodeId }) => !holders.some((holder) => holder.nodeId === nodeId))
    // Weighted sampling without replacement: Efraimidis and Spirakis 2006.
    .map((node) => ({ node, lot: Math.pow(random(), 1 / Math.max(node.trust, 0.01)) }))
    .sort((a, b) => b.lot - a.lot)
    .map(({ node }) => node);
  const placed = [...holders];
  const order: StorageNode[] = [];
  while (left.length > 0) {
    const best = left.reduce((leader, node) => (crowding(node, placed) < crowding(leader, placed) ? node : leader));
    left.splice(left.indexOf(best), 1);
    if (placed.filter(({ operator }) => operator === best.operator).length >= Math.max(1, code.n - code.k)) continue;
    placed.push(best);
    order.push(best);
  }
  return order;
}

/** Lexicographic: an operator met twice weighs more than any number of shared networks, and a network more than regions. */
export function crowding(node: StorageNode, placed: readonly StorageNode[]): number {
  const count = (same: (other: StorageNode) => boolean): number => placed.filter(same).length;
  return count(({ operator }) => operator === node.operator) * 10_000
    + count(({ network }) => network === node.network) * 100 + count(({ region }) => region === node.region);
}
