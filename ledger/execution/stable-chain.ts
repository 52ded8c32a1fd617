// Reading what is final: blocks, receipts and logs in the total order.
import { decodeBlock, encodeSummary } from '@oort/ledger-chain';
import type { Block, Hash, Hex, SummaryParts } from '@oort/ledger-chain';
import { zeroHash } from '@oort/ledger-chain';
import type { Entry, StableArchive } from '@oort/ledger-dag';
import { Fault } from '@oort/kernel-wire';
import type { ChainStore, LogRecord, ReceiptRecord, StablePoint, StableRecord } from './store';
import { stablePoint } from './store';

export class StoreBroken extends Fault {
  constructor(what: string) {
    super('CHAIN_STORE_BROKEN', `the chain's store lacks ${what}`);
  }
}

export class StableChain implements StableArchive {
  readonly #store: ChainStore;

  constructor(store: ChainStore) {
    this.#store = store;
  }

  point(): StablePoint {
    return required(stablePoint(this.#store), 'its stable point');
  }

  block(hash: Hash): Block | undefined {
    const wire = this.#store.blocks.get(hash);
    return wire === undefined ? undefined : decodeBlock(`0x${wire.toString('hex')}`);
  }

  record(hash: Hash): StableRecord | undefined {
    return this.#store.stable.get(hash);
  }

  readonly entry = (hash: Hash): Entry | undefined => {
    const record = this.record(hash);
    if (record === undefined) return undefined;
    const block = required(this.block(hash), `block ${hash}`);
    return { hash, block, level: record.level, witnessedLevel: record.witnessedLevel, bestParent: record.bestParent };
  };

  readonly mciOf = (hash: Hash): number | undefined => this.record(hash)?.mci;

  hashAt(index: number): Hash | undefined {
    return this.#store.byIndex.get(index);
  }

  trunkAt(mci: number): Hash | undefined {
    return this.#store.trunk.get(mci);
  }

  summary(hash: Hash): Hash | undefined {
    return this.record(hash)?.summary;
  }

  receipt(transaction: Hash): ReceiptRecord | undefined {
    return this.#store.receipts.get(transaction);
  }

  transaction(hash: Hash): Hex | undefined {
    return this.#store.transactions.get(hash);
  }

  /** Logs of the blocks `from` to `to`, both included, with their block's index and their number in it. */
  *logs(from: number, to: number): Generator<{ readonly index: number; readonly number: number; readonly log: LogRecord }> {
    for (const { key: [index, number], value: log } of this.#store.logs.getRange({ start: [from, 0], end: [to + 1, 0] })) {
      yield { index, number, log };
    }
  }

  /** What the block's summary hashes (rule 11), read back from what its neighbours say. */
  summaryParts(hash: Hash): SummaryParts {
    const record = required(this.record(hash), `block ${hash}`);
    const block = required(this.block(hash), `block ${hash}`);
    const summaryOf = (cited: Hash): Hash => required(this.summary(cited), `the summary of ${cited}`);
    return {
      blockHash: hash,
      previousSummary: block.previous === zeroHash ? zeroHash : summaryOf(block.previous),
      parentSummaries: block.parents.map(summaryOf),
      receiptsRoot: record.receiptsRoot,
      skipSummaries: record.skipSummaries,
      status: record.status,
      stableIndex: record.index,
      timestamp: record.timestamp,
    };
  }

  encodedSummary(hash: Hash): Hex {
    return encodeSummary(this.summaryParts(hash));
  }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new StoreBroken(what);
  return value;
}
