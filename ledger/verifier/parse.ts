import type { Json } from '@oort/kernel-wire';
import { genesisJson } from '@oort/ledger-chain';
import type { GenesisDocument, Hash, Hex } from '@oort/ledger-chain';
import { NotProven } from './not-proven';

/** A receipt, the block whose root holds it, and why that is final. */
export interface FinalReceipt {
  readonly position: number;
  /** Wire form of the block. */
  readonly block: Hex;
  readonly receiptProof: readonly Hex[];
  /** Wire forms of summaries, each containing the hash of the one before. */
  readonly summaries: readonly Hex[];
  /** Wire forms of signed blocks. */
  readonly citations: readonly Hex[];
}

/** What `olympus_receiptProof` answers. */
export interface ReceiptProof extends FinalReceipt {
  readonly transaction: Hash;
  /** The receipts that elected sets of witnesses, each final by a set that is known before it. */
  readonly sets: readonly FinalReceipt[];
}

export function parseProof(value: Json): ReceiptProof {
  const fields = fieldsOf(value);
  const { transaction, sets = [] } = fields ?? {};
  if (!isHex(transaction) || !Array.isArray(sets)) throw new NotProven('PROOF_MALFORMED', 'the proof has another form');
  return { transaction, ...parseFinal(value), sets: sets.map((each: Json) => parseFinal(each)) };
}

function parseFinal(value: Json): FinalReceipt {
  const { position, block, receiptProof, summaries, citations } = fieldsOf(value) ?? {};
  if (
    typeof position !== 'number' || !Number.isSafeInteger(position) || position < 0 || !isHex(block)
    || !isHexList(receiptProof) || !isHexList(summaries) || !isHexList(citations)
  ) throw new NotProven('PROOF_MALFORMED', 'the proof has another form');
  return { position, block, receiptProof, summaries, citations };
}

/** The document is only read where its hash is the pinned one; here its form is checked as far as it is used. */
export function parseGenesis(value: Json): GenesisDocument {
  const { parameters, witnesses, allocations, deployments } = fieldsOf(value) ?? {};
  const numbers = fieldsOf(parameters);
  const whole = typeof numbers?.['witnessCount'] === 'number' && typeof numbers['genesisTimestamp'] === 'number'
    && Array.isArray(numbers['transactionTypes']) && isHexList(witnesses) && fieldsOf(allocations) !== null
    && Array.isArray(deployments)
    && deployments.every((each: Json) => isHex(fieldsOf(each)?.['address']) && typeof fieldsOf(each)?.['name'] === 'string');
  if (!whole) throw new NotProven('GENESIS_MALFORMED', 'the genesis document has another form');
  const document = value as unknown as GenesisDocument;
  try {
    genesisJson(document);
  } catch {
    throw new NotProven('GENESIS_MALFORMED', 'the genesis document has another form');
  }
  return document;
}

function fieldsOf(value: Json | undefined): { readonly [key: string]: Json } | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [key: string]: Json }) : null;
}

function isHex(value: Json | undefined): value is Hex {
  return typeof value === 'string' && /^0x([0-9a-f]{2})*$/.test(value);
}

function isHexList(value: Json | undefined): value is readonly Hex[] {
  return Array.isArray(value) && value.every((each: Json) => isHex(each));
}
