// A witness that composes: it wakes on arrivals, writes when it is its turn, and flushes its own block before it sends it,
// or a kill would make it write a second block on the same previous: a fork by an honest witness (rule 12).
import { encodeBlock, signBlock, zeroHash } from '@oort/ledger-chain';
import type { Address, Block, Hash } from '@oort/ledger-chain';
import { composeBlock, lineOf, Pacer, turnOf } from '@oort/ledger-dag';
import type { Pace } from '@oort/ledger-dag';
import { Writes } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import type { ApprovePool } from './approve-pool';
import type { TransactionPool } from './pool';
import type { Retried, Seat } from './seat';
import type { View } from './view';
import type { WitnessKey } from './witness-keys';

export type { Pace };

/** As many as a chain without load ever has waiting. */
const fewLinks = 32;

export interface WitnessPorts {
  readonly store: ChainStore;
  readonly pool: TransactionPool;
  readonly approves: ApprovePool;
  readonly verified: Set<Hash>;
  readonly pace: Pace;
  readonly send: (block: Block) => void;
  readonly broken: (error: unknown) => void;
  /** Not while others may know more of this witness's own blocks than it does. */
  readonly mayWrite: () => boolean;
}

export class Witness implements Seat {
  readonly view: View;
  readonly #key: WitnessKey;
  readonly #ports: WitnessPorts;
  #previous: Hash;
  readonly #pacer: Pacer;
  #writing = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(key: WitnessKey, view: View, ports: WitnessPorts) {
    this.#key = key;
    this.view = view;
    this.#ports = ports;
    this.#previous = (ports.store.meta.get(previousKey(key.address)) as Hash | undefined) ?? zeroHash;
    this.#pacer = new Pacer(ports.pace);
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

  /** A block of its own that it has forgotten, as after the loss of a disk: it goes on behind it, or it would fork. */
  adopt(block: Block): void {
    if (block.from !== this.#key.address || block.previous !== this.#previous || this.#writing) return;
    this.#previous = block.hash;
    void this.#ports.store.meta.put(previousKey(this.#key.address), block.hash);
  }

  retry(kind: Retried): void {
    this.#guarded(() => {
      this.view.retry(kind);
      this.wake();
    });
  }

  /** Sets the pen's timer to the moment when it is this witness's turn, if there is anything to write. */
  wake(): void {
    if (this.#stopped || this.#writing || !this.#ports.mayWrite()) return;
    const now = Date.now();
    this.#pacer.sees(this.view.dag.trunkTip.hash, now);
    clearTimeout(this.#timer);
    const turn = turnOf(this.view.dag, this.#key.address, this.view.serving());
    if (!this.view.hasWork()) {
      this.#pacer.idle();
      return;
    }
    const due = this.#pacer.due(turn, now);
    if (turn === -1) return;
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
      const line = lineOf(dag, this.view.serving());
      const turn = line.indexOf(this.#key.address);
      if (this.#stopped || this.#writing || turn === -1 || !this.#ports.mayWrite() || !this.view.hasWork()) return;
      // Its last block waits for something itself, and whatever ends that wait wakes this witness again.
      if (this.#previous !== zeroHash && dag.entry(this.#previous) === undefined) return;
      // Whoever is before it and still there is late because it is busy, and will link the same ones.
      const isEarly = line.slice(0, turn).some((witness) => this.view.heardLately(witness));
      const links = this.#ports.pool.linkable(linked, isEarly ? fewLinks : around.parameters.maximumLinks);
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
    const writes = new Writes();
    writes.put(store.blocks, block.hash, Buffer.from(encodeBlock(block).slice(2), 'hex'));
    writes.put(store.unstable, block.hash, 1);
    writes.put(store.meta, previousKey(this.#key.address), block.hash);
    await writes.commit(store.root);
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
