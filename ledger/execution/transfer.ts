// A payment from one account without code to another needs no interpreter: what the EVM would do is two balances and a nonce.
// Whatever is not as plain as that, and whatever would be refused, is left to the EVM; a test holds both beside each other.
import { Account } from '@ethereumjs/util';
import { emptyBloom } from '@oort/ledger-chain';
import type { ChainParameters, SignedTransaction } from '@oort/ledger-chain';
import type { FlatState } from './flat-state';
import { bytesOf } from './machine';
import type { RunResult } from './run-transaction';

const transferGas = 21_000n;
/** Where all of these are zero there may be a precompiled contract. */
const highBytes = 18;

/** Null where the EVM must look at it; nothing has changed then. */
export function runTransfer(
  state: FlatState, { hash, from, fields }: Pick<SignedTransaction, 'hash' | 'from' | 'fields'>, parameters: ChainParameters,
): RunResult | null {
  const { to, data, listed, gasLimit, gasPrice, priorityFee, value, nonce } = fields;
  const baseFee = BigInt(parameters.baseFeePerGasWei);
  const isPlain = to !== null && data.length === 0 && listed.addresses === 0 && gasLimit >= transferGas
    && gasLimit <= BigInt(parameters.blockGasLimit) && gasPrice >= baseFee && priorityFee <= gasPrice && !isLow(to);
  if (!isPlain) return null;
  const payer = bytesOf(from);
  const paying = state.accountAt(payer);
  const payee = state.accountAt(to);
  if (paying === undefined || paying.isContract() || payee?.isContract() === true) return null;
  if (paying.nonce !== nonce || paying.balance < gasLimit * gasPrice + value) return null;
  const price = baseFee + (priorityFee < gasPrice - baseFee ? priorityFee : gasPrice - baseFee);
  const fee = transferGas * price;
  const isOwn = Buffer.compare(payer, to) === 0;
  paying.nonce += 1n;
  paying.balance -= fee + (isOwn ? 0n : value);
  state.putAccountAt(payer, paying);
  if (!isOwn && value > 0n) {
    const paid = payee ?? new Account();
    paid.balance += value;
    state.putAccountAt(to, paid);
  }
  return {
    hash, status: 1, gasUsed: transferGas, effectiveGasPrice: price, bloom: emptyBloom, logs: [], type: fields.type, from,
    to: `0x${Buffer.from(to).toString('hex')}`, contractAddress: null,
  };
}

function isLow(address: Uint8Array): boolean {
  return address.subarray(0, highBytes).every((byte) => byte === 0);
}
