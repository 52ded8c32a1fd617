import { Transaction } from 'ethers';
import type { ChainParameters } from './parameters';
import type { Address, Hash, Hex } from './hex';

/** What the DAG and the pool need to know of a transaction; the EVM parses the raw bytes itself. */
export interface SignedTransaction {
  readonly hash: Hash;
  readonly from: Address;
  readonly nonce: number;
  readonly gasLimit: bigint;
  readonly gasPrice: bigint;
  readonly value: bigint;
  readonly raw: Hex;
}

export type TransactionRefusal =
  | { readonly code: 'TRANSACTION_MALFORMED'; readonly message: string }
  | { readonly code: 'TRANSACTION_TYPE_NOT_TAKEN'; readonly message: string }
  | { readonly code: 'TRANSACTION_OF_ANOTHER_CHAIN'; readonly message: string }
  | { readonly code: 'TRANSACTION_GAS_TOO_HIGH'; readonly message: string }
  | { readonly code: 'TRANSACTION_DATA_TOO_LONG'; readonly message: string }
  | { readonly code: 'TRANSACTION_PRICE_NOT_TAKEN'; readonly message: string };

export type ParsedTransaction =
  | { readonly ok: true; readonly transaction: SignedTransaction }
  | { readonly ok: false; readonly refusal: TransactionRefusal };

const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The rules that need no state (OLYMPUS.md section 2), in the order in which they are checked. Cost: one curve recovery. */
export function parseTransaction(raw: Hex, parameters: ChainParameters): ParsedTransaction {
  const parsed = decoded(raw);
  if (parsed === null || parsed.hash === null || parsed.from === null) {
    return refused('TRANSACTION_MALFORMED', 'the bytes are not a signed transaction');
  }
  const { type, chainId, gasLimit, data } = parsed;
  if (type === null || !parameters.transactionTypes.includes(type)) {
    return refused('TRANSACTION_TYPE_NOT_TAKEN', `transaction type ${String(type)} is not supported on this chain`);
  }
  if (chainId !== BigInt(parameters.chainId)) {
    return refused('TRANSACTION_OF_ANOTHER_CHAIN', `invalid chain id ${chainId}, this chain is ${parameters.chainId}`);
  }
  if (gasLimit > BigInt(parameters.maximumTransactionGas)) {
    return refused('TRANSACTION_GAS_TOO_HIGH', `gas limit ${gasLimit} exceeds ${parameters.maximumTransactionGas}`);
  }
  if ((data.length - 2) / 2 > parameters.maximumTransactionDataBytes) {
    return refused('TRANSACTION_DATA_TOO_LONG', `data exceeds ${parameters.maximumTransactionDataBytes} bytes`);
  }
  const gasPrice = parsed.maxFeePerGas ?? parsed.gasPrice ?? 0n;
  const priceRefusal = priceTaken(gasPrice, parameters);
  if (priceRefusal !== null) return refused('TRANSACTION_PRICE_NOT_TAKEN', priceRefusal);
  return {
    ok: true,
    transaction: {
      hash: parsed.hash, from: parsed.from.toLowerCase(), nonce: parsed.nonce, gasLimit, gasPrice, value: parsed.value,
      raw: parsed.serialized,
    },
  };
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

function decoded(raw: Hex): Transaction | null {
  try {
    const transaction = Transaction.from(raw);
    // Bytes behind the end, or another encoding of the same fields, would give one transaction two hashes.
    if (!transaction.isSigned() || transaction.serialized !== raw.toLowerCase()) return null;
    // EIP-2: of the two signatures that anybody can make from one, only the one with the lower s counts.
    return BigInt(transaction.signature.s) <= halfOrder ? transaction : null;
  } catch {
    return null;
  }
}

function refused(code: TransactionRefusal['code'], message: string): ParsedTransaction {
  return { ok: false, refusal: { code, message } };
}
