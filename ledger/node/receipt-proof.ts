// A proof that a transaction's receipt is final, for somebody who trusts nothing but the genesis hash (ledger/verifier):
// receipt -> receipts root -> summary of its block -> later summaries -> signed blocks of W - m + 1 witnesses that cite them.
import { encodeBlock, majorityOf } from '@oort/ledger-chain';
import type { Block, ChainParameters, Hash } from '@oort/ledger-chain';
import { receiptProof } from '@oort/ledger-execution';
import type { StableChain } from '@oort/ledger-execution';
import { LedgerFault, rpcCodes } from '@oort/ledger-rpc';
import type { ReceiptProof } from '@oort/ledger-verifier';

export interface ProofSource {
  readonly chain: StableChain;
  readonly parameters: ChainParameters;
  readonly unstable: () => Iterable<Block>;
}

export async function buildReceiptProof(transaction: Hash, source: ProofSource): Promise<ReceiptProof | null> {
  const { chain } = source;
  const receipt = chain.receipt(transaction);
  const block = receipt === undefined ? undefined : chain.block(receipt.block);
  if (block === undefined) return null;
  const position = block.links.indexOf(transaction);
  const from = present(chain.record(block.hash), block.hash);
  const citations = citing(from.mci, source);
  if (citations === null) return null;
  const highest = Math.max(...citations.map(({ mci }) => mci));
  return {
    transaction,
    position,
    block: encodeBlock(block),
    receiptProof: await receiptProof(chain.encodedReceipts(block.hash), position),
    summaries: upward(block.hash, from.mci, highest, chain).map((hash) => chain.encodedSummary(hash)),
    citations: citations.map(({ block: citation }) => encodeBlock(citation)),
  };
}

/** The first W - m + 1 blocks of different authors that cite a summary at or above `mci`; null while there are fewer. */
function citing(mci: number, { chain, parameters, unstable }: ProofSource): { block: Block; mci: number }[] | null {
  const needed = parameters.witnessCount - majorityOf(parameters.witnessCount) + 1;
  const found = new Map<string, { block: Block; mci: number }>();
  const take = (block: Block): boolean => {
    const cited = chain.record(block.lastSummaryBlock)?.mci ?? -1;
    if (cited >= mci && !found.has(block.from)) found.set(block.from, { block, mci: cited });
    return found.size === needed;
  };
  const first = chain.record(chain.trunkAt(mci) ?? '')?.index ?? 0;
  for (let index = first + 1; ; index += 1) {
    const block = chain.block(chain.hashAt(index) ?? '');
    if (block === undefined) break;
    if (take(block)) return [...found.values()];
  }
  for (const block of unstable()) if (take(block)) return [...found.values()];
  return null;
}

/** From the block up to the trunk block of `highest`: each summary hashes the one before it. */
function upward(start: Hash, mci: number, highest: number, chain: StableChain): Hash[] {
  const path = withinMci(start, mci, chain);
  for (let at = mci + 1; at <= highest; at += 1) path.push(present(chain.trunkAt(at), `the trunk at ${at}`));
  return path;
}

/** From a block down in an MCI to its trunk block, found from above through the parents that became stable with it. */
function withinMci(start: Hash, mci: number, chain: StableChain): Hash[] {
  const trunk = present(chain.trunkAt(mci), `the trunk at ${mci}`);
  const above = new Map<Hash, Hash | null>([[trunk, null]]);
  for (const hash of above.keys()) {
    if (hash === start) break;
    for (const parent of chain.block(hash)?.parents ?? []) {
      if (chain.record(parent)?.mci === mci && !above.has(parent)) above.set(parent, hash);
    }
  }
  const path: Hash[] = [];
  for (let at: Hash | null = start; at !== null; at = above.get(at) ?? null) path.push(at);
  return path;
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new LedgerFault('PROOF_UNAVAILABLE', rpcCodes.internal, `${what} is not here`);
  return value;
}
