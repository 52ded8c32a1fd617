// Runs the final order, one MCI after the other, each in one transaction of the store. What it was handed and what it has
// committed never differ: the stable point on disk moves together with the state, so nothing runs twice after a kill.
import type { VM } from '@ethereumjs/vm';
import { Fault } from '@oort/kernel-wire';
import { encodeApproveReceipt, encodeReceipt, epochOf, parseTransaction, summaryHash, zeroHash } from '@oort/ledger-chain';
import type { Address, ChainParameters, Hash, Hex, SignedTransaction } from '@oort/ledger-chain';
import { forkRoot, forkStatus } from '@oort/ledger-dag';
import type { Entry, StableBatch } from '@oort/ledger-dag';
import type { CountedApprove } from '@oort/ledger-election';
import { Writes } from './atomic';
import { blockBloom } from './bloom';
import { ApproveMissing, Epochs } from './epochs';
import type { Closing } from './epochs';
import { FlatState } from './flat-state';
import { runCall } from './interpreter/run-call';
import { beginLogIndex, noteLog } from './log-index';
import { commonOf, createMachine, evmBlock } from './machine';
import { beginPast, clearedSlots, usualStatesKept, writePast } from './past';
import { receiptsRoot } from './receipts-root';
import { runTransaction } from './run-transaction';
import type { RunResult } from './run-transaction';
import { skipTargets } from './skip-list';
import { StableChain } from './stable-chain';
import type { Before } from './state-keys';
import type { ApproveRecord, ChainStore, LogRecord, ReceiptRecord, StableRecord } from './store';
import { writeState } from './write-state';

export interface ExecutedBlock {
  readonly hash: Hash;
  readonly record: StableRecord;
  readonly logs: readonly LogRecord[];
  readonly approves: readonly Hash[];
}

export interface ExecutedMci {
  readonly mci: number;
  readonly blocks: readonly ExecutedBlock[];
  /** Executing it and writing it to disk. */
  readonly elapsedMs: number;
}

/** Two views of one node disagree on what is final: the node stops rather than choose. */
export class FinalOrderDisputed extends Fault {
  constructor(mci: number) {
    super('FINAL_ORDER_DISPUTED', `two witnesses of this node order MCI ${mci} differently`, { mci });
  }
}

export class TransactionMissing extends Fault {
  constructor(hash: Hash) {
    super('TRANSACTION_MISSING', `a stable block links ${hash}, which is not here`, { hash });
  }
}

interface Progress {
  readonly receipts: Map<Hash, ReceiptRecord>;
  readonly records: Map<Hash, StableRecord>;
  readonly roots: Map<string, Hash>;
  readonly raws: Map<Hash, Hex>;
  readonly approves: Map<Hash, ApproveRecord>;
  /** Those of the batch's epoch, those of earlier batches first. */
  readonly counted: CountedApprove[];
  readonly pools: Set<Address>;
  readonly closing: Closing | null;
}

export interface ExecutorOptions {
  /** Stable indexes whose state can still be read, besides the latest; 0 keeps none. */
  readonly statesKept?: number;
}

export class Executor {
  readonly chain: StableChain;
  readonly #store: ChainStore;
  readonly #parameters: ChainParameters;
  readonly #state: FlatState;
  readonly #vm: VM;
  readonly #epochs: Epochs | null;
  readonly #known: (transaction: Hash) => SignedTransaction | undefined;
  readonly #statesKept: number;
  readonly #listeners: ((executed: ExecutedMci) => void)[] = [];
  /** The order handed in, by MCI, until all views have handed it in or it lies far behind. */
  readonly #accepted = new Map<number, string>();
  #submitted: number;
  #work: Promise<void> = Promise.resolve();

  private constructor(
    store: ChainStore, parameters: ChainParameters,
    machine: { readonly state: FlatState; readonly vm: VM; readonly known: (transaction: Hash) => SignedTransaction | undefined },
    statesKept: number,
  ) {
    this.#store = store;
    this.#statesKept = statesKept;
    this.#parameters = parameters;
    this.#state = machine.state;
    this.#vm = machine.vm;
    this.#known = machine.known;
    this.chain = new StableChain(store);
    this.#submitted = this.chain.point().mci;
    this.#epochs = parameters.elections === undefined
      ? null : new Epochs(store, this.chain, parameters, parameters.elections, machine);
  }

  /** `known` answers for transactions that this process has read and kept already. */
  static async open(
    store: ChainStore, parameters: ChainParameters, known: (transaction: Hash) => SignedTransaction | undefined,
    { statesKept = usualStatesKept }: ExecutorOptions = {},
  ): Promise<Executor> {
    const state = new FlatState((key) => store.state.get(key));
    const chain = new StableChain(store);
    const vm = await createMachine(state, parameters, (index) => chain.hashAt(index));
    beginPast(store, chain.point().nextIndex - 1, statesKept);
    beginLogIndex(store, chain.point().nextIndex - 1);
    return new Executor(store, parameters, { state, vm, known }, statesKept);
  }

  onExecuted(listener: (executed: ExecutedMci) => void): void {
    this.#listeners.push(listener);
  }

  /** Every view of the process hands in every MCI; the first sets it going, the others must agree. */
  submit(batch: StableBatch): void {
    const order = batch.blocks.map((entry) => entry.hash).join();
    const before = this.#accepted.get(batch.mci);
    if (before !== undefined && before !== order) throw new FinalOrderDisputed(batch.mci);
    if (batch.mci <= this.#submitted) return;
    this.#submitted = batch.mci;
    this.#accepted.set(batch.mci, order);
    this.#accepted.delete(batch.mci - 64);
    this.#work = this.#work.then(() => this.#execute(batch));
    // The failure is kept for `settled`; here it must only not be called unhandled.
    this.#work.catch(() => undefined);
  }

  /** When everything handed in so far is on disk; rejects where the node had to stop. */
  settled(): Promise<void> {
    return this.#work;
  }

  async #execute(batch: StableBatch): Promise<void> {
    const started = performance.now();
    const epoch = epochOf(batch.mci, this.#parameters);
    const progress: Progress = {
      receipts: new Map(), records: new Map(), roots: new Map(), raws: new Map(), approves: new Map(), pools: new Set(),
      counted: [...this.chain.epochApproves(epoch)], closing: (await this.#epochs?.closing(batch.mci)) ?? null,
    };
    const blocks: ExecutedBlock[] = [];
    const past: { readonly index: number; readonly before: Before }[] = [];
    for (const [offset, entry] of batch.blocks.entries()) {
      const index = batch.firstIndex + offset;
      if (offset > 0) past.push({ index: index - 1, before: this.#before() });
      blocks.push(await this.#executeBlock(entry, index, batch, progress));
    }
    const epochs = (await this.#epochs?.settle(batch, progress.records, progress.closing)) ?? [];
    const changes = this.#state.changes();
    const nextIndex = batch.firstIndex + batch.blocks.length;
    // What an epoch's end credits counts to the MCI's last block.
    past.push({ index: nextIndex - 1, before: this.#before() });
    const writes = new Writes();
    writePast(writes, this.#store, past, nextIndex - 1, this.#statesKept);
    writeState(writes, this.#store, changes);
    for (const block of blocks) this.#noteBlock(writes, block);
    this.#noteProgress(writes, progress, epoch);
    for (const [key, value] of epochs) writes.put(this.#store.epochs, key, value);
    writes.put(this.#store.trunk, batch.mci, batch.trunk);
    if (batch.blocks.some((entry) => entry.block.links.length > 0)) writes.put(this.#store.meta, 'busyMci', batch.mci);
    writes.put(this.#store.meta, 'stablePoint', { mci: batch.mci, hash: batch.trunk, nextIndex });
    await writes.commit(this.#store.root);
    this.#state.reset((key) => this.#store.state.get(key));
    for (const listener of this.#listeners) listener({ mci: batch.mci, blocks, elapsedMs: performance.now() - started });
  }

  #before(): Before {
    return this.#statesKept === 0 ? [] : this.#state.takeBefore((addresses) => clearedSlots(this.#store, addresses));
  }

  #noteBlock(writes: Writes, { hash, record, logs }: ExecutedBlock): void {
    writes.put(this.#store.stable, hash, record);
    writes.put(this.#store.byIndex, record.index, hash);
    writes.remove(this.#store.unstable, hash);
    for (const [number, log] of logs.entries()) {
      writes.put(this.#store.logs, [record.index, number], log);
      noteLog(writes, this.#store, log, record.index, number);
    }
  }

  #noteProgress(writes: Writes, { receipts, raws, approves, pools, counted, roots }: Progress, epoch: number): void {
    const store = this.#store;
    for (const [hash, receipt] of receipts) writes.put(store.receipts, hash, receipt);
    for (const [hash, raw] of raws) {
      writes.put(store.transactions, hash, raw);
      writes.remove(store.pool, hash);
    }
    for (const [hash, receipt] of approves) writes.put(store.approveReceipts, hash, receipt);
    for (const pool of pools) writes.put(store.pools, pool, 1);
    if (approves.size > 0) writes.put(store.epochs, `approves:${epoch}`, counted.map((each) => ({ ...each })));
    for (const [root, hash] of roots) writes.put(store.forkRoots, root, hash);
  }

  async #executeBlock(entry: Entry, index: number, batch: StableBatch, progress: Progress): Promise<ExecutedBlock> {
    const { block, hash } = entry;
    const fresh = block.links.filter((link) => !progress.receipts.has(link) && !this.#store.receipts.doesExist(link));
    const ran = await this.#runAll(fresh, { entry, index, batch, progress });
    const epochReceipt = hash === batch.trunk ? (progress.closing?.receipt ?? null) : null;
    const approveReceipts = block.approves.map((approve) => this.#runApprove(approve, entry, batch, progress));
    const root = receiptsRoot([
      ...block.links.map((link) => this.#encodedReceipt(link, progress)), ...approveReceipts.map(encodeApproveReceipt),
      ...(epochReceipt === null ? [] : [epochReceipt]),
    ]);
    const status = forkStatus(block, {
      firstOf: (forked) => progress.roots.get(forked) ?? this.#store.forkRoots.get(forked),
      statusOf: (stable) => this.#record(stable, progress)?.status,
    });
    if (status === 0) progress.roots.set(forkRoot(block), hash);
    const parts = {
      blockHash: hash,
      previousSummary: block.previous === zeroHash ? zeroHash : this.#summary(block.previous, progress),
      parentSummaries: block.parents.map((parent) => this.#summary(parent, progress)),
      receiptsRoot: root,
      skipSummaries: hash === batch.trunk ? this.#skips(batch.mci) : [],
      status,
      stableIndex: index,
      timestamp: batch.timestamp,
    };
    const record: StableRecord = {
      mci: batch.mci, index, level: entry.level, witnessedLevel: entry.witnessedLevel, bestParent: entry.bestParent, status,
      summary: summaryHash(parts), receiptsRoot: root, skipSummaries: parts.skipSummaries, timestamp: batch.timestamp,
      transactions: fresh, gasUsed: hexOf(ran.reduce((sum, result) => sum + result.gasUsed, 0n)),
      bloom: blockBloom(ran.map((result) => result.bloom)),
      ...(epochReceipt === null ? {} : { epochReceipt }),
    };
    progress.records.set(hash, record);
    const logs = ran.flatMap((result, position) =>
      result.logs.map((log) => ({ ...log, transaction: result.hash, position, block: hash })));
    for (const pool of this.#epochs?.pools(logs) ?? []) progress.pools.add(pool);
    return { hash, record, logs, approves: block.approves };
  }

  /** An approve is judged once, in the first block of the order that lists it. */
  #runApprove(hash: Hash, entry: Entry, { mci }: StableBatch, progress: Progress): ApproveRecord {
    const before = progress.approves.get(hash) ?? this.#store.approveReceipts.get(hash);
    if (before !== undefined) return before;
    if (this.#epochs === null) throw new ApproveMissing(hash);
    const receipt = this.#epochs.judge(hash, mci, progress.counted, progress.closing);
    if (receipt.status === 1) progress.counted.push({ from: receipt.from, output: receipt.output, approve: hash });
    const record = { ...receipt, block: entry.hash, epoch: epochOf(mci, this.#parameters) };
    progress.approves.set(hash, record);
    return record;
  }

  /** Rule 7: in list order, each once, in the first block of the order that links it. */
  async #runAll(
    fresh: readonly Hash[],
    { entry, index, batch, progress }: { entry: Entry; index: number; batch: StableBatch; progress: Progress },
  ): Promise<RunResult[]> {
    const results: RunResult[] = [];
    if (fresh.length === 0) return results;
    const environment = { number: index, timestamp: batch.timestamp, coinbase: entry.block.from, random: batch.trunk };
    let evm: ReturnType<typeof evmBlock> | undefined;
    let [cumulative, firstLog] = [0n, 0];
    for (const [position, hash] of fresh.entries()) {
      const transaction = this.#known(hash) ?? await this.#kept(hash);
      const { raw } = transaction;
      const result = runCall(this.#state, transaction, environment, this.#parameters) ?? await runTransaction(this.#vm, transaction, evm ??= evmBlock(environment, this.#parameters, commonOf(this.#parameters)));
      cumulative += result.gasUsed;
      progress.raws.set(hash, raw);
      progress.receipts.set(hash, {
        status: result.status, gasUsed: hexOf(result.gasUsed), cumulativeGasUsed: hexOf(cumulative),
        effectiveGasPrice: hexOf(result.effectiveGasPrice), bloom: result.bloom, logs: result.logs, block: entry.hash, index,
        position, firstLog, type: result.type, from: result.from, to: result.to, contractAddress: result.contractAddress,
      });
      firstLog += result.logs.length;
      results.push(result);
    }
    return results;
  }

  /** One that lies on disk alone; of one that came a moment ago, the write may not be done. */
  async #kept(hash: Hash): Promise<SignedTransaction> {
    const there = (): Hex | undefined => this.#store.pool.get(hash);
    let raw = there();
    if (raw === undefined) {
      await this.#store.root.committed;
      raw = there();
    }
    if (raw === undefined) throw new TransactionMissing(hash);
    const parsed = parseTransaction(raw, this.#parameters);
    if (!parsed.ok) throw new TransactionMissing(hash);
    return parsed.transaction;
  }

  #encodedReceipt(link: Hash, progress: Progress): Hex {
    const receipt = this.#receipt(link, progress);
    if (receipt === undefined) throw new TransactionMissing(link);
    return encodeReceipt({ status: receipt.status, gasUsed: BigInt(receipt.gasUsed), bloom: receipt.bloom, logs: receipt.logs });
  }

  #receipt(hash: Hash, progress: Progress): ReceiptRecord | undefined {
    return progress.receipts.get(hash) ?? this.#store.receipts.get(hash);
  }

  #record(hash: Hash, progress: Progress): StableRecord | undefined {
    return progress.records.get(hash) ?? this.#store.stable.get(hash);
  }

  #summary(hash: Hash, progress: Progress): Hash {
    return this.#record(hash, progress)?.summary ?? zeroHash;
  }

  #skips(mci: number): Hash[] {
    return skipTargets(mci).map((target) => this.chain.summary(this.chain.trunkAt(target) ?? '') ?? zeroHash).sort();
  }
}

function hexOf(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
