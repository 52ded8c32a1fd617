// What a witness writes next: OLYMPUS.md section 5.
import { zeroHash } from '@oort/ledger-chain';
import type { Address, BlockBody, Hash } from '@oort/ledger-chain';
import { present } from './ancestry';
import { summaryBlockOf } from './citation';
import type { Dag } from './dag';
import { checkDistinctMajority, recentAuthors } from './distinct-majority';
import type { Surroundings } from './entry';
import { blockingCount, provenStable } from './stability';

export interface Draft {
  readonly author: Address;
  /** The author's own last block, zero before its first. */
  readonly previous: Hash;
  readonly links: readonly Hash[];
  readonly approves?: readonly Hash[];
}

/** Rule 2 seen from the pen: may this author extend the trunk now? */
export function mayExtend(dag: Dag, author: Address, witnessCount: number): boolean {
  return checkDistinctMajority(author, dag.trunkTip, dag.entry, witnessCount) === null;
}

/** Whose turn it is: among those who may extend the trunk the one whose last trunk block is oldest goes first.
 *  Everybody reads the same order from the same trunk, so witnesses that run do not collide, and one that is down only
 *  costs the next one its pause. */
export function turnOf(dag: Dag, author: Address, witnesses: readonly Address[]): number {
  return lineOf(dag, witnesses).indexOf(author);
}

/** Those who may extend the trunk, in the order of their turns. */
export function lineOf(dag: Dag, witnesses: readonly Address[]): readonly Address[] {
  const recent = recentAuthors(dag.entry, dag.trunkTip, 2 * witnesses.length);
  const age = (witness: Address): number => {
    const position = recent.indexOf(witness);
    return position === -1 ? Number.POSITIVE_INFINITY : position;
  };
  return witnesses
    .map((witness, seat) => ({ witness, seat }))
    .filter(({ witness }) => mayExtend(dag, witness, witnesses.length))
    .sort((a, b) => (age(a.witness) === age(b.witness) ? a.seat - b.seat : age(b.witness) - age(a.witness)))
    .map(({ witness }) => witness);
}

/** What a witness's own clients wait for. */
export interface Awaited {
  /** Nothing was under way when it came: the chain was silent. */
  readonly fromSilence: boolean;
  /** Levels of the blocks that link it. */
  readonly levels: readonly number[];
}

/** A witness need not wait for its turn for its own clients where a branch of one block cannot hold stability up (5c: for W = 14, not
 *  for W = 4): it opens a silent chain itself, and it writes the block that makes final what they wait for. Each saves a hop. */
export function mayWriteOutOfTurn(dag: Dag, author: Address, { fromSilence, levels }: Awaited, { parameters }: Surroundings): boolean {
  const { witnessCount } = parameters;
  if (blockingCount(witnessCount) < 2 || !mayExtend(dag, author, witnessCount)) return false;
  if (fromSilence) return true;
  if (levels.length === 0) return false;
  const parents = [dag.trunkTip, ...dag.tips()];
  const stable = provenStable({ author, parents, bestParent: dag.trunkTip }, dag.entry, witnessCount)?.level ?? 0;
  return levels.some((level) => level > dag.lastStable.level && level <= stable);
}

/** Null where the summary to cite has not been computed yet, or where the tips contradict each other. */
export function composeBlock(dag: Dag, draft: Draft, around: Surroundings): BlockBody | null {
  const { parameters } = around;
  const best = dag.trunkTip;
  const wanted = [best.hash, ...(draft.previous === zeroHash ? [] : [draft.previous]), ...dag.tips().map((tip) => tip.hash)];
  const parents = [...new Set(wanted)].slice(0, parameters.maximumParents).sort();
  const entries = parents.map((hash) => present(dag.entry, hash));
  const stable = provenStable({ author: draft.author, parents: entries, bestParent: best }, dag.entry, parameters.witnessCount);
  const lastSummaryBlock = summaryBlockOf(best);
  const lastSummary = around.summary(lastSummaryBlock);
  if (stable === undefined || lastSummary === undefined) return null;
  return {
    from: draft.author,
    previous: draft.previous,
    parents,
    links: draft.links,
    approves: draft.approves ?? [],
    lastSummary,
    lastSummaryBlock,
    lastStableBlock: stable.hash,
    timestamp: Math.max(around.now(), ...entries.map((entry) => entry.block.timestamp)),
  };
}
