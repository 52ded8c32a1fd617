// One witness's view: the DAG as this witness has checked it, what it holds back, and what remains to be done in it.
import { majorityOf, recoverAuthor } from '@oort/ledger-chain';
import type { Address, Block, Hash } from '@oort/ledger-chain';
import { Dag, Holding, present, servingOn, unmetNonce, validateBlock } from '@oort/ledger-dag';
import type { BlockRefusal, Entry, StableBatch, Surroundings, Waiting } from '@oort/ledger-dag';
import type { StableChain } from '@oort/ledger-execution';
import type { ApprovePool } from './approve-pool';
import type { TransactionPool } from './pool';

export interface ViewPorts {
  readonly chain: StableChain;
  readonly pool: TransactionPool;
  readonly approves: ApprovePool;
  readonly surroundings: Omit<Surroundings, 'entry'>;
  /** The hash of a block whose signature this process has made or checked. */
  readonly verified: Set<Hash>;
  readonly settle: (batch: StableBatch) => void;
  readonly refused: (block: Block, refusal: BlockRefusal) => void;
  readonly accepted?: (block: Block) => void;
}

const latelyMs = 3_000;

export class View {
  readonly dag: Dag;
  readonly around: Surroundings;
  readonly #ports: ViewPorts;
  readonly #holding = new Holding();
  /** Pending transactions and approves that an accepted block lists. */
  readonly #linked = new Set<Hash>();
  readonly #unstableWork = new Set<Hash>();
  /** The last MCI with transactions, and who has cited a summary that covers it. */
  #busyMci: number;
  readonly #citers = new Set<Address>();
  /** The executor comes after the DAG: what is stable may still be waiting to run. */
  #executedMci: number;
  /** When the last block of each author was accepted. */
  readonly #heard = new Map<Address, number>();
  /** Stability is wanted up to this MCI, pending transactions or not. */
  #wantedMci = 0;

  constructor(ports: ViewPorts, busyMci: number) {
    const { chain } = ports;
    const { mci, hash, nextIndex } = chain.point();
    this.#ports = ports;
    this.#busyMci = busyMci;
    this.#executedMci = mci;
    this.dag = new Dag(chain, present(chain.entry, hash), nextIndex);
    this.around = { ...ports.surroundings, entry: this.dag.entry };
  }

  get linked(): ReadonlySet<Hash> {
    return this.#linked;
  }

  /** Blocks that wait for something. */
  get held(): number {
    return this.#holding.size;
  }

  heldFor(): ReadonlyMap<string, number> {
    return this.#holding.counts();
  }

  /** Whether a block of this witness was accepted in the last few seconds. */
  heardLately(witness: Address): boolean {
    return performance.now() - (this.#heard.get(witness) ?? -Infinity) < latelyMs;
  }

  holds(hash: Hash): boolean {
    return this.#holding.has(hash);
  }

  waiting(hash: Hash): Waiting | undefined {
    return this.#holding.waiting(hash);
  }

  /** What those that wait need from elsewhere. */
  wanted(): Hash[] {
    return this.#holding.wanted((hash) => this.dag.entry(hash) !== undefined);
  }

  /** True where the block, or one that it released, was accepted. */
  receive(block: Block): boolean {
    const known = this.dag.entry(block.hash) !== undefined || this.#holding.has(block.hash);
    return !known && this.#consider(block);
  }

  /** Something outside has changed: a transaction or a summary is there, or time has passed. */
  retry(kind: Waiting['kind']): boolean {
    const released = this.#holding.release((waiting) => waiting.kind === kind || waiting.kind === 'nonce');
    return released.map((block) => this.#consider(block)).includes(true);
  }

  /** Rule 3: who may write the next block; nobody while the election of its epoch is still being computed. */
  serving(): readonly Address[] {
    return servingOn(this.dag.trunkTip, this.around) ?? [];
  }

  executed(mci: number, hashes: readonly Hash[]): void {
    this.#executedMci = mci;
    for (const hash of hashes) this.#linked.delete(hash);
  }

  /** One more MCI is to become stable though nothing is pending. */
  wantOneMore(): void {
    this.#wantedMci = this.dag.lastStable.level + 1;
  }

  /** OLYMPUS.md section 5: something is pending. What has run stays work until W - m + 1 witnesses have cited a summary that
   *  covers it, since only then its receipt can be proven to a stranger. */
  hasWork(): boolean {
    const { witnessCount } = this.around.parameters;
    if (this.#unstableWork.size > 0 || this.dag.lastStable.level < this.#wantedMci) return true;
    if (this.#busyMci > 0 && this.#citers.size <= witnessCount - majorityOf(witnessCount)) return true;
    return this.#ports.pool.linkable(this.#linked, 1).length > 0 || this.#ports.approves.linkable(this.#linked, 1).length > 0;
  }

  readonly #hasRun = (hash: Hash): boolean => (this.dag.mciOf(hash) ?? Infinity) <= this.#executedMci;

  #consider(block: Block): boolean {
    const verdict = validateBlock(block, this.around, (asked) => this.#authorOf(asked));
    switch (verdict.kind) {
      case 'invalid':
        this.#ports.refused(block, verdict.refusal);
        return false;
      case 'waits':
        this.#holding.hold(block, verdict.waiting);
        return false;
      case 'valid': {
        const unmet = unmetNonce(block, this.around, this.#hasRun, this.#ports.pool.stableNonce);
        if (unmet !== null) {
          this.#holding.hold(block, unmet);
          return false;
        }
        this.#accept(verdict.entry);
        return true;
      }
    }
  }

  #accept(entry: Entry): void {
    const { block } = entry;
    this.#heard.set(block.from, performance.now());
    for (const link of block.links) if (this.#ports.pool.get(link) !== undefined) this.#linked.add(link);
    for (const approve of block.approves) if (this.#ports.approves.isPending(approve)) this.#linked.add(approve);
    if (block.links.length + block.approves.length > 0) this.#unstableWork.add(block.hash);
    // Kept before anything counts on it.
    this.#ports.accepted?.(block);
    const batches = this.dag.accept(entry);
    for (const batch of batches) {
      for (const { hash } of batch.blocks) this.#unstableWork.delete(hash);
      if (batch.blocks.some((stable) => stable.block.links.length > 0)) {
        this.#busyMci = batch.mci;
        this.#citers.clear();
      }
    }
    if (present(this.dag.entry, block.lastSummaryBlock).level >= this.#busyMci) this.#citers.add(block.from);
    for (const batch of batches) this.#ports.settle(batch);
    const released = this.#holding.release((waiting) => waiting.kind === 'block' && waiting.hash === block.hash);
    for (const waiting of released) this.#consider(waiting);
  }

  #authorOf(block: Block): Address | null {
    if (this.#ports.verified.has(block.hash)) return block.from;
    const author = recoverAuthor(block.hash, block.signature);
    if (author === block.from) this.#ports.verified.add(block.hash);
    return author;
  }
}
