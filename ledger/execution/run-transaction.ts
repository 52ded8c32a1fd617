import { createTxFromRLP } from '@ethereumjs/tx';
import type { TypedTransaction } from '@ethereumjs/tx';
import { EthereumJSError, createAddressFromString } from '@ethereumjs/util';
import { runTx } from '@ethereumjs/vm';
import type { VM } from '@ethereumjs/vm';
import type { Block as EvmBlock } from '@ethereumjs/block';
import { hexlify } from 'ethers';
import { emptyBloom } from '@oort/ledger-chain';
import type { Address, Hash, Hex, Log, SignedTransaction } from '@oort/ledger-chain';
import { bytesOf } from './machine';

export interface RunResult {
  readonly hash: Hash;
  readonly status: 0 | 1;
  readonly gasUsed: bigint;
  readonly effectiveGasPrice: bigint;
  readonly bloom: Hex;
  readonly logs: readonly Log[];
  readonly type: number;
  readonly from: Address;
  readonly to: Address | null;
  readonly contractAddress: Address | null;
}

export function parseRaw(raw: Hex, vm: VM): TypedTransaction {
  return createTxFromRLP(bytesOf(raw), { common: vm.common, freeze: false });
}

/** Runs one transaction, whose hash and sender may be known from its admission; its changes stay in the machine's state. A transaction that cannot pay, whose nonce is wrong or
 *  whose gas is below its intrinsic cost changes nothing and still gets a receipt: status 0, gas used 0 (rule 8). */
export async function runTransaction(
  vm: VM, { raw, hash, from }: Pick<SignedTransaction, 'raw'> & Partial<Pick<SignedTransaction, 'hash' | 'from'>>, block: EvmBlock,
): Promise<RunResult> {
  const tx = parseRaw(raw, vm);
  // Recovering it again would cost as much as all the rest of a transfer.
  if (from !== undefined) tx.getSenderAddress = () => createAddressFromString(from);
  const known = {
    hash: hash ?? hexlify(tx.hash()),
    type: tx.type,
    from: from ?? tx.getSenderAddress().toString(),
    to: tx.to?.toString() ?? null,
  };
  try {
    const result = await runTx(vm, { tx, block });
    await takeBackTip(vm, block.header.coinbase.toString(), result.minerValue);
    const failed = result.execResult.exceptionError !== undefined;
    const logs = (result.execResult.logs ?? []).map(([address, topics, data]) => ({
      address: hexlify(address), topics: topics.map((topic) => hexlify(topic)), data: hexlify(data),
    }));
    return {
      ...known,
      status: failed ? 0 : 1,
      gasUsed: result.totalGasSpent,
      effectiveGasPrice: result.amountSpent / result.totalGasSpent,
      bloom: hexlify(result.bloom.bitvector),
      logs: failed ? [] : logs,
      contractAddress: failed ? null : (result.createdAddress?.toString() ?? null),
    };
  } catch (error) {
    // Only the library's own refusals are outcomes; anything else is a broken disk or a bug, and the node must stop.
    if (!(error instanceof EthereumJSError)) throw error;
    return {
      ...known, status: 0, gasUsed: 0n, effectiveGasPrice: 0n, bloom: emptyBloom, logs: [], contractAddress: null,
    };
  }
}

/** Fees are credited to nobody (OLYMPUS.md section 2): what the library gave the coinbase goes again. */
async function takeBackTip(vm: VM, coinbase: Address, tip: bigint): Promise<void> {
  if (tip === 0n) return;
  const address = createAddressFromString(coinbase);
  const account = await vm.stateManager.getAccount(address);
  if (account === undefined) return;
  account.balance -= tip;
  await (account.isEmpty() ? vm.stateManager.deleteAccount(address) : vm.stateManager.putAccount(address, account));
}
