// Reading what is final: blocks, receipts and logs in the total order.
import { decodeBlock, MalformedBlock, encodeApproveReceipt, encodeReceipt, encodeSummary } from '@oort/ledger-chain';
import type { Address, Block, GenesisDocument, Hash, Hex, SummaryParts } from '@oort/ledger-chain';
import { zeroHash } from '@oort/ledger-chain';
import type { CountedApprove, WorkShare } from '@oort/ledger-election';
import { forkRoot } from '@oort/ledger-dag';
import type { Entry, StableArchive } from '@oort/ledger-dag';
import { Fault } from '@oort/kernel-wire';
import { ChainDataDamaged } from './checked-values';
import { logsBetween } from './log-index';
import type { PlacedLog } from './log-index';
import type { ApproveRecord, ChainStore, ReceiptRecord, StablePoint, StableRecord } from './store';
import { stablePoint } from './store';

export class StoreBroken extends Fault {
  constructor(what: string) {
    super('CHAIN_STORE_BROKEN', `the chain's store lacks ${what}`);
  }
}

export class StableChain implements StableArchive {
  readonly #store: ChainStore;
  /** A set never changes once it is there. */
  readonly #sets = new Map<number, readonly Address[]>();
  #genesis: GenesisDocument | undefined;

  constructor(store: ChainStore) {
    this.#store = store;
  }

  point(): StablePoint {
    return required(stablePoint(this.#store), 'its stable point');
  }

  block(hash: Hash): Block | undefined {
    const wire = named('blocks', hash, () => this.#store.blocks.get(hash));
    const block = wire === undefined ? undefined : decodedOf(wire, hash);
    if (block !== undefined && block.hash !== hash) throw new ChainDataDamaged('blocks', hash);
    return block;
  }

  record(hash: Hash): StableRecord | undefined {
    return named('stable', hash, () => this.#store.stable.get(hash));
  }

  /** The two blocks of one author on one previous that gave this final block its status 1, the earlier first; null where it has another. */
  forkOf(hash: Hash): readonly [Block, Block] | null {
    for (let at = hash; this.record(at)?.status === 1;) {
      const block = required(this.block(at), `block ${at}`);
      const first = this.#store.forkRoots.get(forkRoot(block));
      if (first !== undefined && first !== at) return [required(this.block(first), `block ${first}`), block];
      // Built on a fork by its author.
      at = block.previous;
    }
    return null;
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
    return named('receipts', transaction, () => this.#store.receipts.get(transaction));
  }

  transaction(hash: Hash): Hex | undefined {
    return named('transactions', hash, () => this.#store.transactions.get(hash));
  }

  genesis(): GenesisDocument {
    this.#genesis ??= required(this.#store.meta.get('genesis') as unknown as GenesisDocument | undefined, 'its genesis');
    return this.#genesis;
  }

  /** Who serves in the epoch, in the order of their draws; undefined until the epoch two before it has closed. */
  readonly witnesses = (epoch: number): readonly Address[] | undefined => {
    const { parameters, witnesses } = this.genesis();
    if (parameters.elections === undefined || epoch <= 1) return witnesses;
    const known = this.#sets.get(epoch) ?? (this.#store.epochs.get(`witnesses:${epoch}`) as readonly Address[] | undefined);
    if (known !== undefined) this.#sets.set(epoch, known);
    return known;
  };

  /** The stake list as it stood at the start of the epoch; empty for epochs that have not begun. */
  stakers(epoch: number): readonly Address[] {
    if (epoch === 0) return this.genesis().witnesses;
    return (this.#store.epochs.get(`stakers:${epoch}`) as readonly Address[] | undefined) ?? [];
  }

  /** The approves that count, in their final order. */
  epochApproves(epoch: number): readonly CountedApprove[] {
    return (this.#store.epochs.get(`approves:${epoch}`) as unknown as readonly CountedApprove[] | undefined) ?? [];
  }

  /** What the epoch's system transaction paid; undefined until the epoch has closed. */
  work(epoch: number): readonly WorkShare[] | undefined {
    const kept = this.#store.epochs.get(`work:${epoch}`) as readonly { witness: Address; points: number; wei: string }[] | undefined;
    return kept?.map((share) => ({ ...share, wei: BigInt(share.wei) }));
  }

  approve(hash: Hash): Hex | undefined {
    return named('approves', hash, () => this.#store.approves.get(hash));
  }

  approveReceipt(hash: Hash): ApproveRecord | undefined {
    return this.#store.approveReceipts.get(hash);
  }

  /** Everything that the block's receipts root holds, in its order (rule 11). */
  encodedReceipts(hash: Hash): Hex[] {
    const { links, approves } = required(this.block(hash), `block ${hash}`);
    const { epochReceipt } = required(this.record(hash), `block ${hash}`);
    return [
      ...links.map((link) => {
        const { status, gasUsed, bloom, logs } = required(this.receipt(link), `the receipt of ${link}`);
        return encodeReceipt({ status, gasUsed: BigInt(gasUsed), bloom, logs });
      }),
      ...approves.map((approve) => encodeApproveReceipt(required(this.approveReceipt(approve), `the receipt of ${approve}`))),
      ...(epochReceipt === undefined ? [] : [epochReceipt]),
    ];
  }

  /** Logs of the blocks `from` to `to`, both included, with their block's index and their number in it; of these contracts only, or of all. */
  logs(from: number, to: number, addresses: ReadonlySet<Address> | null = null): Generator<PlacedLog> {
    return logsBetween(this.#store, from, to, addresses);
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

/** Says whose value it is that is damaged. */
function named<T>(database: string, key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ChainDataDamaged ? new ChainDataDamaged(database, key) : error;
  }
}

function decodedOf(wire: Buffer, hash: Hash): Block {
  try {
    return decodeBlock(`0x${wire.toString('hex')}`);
  } catch (error) {
    throw error instanceof MalformedBlock ? new ChainDataDamaged('blocks', hash) : error;
  }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new StoreBroken(what);
  return value;
}
