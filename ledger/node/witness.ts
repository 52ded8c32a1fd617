// A witness that composes: it wakes on arrivals, writes when it is its turn, and flushes its own block before it sends it,
// or a kill would make it write a second block on the same previous: a fork by an honest witness (rule 12).
import { encodeBlock, signBlock, zeroHash } from '@oort/ledger-chain';
import type { Address, Block, Hash } from '@oort/ledger-chain';
import { composeBlock, turnOf } from '@oort/ledger-dag';
import type { ChainStore } from '@oort/ledger-execution';
import type { ApprovePool } from './approve-pool';
import type { TransactionPool } from './pool';
import type { View } from './view';
import type { WitnessKey } from './witness-keys';

export interface Pace {
  /** Between a trunk block's arrival and the next block: lets transactions gather and bounds the CPU used. */
  readonly gapMs: number;
  /** How much longer each further witness in line waits for those before it. */
  readonly turnPauseMs: number;
}

export interface WitnessPorts {
  readonly store: ChainStore;
  readonly pool: TransactionPool;
  readonly approves: ApprovePool;
  readonly verified: Set<Hash>;
  readonly pace: Pace;
  readonly send: (block: Block) => void;
  readonly broken: (error: unknown) => void;
}

export class Witness {
  readonly view: View;
  readonly #key: WitnessKey;
  readonly #ports: WitnessPorts;
  #previous: Hash;
  #trunk: Hash;
  #trunkAt = 0;
  #workSince: number | null = null;
  #writing = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(key: WitnessKey, view: View, ports: WitnessPorts) {
    this.#key = key;
    this.view = view;
    this.#ports = ports;
    this.#previous = (ports.store.meta.get(previousKey(key.address)) as Hash | undefined) ?? zeroHash;
    this.#trunk = view.dag.trunkTip.hash;
  }

  /** The hash of the last block that this witness has written. */
  get previous(): Hash {
    return this.#previous;
  }

  receive(block: Block): void {
    this.#guarded(() => {
      this.view.receive(block);
      this.wake();
    });
  }

  retry(kind: 'transaction' | 'approve' | 'summary'): void {
    this.#guarded(() => {
      this.view.retry(kind);
      this.wake();
    });
  }

  /** Sets the pen's timer to the moment when it is this witness's turn, if there is anything to write. */
  wake(): void {
    if (this.#stopped || this.#writing) return;
    const { trunkTip } = this.view.dag;
    if (trunkTip.hash !== this.#trunk) {
      this.#trunk = trunkTip.hash;
      this.#trunkAt = Date.now();
    }
    clearTimeout(this.#timer);
    const turn = turnOf(this.view.dag, this.#key.address, this.view.serving());
    const now = Date.now();
    if (!this.view.hasWork()) {
      this.#workSince = null;
      return;
    }
    this.#workSince ??= now;
    if (turn === -1) return;
    const { gapMs, turnPauseMs } = this.#ports.pace;
    // After a silence everybody's turn would have come at once: those behind wait from the moment when work came.
    const due = Math.max(this.#trunkAt + gapMs, this.#workSince) + turn * turnPauseMs;
    this.#timer = setTimeout(() => this.#write(), Math.max(due - now, 0));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    while (this.#writing) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  #write(): void {
    this.#guarded(() => {
      const { dag, around, linked } = this.view;
      const turn = turnOf(dag, this.#key.address, this.view.serving());
      if (this.#stopped || this.#writing || turn === -1 || !this.view.hasWork()) return;
      const links = this.#ports.pool.linkable(linked, around.parameters.maximumLinks);
      const approves = this.#ports.approves.linkable(linked, around.parameters.maximumLinks);
      const body = composeBlock(dag, { author: this.#key.address, previous: this.#previous, links, approves }, around);
      // The summary to cite is still being computed: its arrival wakes this witness again.
      if (body === null) return;
      const block = signBlock(body, this.#key.privateKey);
      this.#writing = true;
      this.#publish(block).catch(this.#ports.broken);
    });
  }

  async #publish(block: Block): Promise<void> {
    const { store, verified, send } = this.#ports;
    await store.root.transaction(() => {
      void store.blocks.put(block.hash, Buffer.from(encodeBlock(block).slice(2), 'hex'));
      void store.unstable.put(block.hash, 1);
      void store.meta.put(previousKey(this.#key.address), block.hash);
    });
    await store.root.flushed;
    this.#previous = block.hash;
    verified.add(block.hash);
    this.#writing = false;
    this.receive(block);
    send(block);
  }

  #guarded(act: () => void): void {
    try {
      if (!this.#stopped) act();
    } catch (error) {
      this.#ports.broken(error);
    }
  }
}

function previousKey(address: Address): string {
  return `previous:${address}`;
}
