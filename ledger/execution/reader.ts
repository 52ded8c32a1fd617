// Questions to the state as of the last stable block, or of one in the window that is kept: balances, code, calls and gas estimates. Each answer comes from one
// snapshot of the store, so an MCI that commits meanwhile never mixes into it.
import { createFeeMarket1559Tx, createLegacyTx } from '@ethereumjs/tx';
import type { TypedTransaction } from '@ethereumjs/tx';
import { EthereumJSError, createAddressFromString } from '@ethereumjs/util';
import { runTx } from '@ethereumjs/vm';
import type { RunTxOpts, VM } from '@ethereumjs/vm';
import { hexlify } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { zeroAddress, zeroHash } from '@oort/ledger-chain';
import type { Address, ChainParameters, Hash, Hex } from '@oort/ledger-chain';
import { decodeAccount } from './account-rlp';
import { FlatState } from './flat-state';
import { bytesOf, commonOf, createMachine, evmBlock } from './machine';
import type { Environment } from './machine';
import { readerAt, statesFrom } from './past';
import { parseRaw, runTransaction } from './run-transaction';
import { StableChain, StoreBroken } from './stable-chain';
import { accountKey, codeKey, slotKey } from './state-keys';
import type { StateReader } from './state-keys';
import type { ChainStore } from './store';
import { startTracer } from './trace';
import type { TraceOptions } from './trace';
import { vmErrorWords } from './vm-error';

export interface CallRequest {
  readonly from: Address;
  readonly to: Address | null;
  readonly data: Hex;
  readonly value: bigint;
  readonly gas: bigint | null;
}

export type CallResult =
  | { readonly kind: 'returned'; readonly data: Hex; readonly gasUsed: bigint }
  | { readonly kind: 'reverted'; readonly data: Hex }
  | { readonly kind: 'failed'; readonly reason: string };

export type TraceResult =
  | { readonly kind: 'traced'; readonly trace: Json }
  | { readonly kind: 'failed'; readonly reason: string };

export class StateReading {
  readonly #store: ChainStore;
  readonly #parameters: ChainParameters;
  readonly #chain: StableChain;
  readonly #state = new FlatState(() => undefined);
  readonly #now: () => number;
  #vm: Promise<VM> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: ChainStore, parameters: ChainParameters, now: () => number) {
    this.#store = store;
    this.#parameters = parameters;
    this.#chain = new StableChain(store);
    this.#now = now;
  }

  /** The lowest stable index whose state can be read. */
  from(): number {
    return statesFrom(this.#store);
  }

  /** `at`: as of the end of the block with that stable index; the latest without it. */
  account(address: Address, at?: number): { readonly nonce: number; readonly balance: bigint; readonly codeHash: Uint8Array } {
    const encoded = this.#read(at)(accountKey(bytesOf(address)));
    if (encoded === undefined) return { nonce: 0, balance: 0n, codeHash: new Uint8Array(0) };
    const { nonce, balance, codeHash } = decodeAccount(encoded);
    return { nonce: Number(nonce), balance, codeHash };
  }

  code(address: Address, at?: number): Hex {
    // Codes are found by their hash and never removed.
    const code = this.#store.state.get(codeKey(this.account(address, at).codeHash));
    return code === undefined ? '0x' : hexlify(code);
  }

  storage(address: Address, slot: Hash, at?: number): Hash {
    const value = this.#read(at)(slotKey(bytesOf(address), bytesOf(slot)));
    return `0x${(value?.toString('hex') ?? '').padStart(64, '0')}`;
  }

  call(request: CallRequest, at?: number): Promise<CallResult> {
    return this.#alone(at, async (vm, block) => {
      const result = await vm.evm.runCall({
        block, caller: createAddressFromString(request.from), data: bytesOf(request.data), value: request.value, gasPrice: 0n,
        gasLimit: request.gas ?? BigInt(this.#parameters.blockGasLimit),
        ...(request.to === null ? {} : { to: createAddressFromString(request.to) }),
      });
      return outcome(result.execResult.exceptionError?.error, result.execResult.returnValue, result.execResult.executionGasUsed);
    });
  }

  /** The least gas with which the transaction succeeds, to within 1.5 %; what it answers has been run and passed. */
  async estimate(request: CallRequest, at?: number): Promise<CallResult> {
    const most = request.gas ?? BigInt(this.#parameters.maximumTransactionGas);
    const first = await this.#tryWith(request, most, at);
    if (first.kind !== 'returned') return first;
    let [low, high] = [first.gasUsed - 1n, most];
    // A call keeps one 64th of its gas back (EIP-150), so this guess is right for nearly everything.
    const guess = (first.gasUsed + 2300n) * 64n / 63n;
    if (guess < high) {
      if ((await this.#tryWith(request, guess, at)).kind === 'returned') high = guess;
      else low = guess;
    }
    if ((await this.#tryWith(request, first.gasUsed, at)).kind === 'returned') high = first.gasUsed;
    while (low + 1n < high && (high - low) * 1000n > high * 15n) {
      const middle = (low + high) / 2n;
      if ((await this.#tryWith(request, middle, at)).kind === 'returned') high = middle;
      else low = middle;
    }
    return { kind: 'returned', data: '0x', gasUsed: high };
  }

  #tryWith(request: CallRequest, gasLimit: bigint, at: number | undefined): Promise<CallResult> {
    return this.#alone(at, async (vm, block) => {
      const result = await runTx(vm, { tx: this.#unsigned(request, gasLimit, vm), block, skipBalance: true, skipNonce: true });
      return outcome(result.execResult.exceptionError?.error, result.execResult.returnValue, result.totalGasSpent);
    });
  }

  #unsigned({ from, to, data, value }: CallRequest, gasLimit: bigint, vm: VM): TypedTransaction {
    const fields = { data: bytesOf(data), value, gasLimit, ...(to === null ? {} : { to: createAddressFromString(to) }) };
    const price = BigInt(this.#parameters.baseFeePerGasWei);
    const options = { common: vm.common, freeze: false };
    const tx = this.#parameters.transactionTypes.includes(2)
      ? createFeeMarket1559Tx({ ...fields, maxFeePerGas: price, maxPriorityFeePerGas: 0n }, options)
      : createLegacyTx({ ...fields, gasPrice: price }, options);
    tx.getSenderAddress = () => createAddressFromString(from);
    return tx;
  }

  /** Runs a final transaction again on the state that it met. Null where there is none. Its block's state must be kept: `from()`. */
  async traceTransaction(hash: Hash, options: TraceOptions): Promise<TraceResult | null> {
    const receipt = this.#chain.receipt(hash);
    if (receipt === undefined) return null;
    const earlier = this.#chain.record(receipt.block)?.transactions.slice(0, receipt.position) ?? [];
    return this.#alone(receipt.index - 1, async (vm, block) => {
      for (const before of earlier) await runTransaction(vm, { raw: this.#raw(before) }, block);
      return traced(vm, { tx: parseRaw(this.#raw(hash), vm), block }, options);
    }, receipt.index);
  }

  /** Runs a transaction that nobody signed, at the end of the block with that stable index or in the present. */
  traceCall(request: CallRequest, at: number | undefined, options: TraceOptions): Promise<TraceResult> {
    const gas = request.gas ?? BigInt(this.#parameters.maximumTransactionGas);
    return this.#alone(at, (vm, block) =>
      traced(vm, { tx: this.#unsigned(request, gas, vm), block, skipBalance: true, skipNonce: true }, options));
  }

  #raw(hash: Hash): Hex {
    const raw = this.#chain.transaction(hash);
    if (raw === undefined) throw new StoreBroken(`the transaction ${hash}`);
    return raw;
  }

  #read(at: number | undefined): StateReader {
    return at === undefined ? (key) => this.#store.state.get(key) : readerAt(this.#store, at);
  }

  /** What a question in the present sees: the chain stands still while idle, the clock does not, and the next block will carry the
   *  clock's time. The number too: a contract that writes once a block would look cheaper in the last one than it will be. */
  #present(): Environment {
    const { nextIndex, hash } = this.#chain.point();
    const timestamp = Math.max(this.#now(), this.#chain.record(hash)?.timestamp ?? 0);
    return { number: nextIndex, timestamp, coinbase: zeroAddress, random: hash };
  }

  /** What the block with this stable index saw (rule 10). */
  #environmentOf(index: number): Environment {
    const hash = this.#chain.hashAt(index) ?? zeroHash;
    const record = this.#chain.record(hash);
    return {
      number: index, timestamp: record?.timestamp ?? 0, coinbase: this.#chain.block(hash)?.from ?? zeroAddress,
      random: this.#chain.trunkAt(record?.mci ?? 0) ?? zeroHash,
    };
  }

  /** One question at a time on the one machine: on the state after block `at`, in the environment of block `seenBy`. */
  #alone<T>(
    at: number | undefined, ask: (vm: VM, block: ReturnType<typeof evmBlock>) => Promise<T>, seenBy = at,
  ): Promise<T | { readonly kind: 'failed'; readonly reason: string }> {
    const answer = this.#turn.then(async () => {
      this.#vm ??= createMachine(this.#state, this.#parameters, (index) => this.#chain.hashAt(index));
      const vm = await this.#vm;
      const snapshot = this.#store.root.useReadTransaction();
      try {
        this.#state.reset(at === undefined
          ? (key) => this.#store.state.get(key, { transaction: snapshot }) : readerAt(this.#store, at, snapshot));
        const environment = seenBy === undefined ? this.#present() : this.#environmentOf(seenBy);
        return await ask(vm, evmBlock(environment, this.#parameters, commonOf(this.#parameters)));
      } catch (error) {
        if (error instanceof EthereumJSError) return { kind: 'failed', reason: error.message } as const;
        throw error;
      } finally {
        snapshot.done();
        vm.evm.journal.cleanJournal();
      }
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

function outcome(error: string | undefined, returned: Uint8Array, gasUsed: bigint): CallResult {
  if (error === undefined) return { kind: 'returned', data: hexlify(returned), gasUsed };
  return error === 'revert' ? { kind: 'reverted', data: hexlify(returned) } : { kind: 'failed', reason: vmErrorWords(error) };
}

async function traced(vm: VM, run: RunTxOpts, options: TraceOptions): Promise<TraceResult> {
  const tracer = startTracer(vm, options);
  try {
    const { totalGasSpent, execResult } = await runTx(vm, run);
    return {
      kind: 'traced',
      trace: tracer.result({
        gasUsed: totalGasSpent, gasLimit: run.tx.gasLimit, error: execResult.exceptionError?.error, returned: execResult.returnValue,
      }),
    };
  } finally {
    tracer.stop();
  }
}
