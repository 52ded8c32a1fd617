import { epochOf } from '@oort/ledger-chain';
import type { Address, Block } from '@oort/ledger-chain';
import { present } from './ancestry';
import type { Entry, Surroundings } from './entry';
import { provenStable } from './stability';
import type { BlockRefusal, Waiting } from './refusals';

type Refused = { readonly refused: BlockRefusal };
type Outcome = Refused | { readonly waits: Waiting } | null;

/** Rule 6: neither too high nor too low. All ancestors are here, so a cited block that is not is no ancestor: nothing to wait for. */
export function checkLastStable(
  block: Block, bestParent: Entry, parents: readonly Entry[], { entry, parameters }: Surroundings,
): Refused | null {
  const proven = provenStable({ author: block.from, parents, bestParent }, entry, parameters.witnessCount);
  if (proven === undefined) return { refused: { code: 'LAST_STABLE_OFF_PATH', proven: bestParent.hash } };
  if (proven.hash === block.lastStableBlock) return null;
  const cited = entry(block.lastStableBlock);
  const code = cited !== undefined && cited.level < proven.level ? 'LAST_STABLE_TOO_LOW' : 'LAST_STABLE_TOO_HIGH';
  return { refused: { code, cited: block.lastStableBlock, proven: proven.hash } };
}

/** `last_summary_block` of a block on this best parent: what the best parent cites; a genesis cites itself. */
export function summaryBlockOf(bestParent: Entry): string {
  return bestParent.bestParent === null ? bestParent.hash : bestParent.block.lastStableBlock;
}

/** Rule 3: who may write on this best parent; undefined until the election of that epoch is final. */
export function servingOn(
  bestParent: Entry, { entry, parameters, witnesses }: Pick<Surroundings, 'entry' | 'parameters' | 'witnesses'>,
): readonly Address[] | undefined {
  return witnesses(epochOf(present(entry, summaryBlockOf(bestParent)).level, parameters));
}

/** Rule 3, which takes its epoch from the summary's block. Asked before anything is fetched for a block: everybody can sign one. Where the
 *  election is not final yet, the block waits for the summary below. */
export function checkAuthor(block: Block, bestParent: Entry, surroundings: Surroundings): BlockRefusal | null {
  const serving = servingOn(bestParent, surroundings);
  if (serving === undefined || serving.includes(block.from)) return null;
  const epoch = epochOf(present(surroundings.entry, summaryBlockOf(bestParent)).level, surroundings.parameters);
  return { code: 'AUTHOR_NOT_A_WITNESS', author: block.from, epoch };
}

/** Rule 6 for the summary. */
export function checkLastSummary(block: Block, bestParent: Entry, surroundings: Surroundings): Outcome {
  const { summary } = surroundings;
  const expected = summaryBlockOf(bestParent);
  if (block.lastSummaryBlock !== expected) {
    return { refused: { code: 'LAST_SUMMARY_BLOCK_WRONG', cited: block.lastSummaryBlock, expected } };
  }
  const known = summary(expected);
  // What elected the epoch's set runs before the summary is known.
  if (known === undefined || servingOn(bestParent, surroundings) === undefined) return { waits: { kind: 'summary', hash: expected } };
  return known === block.lastSummary
    ? null
    : { refused: { code: 'LAST_SUMMARY_WRONG', cited: block.lastSummary, expected: known } };
}
