// The outline of a history, shown before any of it is fetched: from what is final at the asker up to a late summary, each summary within
// the next, by the skip list in steps of 10, 100, 1000 ... (OLYMPUS.md rule 11), and signed blocks of W - m + 1 witnesses that cite it.
// One of those is honest and cites only what it has computed, so a history that leads elsewhere is refused at the cost of a few kilobytes.
// An outline goes no farther than the epochs whose witnesses the asker knows; behind that the next one begins.
import { keccak256 } from 'ethers';
import { decodeBlock, encodeBlock, epochOf, majorityOf, recoverAuthor } from '@oort/ledger-chain';
import type { Address, Block, ChainParameters, Hash, Hex } from '@oort/ledger-chain';
import type { StableChain } from '@oort/ledger-execution';
import { summaryOf } from '@oort/ledger-verifier';
import { HistoryRefused } from './history-refused';

export interface Outline {
  readonly summaries: readonly Hex[];
  readonly citations: readonly Hex[];
}

/** What must be true where the history has been run. */
export interface Waypoint {
  readonly hash: Hash;
  readonly summary: Hash;
}

export type Waypoints = ReadonlyMap<number, Waypoint>;

/** Stable blocks that are looked through for citations, from the end of the outline down. */
const searched = 512;

export interface OutlineSource {
  readonly chain: StableChain;
  readonly parameters: ChainParameters;
  readonly unstable: () => Iterable<Block>;
}

/** Null where this node cannot show that anything behind the MCI is final. */
export function outlineOf(mci: number, source: OutlineSource): Outline | null {
  const { chain, parameters } = source;
  const head = chain.point().mci;
  if (mci >= head) return null;
  // The asker knows who serves in its own epoch and in the next.
  const { epochLength, elections } = parameters;
  const limit = elections === undefined ? head : Math.min(head, (epochOf(mci, parameters) + 2) * epochLength - 1);
  const cited = citing(mci, limit, source);
  if (cited === null) return null;
  const [lowest, highest] = [Math.min(...cited.map((each) => each.mci)), Math.max(...cited.map((each) => each.mci))];
  const path = climb(mci, lowest);
  for (let at = lowest + 1; at <= highest; at += 1) path.push(at);
  const summaries = path.map((at) => chain.encodedSummary(chain.trunkAt(at) ?? ''));
  return { summaries, citations: cited.map(({ block }) => encodeBlock(block)) };
}

/** By the longest steps that the skip list has: a trunk block whose MCI is a multiple of 10 links MCI - 10, of 100 MCI - 100. */
function climb(from: number, to: number): number[] {
  const path: number[] = [];
  for (let at = from; at < to;) {
    let step = 1;
    while (at % (step * 10) === 0 && at + step * 10 <= to) step *= 10;
    at += step;
    path.push(at);
  }
  return path;
}

interface Citation {
  readonly block: Block;
  readonly mci: number;
}

/** The last W - m + 1 blocks of different witnesses of one epoch that cite a summary behind `mci` and not behind `limit`. */
function citing(mci: number, limit: number, { chain, parameters, unstable }: OutlineSource): readonly Citation[] | null {
  const found = new Map<number, Map<Address, Citation>>();
  const needed = signersNeeded(parameters);
  const take = (block: Block): readonly Citation[] | null => {
    const cited = chain.record(block.lastSummaryBlock)?.mci ?? -1;
    if (cited <= mci || cited > limit) return null;
    const epoch = epochOf(cited, parameters);
    const ofEpoch = found.get(epoch) ?? new Map<Address, Citation>();
    found.set(epoch, ofEpoch);
    if (!ofEpoch.has(block.from)) ofEpoch.set(block.from, { block, mci: cited });
    return ofEpoch.size === needed ? [...ofEpoch.values()] : null;
  };
  const { nextIndex } = chain.point();
  const last = chain.record(chain.trunkAt(limit) ?? '')?.index ?? nextIndex - 1;
  if (limit === chain.point().mci) {
    for (const block of [...unstable()].reverse()) {
      const enough = take(block);
      if (enough !== null) return enough;
    }
  }
  const top = Math.min(nextIndex - 1, last + searched);
  for (let index = top; index > Math.max(0, top - 2 * searched); index -= 1) {
    const block = chain.block(chain.hashAt(index) ?? '');
    const enough = block === undefined ? null : take(block);
    if (enough !== null) return enough;
  }
  return null;
}

/** At most W - m witnesses lie, so among so many there is an honest one. */
function signersNeeded({ witnessCount }: ChainParameters): number {
  return witnessCount - majorityOf(witnessCount) + 1;
}

/** What a history must pass through, by stable index. Throws HistoryRefused. */
export function checkOutline({ summaries, citations }: Outline, chain: StableChain, parameters: ChainParameters): Waypoints {
  const waypoints = new Map<number, Waypoint>();
  const promised = new Set<Hash>();
  let below = chain.summary(chain.point().hash) ?? '';
  for (const wire of summaries) {
    const summary = summaryRead(wire);
    if (!summary.below.has(below)) throw new HistoryRefused('HISTORY_UNLINKED', `the summary of block ${summary.blockHash} does not contain the one before it`);
    below = keccak256(wire);
    promised.add(below);
    waypoints.set(summary.stableIndex, { hash: summary.blockHash, summary: below });
  }
  checkSigners(citations, promised, chain, parameters);
  return waypoints;
}

function checkSigners(citations: readonly Hex[], promised: ReadonlySet<Hash>, chain: StableChain, parameters: ChainParameters): void {
  const epoch = epochOf(chain.point().mci, parameters);
  const known = [epoch, epoch + 1].flatMap((each) => [chain.witnesses(each) ?? []]);
  const signers = new Set<Address>();
  for (const wire of citations) {
    const block = blockRead(wire);
    if (!promised.has(block.lastSummary)) throw new HistoryRefused('HISTORY_UNSIGNED', `block ${block.hash} cites none of the summaries`);
    if (recoverAuthor(block.hash, block.signature) !== block.from) throw new HistoryRefused('HISTORY_UNSIGNED', `block ${block.hash} is not signed by its author`);
    signers.add(block.from);
  }
  // Signers of two sets do not add up: each set may have its own W - m liars.
  const most = Math.max(...known.map((set) => set.filter((witness) => signers.has(witness)).length));
  const needed = signersNeeded(parameters);
  if (most < needed) throw new HistoryRefused('HISTORY_UNSIGNED', `${most} witnesses of one set have signed for it, ${needed} must`);
}

function summaryRead(wire: Hex): ReturnType<typeof summaryOf> {
  try {
    return summaryOf(wire);
  } catch {
    throw new HistoryRefused('HISTORY_UNLINKED', 'what should be a summary is none');
  }
}

function blockRead(wire: Hex): Block {
  try {
    return decodeBlock(wire);
  } catch {
    throw new HistoryRefused('HISTORY_UNSIGNED', 'what should be a signed block is none');
  }
}
