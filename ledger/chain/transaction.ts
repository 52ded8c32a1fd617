import { addressOfKey, isLow, recoverKey } from './curve';
import { keccakBytes, keccakHex } from './keccak';
import { readSigned } from './signed-fields';
import type { SignedFields } from './signed-fields';
import type { ChainParameters } from './parameters';
import type { Address, Hash, Hex } from './hex';

/** A transaction that was read once, so that nobody behind reads its bytes again; only the EVM parses them itself. */
export interface SignedTransaction {
  readonly hash: Hash;
  readonly from: Address;
  readonly nonce: number;
  readonly raw: Hex;
  readonly fields: SignedFields;
}

export type TransactionRefusal =
  | { readonly code: 'TRANSACTION_MALFORMED'; readonly message: string }
  | { readonly code: 'TRANSACTION_TYPE_NOT_TAKEN'; readonly message: string }
  | { readonly code: 'TRANSACTION_OF_ANOTHER_CHAIN'; readonly message: string }
  | { readonly code: 'TRANSACTION_GAS_TOO_HIGH'; readonly message: string }
  | { readonly code: 'TRANSACTION_DATA_TOO_LONG'; readonly message: string }
  | { readonly code: 'TRANSACTION_PRICE_NOT_TAKEN'; readonly message: string };

interface Refused { readonly ok: false; readonly refusal: TransactionRefusal }

export type ParsedTransaction = { readonly ok: true; readonly transaction: SignedTransaction } | Refused;

const hexBytes = /^0x[0-9a-f]*$/i;

/** The rules that need no state (OLYMPUS.md section 2), in the order in which they are checked. Cost: one curve recovery. */
export function parseTransaction(raw: Hex, parameters: ChainParameters): ParsedTransaction {
  const read = readTransaction(raw, parameters);
  if (!read.ok) return read;
  const key = recoverKey(signedDigest(read.fields), read.fields.signature, read.fields.parity);
  return signedBy(key === null ? null : addressOfKey(key), raw, read);
}

/** The same, with the curve recovery done elsewhere. */
export async function parseTransactionBy(
  recovery: { readonly authorOf: (signed: SignedFields) => Promise<Address | null> }, raw: Hex, parameters: ChainParameters,
): Promise<ParsedTransaction> {
  const read = readTransaction(raw, parameters);
  return read.ok ? signedBy(await recovery.authorOf(read.fields), raw, read) : read;
}

/** What the signature was made over. */
export function signedDigest({ payload }: Pick<SignedFields, 'payload'>): Uint8Array {
  return keccakBytes(payload);
}

interface Read { readonly ok: true; readonly wire: Uint8Array; readonly fields: SignedFields }

/** Every rule but that somebody must have signed it. */
function readTransaction(raw: Hex, parameters: ChainParameters): Read | Refused {
  const decoded = decode(raw);
  if (decoded === null) return refused('TRANSACTION_MALFORMED', 'the bytes are not a signed transaction');
  const { wire, fields } = decoded;
  if (fields === null || !parameters.transactionTypes.includes(fields.type)) {
    return refused('TRANSACTION_TYPE_NOT_TAKEN', `transaction type ${decoded.type} is not supported on this chain`);
  }
  if (!isLow(fields.signature)) return refused('TRANSACTION_MALFORMED', 'the bytes are not a signed transaction');
  const { chainId, gasLimit, gasPrice, data } = fields;
  if (chainId !== BigInt(parameters.chainId)) {
    return refused('TRANSACTION_OF_ANOTHER_CHAIN', `invalid chain id ${chainId}, this chain is ${parameters.chainId}`);
  }
  if (gasLimit > BigInt(parameters.maximumTransactionGas)) {
    return refused('TRANSACTION_GAS_TOO_HIGH', `exceeds block gas limit: gas limit ${gasLimit}, a transaction may have ${parameters.maximumTransactionGas}`);
  }
  if (data.length > parameters.maximumTransactionDataBytes) {
    return refused('TRANSACTION_DATA_TOO_LONG', `oversized data: ${data.length} bytes, a transaction may have ${parameters.maximumTransactionDataBytes}`);
  }
  const priceRefusal = priceTaken(gasPrice, parameters);
  if (priceRefusal !== null) return refused('TRANSACTION_PRICE_NOT_TAKEN', priceRefusal);
  if (fields.nonce > BigInt(Number.MAX_SAFE_INTEGER)) return refused('TRANSACTION_MALFORMED', 'the nonce is above 2^53');
  return { ok: true, wire, fields };
}

function signedBy(from: Address | null, raw: Hex, { wire, fields }: Read): ParsedTransaction {
  if (from === null) return refused('TRANSACTION_MALFORMED', 'the bytes are not a signed transaction');
  return { ok: true, transaction: { hash: keccakHex(wire), from, nonce: Number(fields.nonce), raw: raw.toLowerCase(), fields } };
}

function priceTaken(gasPrice: bigint, parameters: ChainParameters): string | null {
  if (parameters.fixedGasPriceWei !== null && gasPrice !== BigInt(parameters.fixedGasPriceWei)) {
    return `the gas price of this chain is ${parameters.fixedGasPriceWei} wei`;
  }
  if (gasPrice < BigInt(parameters.baseFeePerGasWei)) {
    return `transaction underpriced: the base fee is ${parameters.baseFeePerGasWei} wei`;
  }
  return null;
}

/** `fields` is null where the type is one that no chain of ours takes; the whole is null where the bytes are no transaction. */
function decode(raw: Hex): { readonly wire: Uint8Array; readonly type: number; readonly fields: SignedFields | null } | null {
  if (!hexBytes.test(raw) || raw.length % 2 !== 0) return null;
  const wire = Buffer.from(raw.slice(2), 'hex');
  const [type = 0] = wire;
  if (type === 3 || type === 4) return { wire, type, fields: null };
  const fields = readSigned(wire);
  return fields === null ? null : { wire, type: fields.type, fields };
}

function refused(code: TransactionRefusal['code'], message: string): Refused {
  return { ok: false, refusal: { code, message } };
}
