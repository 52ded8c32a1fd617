// A proof that a transaction's receipt is final, for somebody who trusts nothing but the genesis hash (ledger/verifier):
// receipt -> receipts root -> summary of its block -> later summaries -> signed blocks of W - m + 1 witnesses that cite them.
// Where those witnesses are not the genesis set, the receipts that elected their sets come first, each proven in the same way.
import { encodeBlock, epochOf, majorityOf } from '@oort/ledger-chain';
import type { Address, Block, ChainParameters, Hash } from '@oort/ledger-chain';
import { receiptProof } from '@oort/ledger-execution';
import type { StableChain } from '@oort/ledger-execution';
import { LedgerFault, rpcCodes } from '@oort/ledger-rpc';
import type { FinalReceipt, ReceiptProof } from '@oort/ledger-verifier';

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
  const final = await finalReceipt(block, block.links.indexOf(transaction), source);
  if (final === null) return null;
  const sets = await setsUpTo(final.epoch, source);
  return sets === null ? null : { transaction, ...final.proof, sets };
}

async function finalReceipt(
  block: Block, position: number, source: ProofSource,
): Promise<{ readonly epoch: number; readonly proof: FinalReceipt } | null> {
  const { chain } = source;
  const from = present(chain.record(block.hash), block.hash);
  const cited = citing(from.mci, source);
  if (cited === null) return null;
  const highest = Math.max(...cited.citations.map(({ mci }) => mci));
  const proof = {
    position,
    block: encodeBlock(block),
    receiptProof: await receiptProof(chain.encodedReceipts(block.hash), position),
    summaries: upward(block.hash, from.mci, highest, chain).map((hash) => chain.encodedSummary(hash)),
    citations: cited.citations.map(({ block: citation }) => encodeBlock(citation)),
  };
  return { epoch: cited.epoch, proof };
}

/** The receipts that lead from the genesis set to that of `epoch`; sets that were known before need none. */
async function setsUpTo(epoch: number, source: ProofSource): Promise<FinalReceipt[] | null> {
  const { chain, parameters } = source;
  const proofs: FinalReceipt[] = [];
  const known = new Set([nameOf(chain.witnesses(0))]);
  for (let elected = 2; elected <= epoch; elected += 1) {
    const name = nameOf(chain.witnesses(elected));
    if (known.has(name)) continue;
    const hash = present(chain.trunkAt((elected - 1) * parameters.epochLength), `the first trunk block of epoch ${elected - 1}`);
    const last = chain.encodedReceipts(hash).length - 1;
    const final = await finalReceipt(present(chain.block(hash), hash), last, source);
    if (final === null || !known.has(nameOf(chain.witnesses(final.epoch)))) return null;
    proofs.push(final.proof);
    known.add(name);
  }
  return proofs;
}

function nameOf(set: readonly Address[] | undefined): string {
  return [...(set ?? [])].sort().join();
}

interface Citation {
  readonly block: Block;
  readonly mci: number;
}

/** The first W - m + 1 blocks of different authors of one epoch that cite a summary at or above `mci`; null while there are
 *  fewer. */
function citing(
  mci: number, { chain, parameters, unstable }: ProofSource,
): { readonly epoch: number; readonly citations: readonly Citation[] } | null {
  const needed = parameters.witnessCount - majorityOf(parameters.witnessCount) + 1;
  const found = new Map<number, Map<Address, Citation>>();
  const take = (block: Block): { epoch: number; citations: Citation[] } | null => {
    const cited = chain.record(block.lastSummaryBlock)?.mci ?? -1;
    if (cited < mci) return null;
    const epoch = epochOf(cited, parameters);
    const ofEpoch = found.get(epoch) ?? new Map<Address, Citation>();
    found.set(epoch, ofEpoch);
    if (!ofEpoch.has(block.from)) ofEpoch.set(block.from, { block, mci: cited });
    return ofEpoch.size === needed ? { epoch, citations: [...ofEpoch.values()] } : null;
  };
  const first = chain.record(chain.trunkAt(mci) ?? '')?.index ?? 0;
  for (let index = first + 1; ; index += 1) {
    const block = chain.block(chain.hashAt(index) ?? '');
    if (block === undefined) break;
    const enough = take(block);
    if (enough !== null) return enough;
  }
  for (const block of unstable()) {
    const enough = take(block);
    if (enough !== null) return enough;
  }
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
