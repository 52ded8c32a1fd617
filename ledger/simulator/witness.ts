// A witness of the simulation: the real rules on a view of its own, with a disk that survives its restarts.
import type { Address, Block, BlockBody, ChainParameters, Hash } from '@oort/ledger-chain';
import { zeroHash } from '@oort/ledger-chain';
import { composeBlock, Dag, Holding, servingOn, turnOf, unmetNonce, validateBlock } from '@oort/ledger-dag';
import type { Entry, Surroundings } from '@oort/ledger-dag';
import { genesisEntry, standInSummary, unsigned, witnessAddress } from '@oort/ledger-dag/world';
import type { Message, Network, SimulatedTransaction } from './network';
import type { Random } from './random';
import type { WorldClock } from './world-clock';

/** How a witness behaves. `split`: it runs twice with one key, once on each side of a partition, honest to each side. */
export type Conduct = 'honest' | 'fork' | 'split' | 'withhold' | 'wrong-citation' | 'silent';

export interface Stage {
  readonly parameters: ChainParameters;
  readonly clock: WorldClock;
  readonly network: Network;
  readonly random: Random;
  /** Who serves in an epoch: the draw is injected, and all compute the same from the final order. */
  readonly serving: (epoch: number) => readonly Address[];
  /** Added to the clock of a seat; seconds. */
  readonly skew: (seat: number) => number;
}

const gapMs = 20;
const turnPauseMs = 400;
const gossipEveryMs = 250;

export class SimulatedWitness {
  readonly seat: number;
  readonly conduct: Conduct;
  /** The final order as this witness sees it: block hashes by stable index, from 1. */
  order: Hash[] = [];
  refusals = 0;
  readonly #stage: Stage;
  readonly #author: Address;
  readonly #around: Surroundings;
  /** What a restart finds: blocks accepted, and the own last block, flushed before it was sent. */
  readonly #disk = new Map<Hash, Block>();
  readonly #transactions = new Map<Hash, SimulatedTransaction>();
  #previous: Hash = zeroHash;
  #dag: Dag;
  #holding = new Holding();
  #linked = new Set<Hash>();
  #unstableWork = new Set<Hash>();
  /** How many of each account's transactions have run. */
  #ran = new Map<Address, number>();
  #trunk: Hash = zeroHash;
  #trunkAtMs = 0;
  #asleep = false;
  #pen = 0;

  /** `place` in the network is the seat, except for a split witness, which has two places and one key. */
  constructor(seat: number, conduct: Conduct, stage: Stage, place = seat) {
    this.seat = place;
    this.conduct = conduct;
    this.#stage = stage;
    this.#author = witnessAddress(seat);
    const { parameters, clock } = stage;
    this.#dag = this.#freshDag();
    this.#around = {
      parameters,
      entry: (hash) => this.#dag.entry(hash),
      transaction: (hash) => this.#transactions.get(hash),
      summary: (hash) => (this.#dag.isStable(hash) ? standInSummary(hash) : undefined),
      hasApprove: () => false,
      witnesses: stage.serving,
      now: () => parameters.genesisTimestamp + 1000 + stage.skew(seat) + Math.floor(clock.nowMs / 1000),
    };
    stage.network.join((message, from) => this.#hear(message, from));
    this.#gossip();
  }

  get stableMci(): number {
    return this.#dag.lastStable.level;
  }

  get blocksWritten(): number {
    return [...this.#disk.values()].filter((block) => block.from === this.#author).length;
  }

  links(hash: Hash): readonly Hash[] {
    return this.#disk.get(hash)?.links ?? [];
  }

  offer(transaction: SimulatedTransaction): void {
    if (this.#transactions.has(transaction.hash)) return;
    this.#transactions.set(transaction.hash, transaction);
    this.#retry('transaction');
    this.#stage.network.broadcast(this.seat, { kind: 'transaction', transaction });
    this.#wake();
  }

  crash(): void {
    this.#asleep = true;
    this.#pen += 1;
  }

  /** Memory is gone; the disk is replayed. The final order must come out as it was. */
  restart(): void {
    const before = this.order;
    this.#asleep = false;
    this.#dag = this.#freshDag();
    this.#holding = new Holding();
    this.#linked = new Set();
    this.#unstableWork = new Set();
    this.#ran = new Map();
    this.order = [];
    for (const block of [...this.#disk.values()]) this.#consider(block);
    if (before.some((hash, index) => this.order[index] !== hash)) this.order = ['a restart changed the final order'];
    this.#wake();
  }

  #freshDag(): Dag {
    return new Dag({ entry: () => undefined, mciOf: () => undefined }, genesisEntry(this.#stage.parameters), 1);
  }

  #hear(message: Message, from: number): void {
    if (this.#asleep) return;
    switch (message.kind) {
      case 'transaction':
        this.offer(message.transaction);
        break;
      case 'block':
        if (this.#around.entry(message.block.hash) === undefined && !this.#holding.has(message.block.hash)) {
          this.#consider(message.block);
          this.#askFor(from);
        }
        break;
      case 'tips':
        this.#request(from, message.hashes.filter((hash) => this.#around.entry(hash) === undefined && !this.#transactions.has(hash)));
        break;
      case 'request':
        for (const hash of message.hashes) this.#serve(from, hash);
        break;
    }
    this.#wake();
  }

  #serve(to: number, hash: Hash): void {
    const { network } = this.#stage;
    const block = this.#disk.get(hash);
    if (block !== undefined) network.send(this.seat, to, { kind: 'block', block });
    const transaction = this.#transactions.get(hash);
    if (transaction !== undefined) network.send(this.seat, to, { kind: 'transaction', transaction });
  }

  /** Rule 12: hold what has unknown parents or links, and request them. */
  #askFor(peer: number): void {
    this.#request(peer, this.#holding.wanted((hash) => this.#around.entry(hash) !== undefined));
  }

  #request(peer: number, hashes: readonly Hash[]): void {
    if (hashes.length > 0) this.#stage.network.send(this.seat, peer, { kind: 'request', hashes });
  }

  #gossip(): void {
    const { clock, network, random } = this.#stage;
    clock.after(gossipEveryMs, () => {
      if (!this.#asleep) {
        // Pending transactions too: one lost on its first way may be all that the only witness whose turn it is waits for.
        const hashes = [...this.#dag.tips().map((tip) => tip.hash), ...this.#linkable()];
        network.broadcast(this.seat, { kind: 'tips', hashes });
        this.#retry('time');
        this.#askFor(random.between(0, network.size));
        this.#wake();
      }
      this.#gossip();
    });
  }

  #consider(block: Block): void {
    const verdict = validateBlock(block, this.#around, (asked) => asked.from);
    if (verdict.kind === 'valid') {
      const unmet = unmetNonce(block, this.#around, this.#dag.isStable, (account) => this.#ran.get(account) ?? 0);
      if (unmet === null) this.#accept(verdict.entry);
      else this.#holding.hold(block, unmet);
    } else if (verdict.kind === 'waits') this.#holding.hold(block, verdict.waiting);
    else this.refusals += 1;
  }

  #accept(entry: Entry): void {
    const { block, hash } = entry;
    this.#disk.set(hash, block);
    for (const link of block.links) this.#linked.add(link);
    if (block.links.length > 0) this.#unstableWork.add(hash);
    for (const batch of this.#dag.accept(entry)) {
      for (const { hash: stable } of batch.blocks) {
        this.#unstableWork.delete(stable);
        this.order.push(stable);
        this.#run(stable);
      }
    }
    const released = this.#holding.release((waiting) =>
      waiting.kind === 'summary' || waiting.kind === 'nonce' || (waiting.kind === 'block' && waiting.hash === hash));
    for (const waiting of released) this.#consider(waiting);
  }

  #run(stable: Hash): void {
    for (const link of this.links(stable)) {
      const transaction = this.#transactions.get(link);
      if (transaction !== undefined && transaction.nonce === (this.#ran.get(transaction.from) ?? 0)) {
        this.#ran.set(transaction.from, transaction.nonce + 1);
      }
    }
  }

  #retry(kind: 'transaction' | 'time'): void {
    for (const block of this.#holding.release((waiting) => waiting.kind === kind)) this.#consider(block);
  }

  #linkable(): Hash[] {
    const sorted = [...this.#transactions.values()].sort((a, b) => (a.from === b.from ? a.nonce - b.nonce : a.from < b.from ? -1 : 1));
    const links: Hash[] = [];
    const expected = new Map<string, number>();
    for (const { hash, from, nonce } of sorted) {
      if (nonce !== (expected.get(from) ?? 0)) continue;
      expected.set(from, nonce + 1);
      if (!this.#linked.has(hash)) links.push(hash);
    }
    return links;
  }

  #wake(): void {
    if (this.#asleep || this.conduct === 'silent') return;
    const { clock } = this.#stage;
    const { trunkTip } = this.#dag;
    if (trunkTip.hash !== this.#trunk) {
      this.#trunk = trunkTip.hash;
      this.#trunkAtMs = clock.nowMs;
    }
    if (this.#unstableWork.size === 0 && this.#linkable().length === 0) return;
    const place = this.#turn();
    if (place === -1) return;
    // A liar does not wait for its turn.
    const turn = this.conduct === 'honest' || this.conduct === 'split' ? place : 0;
    const pen = (this.#pen += 1);
    const due = Math.max(this.#trunkAtMs + gapMs + turn * turnPauseMs, clock.nowMs);
    clock.after(due - clock.nowMs, () => (pen === this.#pen ? this.#write() : undefined));
  }

  /** -1 where this witness may not write now: it does not serve, or was among the last m - 1. */
  #turn(): number {
    return turnOf(this.#dag, this.#author, servingOn(this.#dag.trunkTip, this.#around) ?? []);
  }

  #write(): void {
    if (this.#asleep || this.#turn() === -1) return;
    const draft = { author: this.#author, previous: this.#previous, links: this.#linkable() };
    const body = composeBlock(this.#dag, draft, this.#around);
    if (body !== null) this.#publish(body);
  }

  #publish(body: BlockBody): void {
    const { clock, network, random } = this.#stage;
    const block = unsigned(body);
    const message = { kind: 'block', block } as const;
    if (this.conduct === 'wrong-citation') {
      const wrong = { ...body, lastStableBlock: random.chance(0.5) ? body.lastSummaryBlock : this.#dag.trunkTip.hash };
      network.broadcast(this.seat, { kind: 'block', block: unsigned(wrong) });
      if (random.chance(0.5)) return;
    }
    if (this.conduct === 'fork') {
      // Two blocks on one previous, each shown to some of the others first.
      const twin = unsigned({ ...body, links: [...body.links].slice(1), timestamp: body.timestamp + (body.links.length > 0 ? 0 : 1) });
      for (let to = 0; to < network.size; to += 1) {
        network.send(this.seat, to, { kind: 'block', block: random.chance(0.5) ? twin : block });
      }
      this.#consider(twin);
    } else if (this.conduct === 'withhold') {
      clock.after(random.between(0, 3000), () => network.broadcast(this.seat, message));
    } else network.broadcast(this.seat, message);
    this.#previous = block.hash;
    this.#consider(block);
    this.#wake();
  }
}
