// The rules in their order of precedence. A block is valid, invalid for one reason, or waits for one thing.
import type { Address, Block } from '@oort/ledger-chain';
import { bestOf, witnessedLevelOf } from './best-parent';
import { checkAuthor, checkLastStable, checkLastSummary } from './citation';
import { checkDistinctMajority } from './distinct-majority';
import type { Entry, Surroundings } from './entry';
import { checkLinks } from './links';
import { checkParents } from './parents';
import type { BlockRefusal, Waiting } from './refusals';
import { checkShape } from './shape';
import { checkTime } from './time';

export type Verdict =
  | { readonly kind: 'valid'; readonly entry: Entry }
  | { readonly kind: 'waits'; readonly waiting: Waiting }
  | { readonly kind: 'invalid'; readonly refusal: BlockRefusal };

/** `recover` is asked once a block; a process that signed or already checked the block may answer from memory. */
export function validateBlock(block: Block, around: Surroundings, recover: (block: Block) => Address | null): Verdict {
  const malformed = checkShape(block, around.parameters);
  if (malformed !== null) return invalid(malformed);
  const recovered = recover(block);
  if (recovered !== block.from) return invalid({ code: 'SIGNATURE_NOT_OF_AUTHOR', from: block.from, recovered });

  const parents: Entry[] = [];
  for (const hash of block.parents) {
    const parent = around.entry(hash);
    if (parent === undefined) return waits({ kind: 'block', hash });
    parents.push(parent);
  }
  const bestParent = bestOf(parents);
  if (bestParent === undefined) return invalid({ code: 'PARENT_COUNT', count: 0, maximum: around.parameters.maximumParents });
  const wrong = checkAuthor(block, bestParent, around) ?? checkParents(block, parents, around.entry);
  if (wrong !== null) return invalid(wrong);
  const time = checkTime(block, parents, around);
  if (time !== null) return outcome(time);

  const links: { from: Address; nonce: number }[] = [];
  for (const hash of block.links) {
    const link = around.transaction(hash);
    if (link === undefined) return waits({ kind: 'transaction', hash });
    links.push(link);
  }
  const approve = block.approves.find((hash) => !around.hasApprove(hash));
  if (approve !== undefined) return waits({ kind: 'approve', hash: approve });
  const { witnessCount } = around.parameters;
  const wrongLine = checkLinks(links) ?? checkDistinctMajority(block.from, bestParent, around.entry, witnessCount);
  if (wrongLine !== null) return invalid(wrongLine);
  const citation = checkLastStable(block, bestParent, parents, around) ?? checkLastSummary(block, bestParent, around);
  if (citation !== null) return outcome(citation);

  const level = bestParent.level + 1;
  const witnessedLevel = witnessedLevelOf(level, witnessCount);
  return { kind: 'valid', entry: { hash: block.hash, block, level, witnessedLevel, bestParent: bestParent.hash } };
}

function invalid(refusal: BlockRefusal): Verdict {
  return { kind: 'invalid', refusal };
}

function waits(waiting: Waiting): Verdict {
  return { kind: 'waits', waiting };
}

function outcome(result: { readonly refused: BlockRefusal } | { readonly waits: Waiting }): Verdict {
  return 'refused' in result ? invalid(result.refused) : waits(result.waits);
}
