// Whether a piece would lie better on another node. Pieces that could die together move apart first; among places that are equally
// far from the others, a node that holds clearly less than its neighbours gets pieces until it does not.
import type { Code } from '@oort/algorithms-erasure';
import { crowding } from './placement';
import type { StorageNode } from './port';

export interface PieceToJudge {
  readonly holder: StorageNode;
  /** Of the other pieces of the segment. */
  readonly others: readonly StorageNode[];
  readonly code: Code;
}

/** A move costs a copy, so nothing moves for less than this share of difference, nor between nodes that hold little. */
const worthMoving = 0.2;
const fewPieces = 10;

/** Null where it lies well. `held` says how many pieces each node has. */
export function betterPlace(
  { holder, others, code }: PieceToJudge, candidates: readonly StorageNode[], held: ReadonlyMap<string, number>,
): StorageNode | null {
  const heldBy = ({ nodeId }: StorageNode): number => held.get(nodeId) ?? 0;
  const here = crowding(holder, others);
  const better = candidates
    .filter(({ nodeId }) => nodeId !== holder.nodeId && others.every((other) => other.nodeId !== nodeId))
    .filter(({ operator }) => others.filter((other) => other.operator === operator).length < Math.max(1, code.n - code.k))
    .map((node) => ({ node, there: crowding(node, others) }))
    .filter(({ node, there }) => there < here || (there === here && heldBy(holder) > fewPieces && heldBy(node) + 1 < heldBy(holder) * (1 - worthMoving)))
    .sort((a, b) => a.there - b.there || heldBy(a.node) - heldBy(b.node));
  return better[0]?.node ?? null;
}
