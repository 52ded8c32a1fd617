// What could be lost within a year, computed from where everything lies now, and what would make it less. Nodes fail on their own;
// an operator, with all of its nodes, goes at once; and what misses pieces now is in more danger until it is repaired.
import { annualLossProbability } from './durability';

export interface Assumptions {
  /** Permanent failures of a node, and of an operator with all its nodes, a year. */
  readonly failuresPerYear: number;
  readonly operatorLossesPerYear: number;
  /** From a failure until all its pieces are rebuilt. */
  readonly repairHours: number;
}

export interface PlacedGroup { readonly k: number; readonly n: number; readonly nodeIds: readonly string[]; readonly segments: number; readonly bytes: number }
export interface PlacedNode { readonly nodeId: string; readonly operator: string; readonly online: boolean; readonly status: string }

export interface CodeReport {
  readonly k: number; readonly n: number; readonly segments: number; readonly bytes: number;
  /** Segments with fewer than n pieces on nodes that are there. */
  readonly incomplete: number;
  /** Segments that one operator alone could lose. */
  readonly oneOperatorLoses: number;
  /** For one segment: the mean over those of this code. */
  readonly annualLoss: number;
}

export interface Improvement { readonly what: string; readonly annualLoss: number }

export interface DurabilityReport {
  readonly assumptions: Assumptions;
  readonly codes: readonly CodeReport[];
  /** For a segment picked by chance. */
  readonly annualLoss: number;
  /** The best first; only what helps. */
  readonly improvements: readonly Improvement[];
}

const hoursPerYear = 24 * 365.25;

export function durabilityReport(groups: readonly PlacedGroup[], nodes: readonly PlacedNode[], assumptions: Assumptions): DurabilityReport {
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const placed = groups.map((group) => ({ ...group, ...spreadOf(group, byId) }));
  const segments = placed.reduce((sum, group) => sum + group.segments, 0);
  const mean = (lossOf: (group: typeof placed[number]) => number): number =>
    (segments === 0 ? 0 : placed.reduce((sum, group) => sum + lossOf(group) * group.segments, 0) / segments);
  const annualLoss = mean((group) => lossOfSegment(group, group.here, group.byOperator, assumptions));
  const spread = (group: { readonly n: number }): readonly number[] => Array.from({ length: group.n }, () => 1);
  const operators = new Set(nodes.filter(({ online, status }) => online && status === 'active').map(({ operator }) => operator)).size;
  const improvements = [
    { what: 'every segment has all its pieces again', annualLoss: mean((group) => lossOfSegment(group, group.n, filled(group.byOperator, group.n - group.here), assumptions)) },
    { what: 'repair takes half the time', annualLoss: mean((group) => lossOfSegment(group, group.here, group.byOperator, { ...assumptions, repairHours: assumptions.repairHours / 2 })) },
    { what: 'no operator has two pieces of a segment', annualLoss: mean((group) => lossOfSegment(group, group.n, spread(group), assumptions)) },
    ...[{ k: 6, n: 9 }, { k: 10, n: 16 }].filter(({ n }) => operators < n).map((code) => ({
      what: `${code.n} operators (${operators} now), so that new segments are ${code.k} of ${code.n}`, annualLoss: lossOfSegment(code, code.n, spread(code), assumptions) })),
  ].filter((improvement) => improvement.annualLoss < annualLoss * 0.99).sort((a, b) => a.annualLoss - b.annualLoss);
  return { assumptions, codes: codesOf(placed, assumptions), annualLoss, improvements };
}

interface Spread { readonly here: number; readonly byOperator: readonly number[] }

/** Pieces on nodes that are there, and how many of them each operator has. */
function spreadOf({ nodeIds }: PlacedGroup, byId: ReadonlyMap<string, PlacedNode>): Spread {
  const counts = new Map<string, number>();
  for (const nodeId of nodeIds) {
    const node = byId.get(nodeId);
    if (node?.online === true) counts.set(node.operator, (counts.get(node.operator) ?? 0) + 1);
  }
  const byOperator = [...counts.values()];
  return { here: byOperator.reduce((sum, count) => sum + count, 0), byOperator };
}

/** Missing pieces go to operators of their own. */
function filled(byOperator: readonly number[], missing: number): readonly number[] {
  return [...byOperator, ...Array.from({ length: Math.max(0, missing) }, () => 1)];
}

function lossOfSegment(code: { readonly k: number; readonly n: number }, here: number, byOperator: readonly number[], assumptions: Assumptions): number {
  const { failuresPerYear, operatorLossesPerYear, repairHours } = assumptions;
  if (here < code.k) return 1;
  const independent = annualLossProbability({ ...code, failuresPerYear, repairHours });
  const untilRepaired = here < code.n ? chainLoss(here, code.k, assumptions) : 0;
  // An operator goes, and then what is left of the segment must last until it is repaired.
  const together = byOperator.reduce((sum, pieces) => sum + operatorLossesPerYear * chainLoss(here - pieces, code.k, assumptions), 0);
  return Math.min(1, independent + untilRepaired + together);
}

/** The chance that of so many pieces fewer than k are left before repair is done. */
function chainLoss(pieces: number, k: number, { failuresPerYear, repairHours }: Assumptions): number {
  if (pieces < k) return 1;
  let chance = 1;
  for (let lost = 0; lost <= pieces - k; lost += 1) chance *= (pieces - lost) * failuresPerYear * (repairHours / hoursPerYear);
  return Math.min(1, chance);
}

function codesOf(placed: readonly (PlacedGroup & Spread)[], assumptions: Assumptions): readonly CodeReport[] {
  const codes = new Map<string, (PlacedGroup & Spread)[]>();
  for (const group of placed) codes.set(`${group.k}/${group.n}`, [...codes.get(`${group.k}/${group.n}`) ?? [], group]);
  return [...codes.values()].map((groups) => {
    const sum = (of: (group: PlacedGroup & Spread) => number): number => groups.reduce((total, group) => total + of(group), 0);
    const { k = 1, n = 1 } = groups[0] ?? {};
    const segments = sum((group) => group.segments);
    return {
      k, n, segments, bytes: sum(({ bytes }) => bytes),
      incomplete: sum((group) => (group.here < n ? group.segments : 0)),
      oneOperatorLoses: sum((group) => (group.byOperator.some((pieces) => group.here - pieces < k) ? group.segments : 0)),
      annualLoss: sum((group) => lossOfSegment(group, group.here, group.byOperator, assumptions) * group.segments) / segments,
    };
  }).sort((a, b) => b.annualLoss - a.annualLoss);
}
