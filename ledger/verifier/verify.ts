// Nobody's word is taken: from a pinned genesis hash to one receipt, every step is a hash or a signature.
//   genesis hash -> genesis document -> the witnesses -> receipts that elected later sets, each final by a set known before
//   receipt -> receipts root -> summary of its block -> later summaries -> cited by blocks that W - m + 1 witnesses signed
// At most W - m witnesses lie (OLYMPUS.md section 3), so one of the signers is honest, and an honest witness cites only
// summaries that it has computed itself.
import { AbiCoder, decodeRlp, keccak256 } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import {
  decodeBlock, decodeReceipt, genesisBlock, majorityOf, recoverAuthor, witnessSetLog,
} from '@oort/ledger-chain';
import type { Address, Block, GenesisDocument, Hash, Hex, Log } from '@oort/ledger-chain';
import { NotProven } from './not-proven';
import { parseGenesis, parseProof } from './parse';
import type { FinalReceipt } from './parse';
import { positionKey, trieValue } from './trie-proof';

export interface ProvenReceipt {
  readonly transaction: Hash;
  readonly block: Hash;
  readonly stableIndex: number;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly status: 0 | 1;
  readonly logs: readonly Log[];
  /** The system contracts' addresses by name, as the genesis hash commits to them. */
  readonly contracts: Readonly<Record<string, Address>>;
  readonly signers: readonly Address[];
}

export interface Claim {
  /** Pinned by the verifier; everything else may come from a liar. */
  readonly genesisHash: Hash;
  readonly transaction: Hash;
  readonly genesis: Json;
  readonly proof: Json;
}

/** Offline: throws NotProven with the first doubt. */
export function verifyReceipt({ genesisHash, transaction, genesis, proof }: Claim): ProvenReceipt {
  const document = parseGenesis(genesis);
  if (genesisBlock(document).hash !== genesisHash.toLowerCase()) {
    throw new NotProven('GENESIS_OF_ANOTHER_CHAIN', 'the genesis document does not hash to the pinned genesis');
  }
  if (proof === null) throw new NotProven('PROOF_MISSING', 'there is no proof for this transaction (yet)');
  const parsed = parseProof(proof);
  const block = decoded(parsed.block);
  if (block.links[parsed.position] !== transaction.toLowerCase()) {
    throw new NotProven('TRANSACTION_NOT_IN_BLOCK', 'the block does not link the transaction at that position');
  }
  const sets: (readonly Address[])[] = [document.witnesses];
  for (const each of parsed.sets) sets.push(provenSet(provenReceipt(each, sets, document).logs));
  const { summary, signers, status, logs } = provenReceipt(parsed, sets, document);
  return {
    transaction: transaction.toLowerCase(), block: block.hash, stableIndex: summary.stableIndex, timestamp: summary.timestamp,
    status, logs, signers,
    contracts: Object.fromEntries(document.deployments.map(({ name, address }) => [name, address])),
  };
}

/** The same against an RPC that may lie about anything. */
export async function verifyReceiptOver(
  request: (method: string, params: readonly Json[]) => Promise<Json>, genesisHash: Hash, transaction: Hash,
): Promise<ProvenReceipt> {
  const genesis = await request('olympus_genesis', []);
  const proof = await request('olympus_receiptProof', [transaction]);
  return verifyReceipt({ genesisHash, transaction, genesis, proof });
}

/** The log of a system contract with these topics and data, out of a proven receipt that succeeded. */
export function provenLog(
  receipt: ProvenReceipt, wanted: { readonly contract: string; readonly topics: readonly Hash[]; readonly data: Hex },
): Log {
  const address = receipt.contracts[wanted.contract];
  const log = receipt.logs.find((each) => each.address === address && each.data === wanted.data
    && each.topics.length === wanted.topics.length && each.topics.every((topic, position) => topic === wanted.topics[position]));
  if (receipt.status !== 1 || log === undefined) {
    throw new NotProven('LOG_NOT_EMITTED', `${wanted.contract} emitted no such log in this transaction`);
  }
  return log;
}

function provenReceipt(
  proof: FinalReceipt, sets: readonly (readonly Address[])[], document: GenesisDocument,
): { readonly summary: Summary; readonly signers: readonly Address[]; readonly status: 0 | 1; readonly logs: readonly Log[] } {
  const summary = chainOfSummaries(proof, decoded(proof.block));
  const wire = trieValue(summary.receiptsRoot, positionKey(proof.position), proof.receiptProof);
  if (wire === null) throw new NotProven('RECEIPT_NOT_IN_ROOT', 'the receipt proof does not lead to the receipts root');
  const signers = checkCitations(proof, sets, document);
  try {
    return { summary, signers, ...decodeReceipt(wire) };
  } catch {
    throw new NotProven('PROOF_MALFORMED', 'what the root holds at that position is no receipt');
  }
}

/** No contract has the address of this log, so only the chain itself can have written it. */
function provenSet(logs: readonly Log[]): Address[] {
  for (const { address, topics, data } of logs) {
    const wanted = witnessSetLog(0, []);
    if (address !== wanted.address || topics[0] !== wanted.topics[0]) continue;
    return (AbiCoder.defaultAbiCoder().decode(['address[]'], data)[0] as string[]).map((each) => each.toLowerCase());
  }
  throw new NotProven('NOT_A_WITNESS_SET', 'a receipt that should name a set of witnesses names none');
}

export interface Summary {
  readonly blockHash: Hash;
  readonly receiptsRoot: Hash;
  readonly stableIndex: number;
  readonly timestamp: number;
  /** Every summary that this one hashes: previous, parents', skip list. */
  readonly below: ReadonlySet<Hash>;
}

function chainOfSummaries({ summaries }: FinalReceipt, block: Block): Summary {
  const parsed = summaries.map(summaryOf);
  const [first] = parsed;
  if (first === undefined || first.blockHash !== block.hash) {
    throw new NotProven('SUMMARY_OF_ANOTHER_BLOCK', 'the first summary is not that of the block');
  }
  for (const [position, summary] of parsed.entries()) {
    if (position > 0 && !summary.below.has(keccak256(summaries[position - 1] ?? '0x'))) {
      throw new NotProven('SUMMARIES_NOT_LINKED', `summary ${position} does not contain the one before it`);
    }
  }
  return first;
}

/** OLYMPUS.md section 3, rule 11. Throws NotProven. */
export function summaryOf(wire: Hex): Summary {
  const items = itemsOf(wire);
  const [blockHash, previous, parents, receiptsRoot, skips, status, stableIndex, timestamp] = items;
  if (
    items.length !== 8 || typeof blockHash !== 'string' || typeof previous !== 'string' || !Array.isArray(parents)
    || typeof receiptsRoot !== 'string' || !Array.isArray(skips) || typeof status !== 'string'
    || typeof stableIndex !== 'string' || typeof timestamp !== 'string'
  ) throw new NotProven('PROOF_MALFORMED', 'a summary has another form');
  return {
    blockHash, receiptsRoot, stableIndex: numberOf(stableIndex), timestamp: numberOf(timestamp),
    below: new Set([previous, ...parents, ...skips].filter((each): each is string => typeof each === 'string')),
  };
}

/** Signed blocks of W - m + 1 different witnesses of one known set, each citing one of the proven summaries. */
function checkCitations(
  { summaries, citations }: FinalReceipt, sets: readonly (readonly Address[])[], document: GenesisDocument,
): Address[] {
  const known = new Set(summaries.map((summary) => keccak256(summary)));
  const witnesses = new Set(sets.flat());
  const signers = new Set<Address>();
  for (const citation of citations) {
    const block = decoded(citation);
    if (recoverAuthor(block.hash, block.signature) !== block.from) {
      throw new NotProven('CITATION_NOT_SIGNED', 'a citing block is not signed by its author');
    }
    if (!witnesses.has(block.from)) throw new NotProven('CITATION_NOT_OF_A_WITNESS', `${block.from} is no witness of this chain`);
    if (!known.has(block.lastSummary)) {
      throw new NotProven('CITATION_OF_ANOTHER_SUMMARY', 'a citing block cites none of the summaries');
    }
    signers.add(block.from);
  }
  const { witnessCount } = document.parameters;
  const needed = witnessCount - majorityOf(witnessCount) + 1;
  // Signers of several sets do not add up: each set may have its own W - m liars.
  const most = Math.max(...sets.map((set) => [...signers].filter((signer) => set.includes(signer)).length));
  if (most < needed) throw new NotProven('TOO_FEW_WITNESSES', `${most} witnesses of one set cite it, ${needed} must`);
  return [...signers];
}

function decoded(wire: Hex): Block {
  try {
    return decodeBlock(wire);
  } catch {
    throw new NotProven('PROOF_MALFORMED', 'a block has another form');
  }
}

function itemsOf(wire: Hex): readonly unknown[] {
  try {
    const items: unknown = decodeRlp(wire);
    if (Array.isArray(items)) return items;
  } catch {
    // Falls through to the one refusal.
  }
  throw new NotProven('PROOF_MALFORMED', 'a summary is not RLP');
}

function numberOf(hex: Hex): number {
  return hex === '0x' ? 0 : Number(BigInt(hex));
}
