// A chain made anew from blocks in their final order, without witnesses, wires or a door: from a file, or from a store that is damaged.
// Everything is checked and run as if peers had sent it. What is there already is not done again, so it can go on after a kill.
import { encodeBlock } from '@oort/ledger-chain';
import type { GenesisDocument, Hash, Hex } from '@oort/ledger-chain';
import { applyGenesis, Executor, openChainStore, StableChain, StateReading, StoreBroken } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import type { Carried } from '@oort/ledger-network';
import { ApprovePool } from './approve-pool';
import { bytesOf } from './hex-bytes';
import { HistoryFeed } from './history-feed';
import type { HistoryPage } from './history-page';
import { TransactionPool } from './pool';
import { View } from './view';

export interface ReplayOptions {
  /** Of the store itself. */
  readonly directory: string;
  readonly document: GenesisDocument;
  readonly codes: ReadonlyMap<string, Hex>;
  readonly statesKept?: number;
}

export class Replay {
  readonly #refusals = new Map<Hash, string>();
  readonly #verified = new Set<Hash>();
  readonly #feed: HistoryFeed;
  readonly #view: View;
  #broken: Error | null = null;

  private constructor(readonly store: ChainStore, private readonly executor: Executor, pool: TransactionPool, document: GenesisDocument) {
    const { chain } = executor;
    const { parameters } = document;
    const approves = new ApprovePool(store, chain, parameters);
    const now = (): number => Math.floor(Date.now() / 1000);
    this.#view = new View({
      chain, pool, approves, verified: this.#verified,
      surroundings: { parameters, transaction: pool.find, summary: (hash) => chain.summary(hash), hasApprove: approves.has, witnesses: chain.witnesses, now },
      settle: (batch) => {
        executor.submit(batch);
        executor.settled().catch((error: unknown) => { this.#breaks(error); });
      },
      refused: ({ hash }, { code }) => { this.#refusals.set(hash, code); },
      accepted: (block) => {
        Promise.all([store.blocks.put(block.hash, bytesOf(encodeBlock(block))), store.unstable.put(block.hash, 1)]).catch((error: unknown) => { this.#breaks(error); });
      },
    }, 0);
    executor.onExecuted((executed) => {
      pool.executed(executed);
      approves.executed(executed);
      this.#view.executed(executed.mci, []);
      for (const { hash } of executed.blocks) this.#verified.delete(hash);
      this.#view.retry('summary');
    });
    this.#feed = new HistoryFeed({
      chain, pool, approves, view: this.#view, receive: (block) => { this.#view.receive(block); }, settled: () => executor.settled(), refusalOf: (hash) => this.#refusals.get(hash),
    });
    for (const hash of [...store.unstable.getKeys({})]) {
      const block = chain.block(hash);
      if (block !== undefined) this.#view.receive(block);
    }
  }

  static async open({ directory, document, codes, statesKept }: ReplayOptions): Promise<Replay> {
    const store = openChainStore(directory);
    await applyGenesis(store, document, codes);
    const { parameters } = document;
    const pool = new TransactionPool(store, new StableChain(store), new StateReading(store, parameters, () => Math.floor(Date.now() / 1000)), parameters);
    const executor = await Executor.open(store, parameters, pool.get, statesKept === undefined ? {} : { statesKept });
    return new Replay(store, executor, pool, document);
  }

  get chain(): StableChain {
    return this.executor.chain;
  }

  get nextIndex(): number {
    return this.chain.point().nextIndex;
  }

  /** Throws HistoryRefused, and what has stopped the execution. */
  async take(page: HistoryPage): Promise<void> {
    await this.#feed.feed(page.items, page.from);
    if (this.#broken !== null) throw this.#broken;
  }

  /** Blocks behind the final order, ancestors first. */
  async takeUnstable(items: readonly Carried[]): Promise<void> {
    await this.#feed.feed(items, null);
    if (this.#broken !== null) throw this.#broken;
  }

  #breaks(error: unknown): void {
    this.#broken ??= error instanceof Error ? error : new StoreBroken(String(error));
  }

  async close(): Promise<void> {
    await this.executor.settled().catch(() => undefined);
    await this.store.root.flushed;
    await this.store.root.close();
  }
}
