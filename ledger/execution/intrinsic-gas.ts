// What a transaction costs before its first instruction, and what the EVM would not even read.
import type { ChainParameters, SignedFields } from '@oort/ledger-chain';

/** Yellow Paper, appendix G, with EIP-2028, EIP-2930 and EIP-3860. */
const gas = { transaction: 21_000n, creation: 32_000n, zeroByte: 4, byte: 16, listedAddress: 2400, listedSlot: 1900, initCodeWord: 2 } as const;
const maximumInitCode = 49_152;
const wordBytes = 32;
const maximumInteger = 2n ** 256n;

/** Refuses in the words that clients show their users. */
export function intrinsicGas(fields: SignedFields, { hardfork }: ChainParameters): { readonly gas: bigint } | { readonly refused: string } {
  const { to, data, listed, gasLimit, gasPrice, priorityFee, value } = fields;
  if (priorityFee > gasPrice) return { refused: 'maxFeePerGas cannot be less than maxPriorityFeePerGas' };
  if (gasLimit * gasPrice + value >= maximumInteger) return { refused: 'gas limit times gas price and value exceed 2^256 - 1' };
  let sum = gas.listedAddress * listed.addresses + gas.listedSlot * listed.slots;
  for (const byte of data) sum += byte === 0 ? gas.zeroByte : gas.byte;
  if (to !== null) return { gas: gas.transaction + BigInt(sum) };
  if (hardfork !== 'london') {
    if (data.length > maximumInitCode) return { refused: `the initcode of this transaction is too large: it is ${data.length} while the max is ${maximumInitCode}` };
    sum += gas.initCodeWord * Math.ceil(data.length / wordBytes);
  }
  return { gas: gas.transaction + gas.creation + BigInt(sum) };
}
