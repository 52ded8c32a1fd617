// A witness of the simulation: the real rules on a view of its own, over a disk that loses at a crash what was not flushed.
import type { Address, Block, BlockBody, Hash } from '@oort/ledger-chain';
import { Fault } from '@oort/kernel-wire';
import { zeroHash } from '@oort/ledger-chain';
import { composeBlock, Dag, Holding, mayWriteOutOfTurn, Pacer, servingOn, turnOf, unmetNonce, validateBlock } from '@oort/ledger-dag';
import type { Entry, Pace, Surroundings } from '@oort/ledger-dag';
import { VirtualDisk } from './disk';
import type { DiskTimes } from './disk';
import type { Engine, Execution } from './engine';
import type { Message, Network, SimulatedTransaction } from './network';
import type { Random } from './random';
import type { WorldClock } from './world-clock';

/** How a witness behaves. `split`: it runs twice with one key, once on each side of a partition, honest to each side. */
export type Conduct = 'honest' | 'fork' | 'split' | 'withhold' | 'wrong-citation' | 'silent';

export interface Stage {
  readonly engine: Engine;
  readonly clock: WorldClock;
  readonly network: Network;
  readonly random: Random;
  readonly pace: Pace;
  readonly disk: DiskTimes;
  /** Added to the clock of a seat; seconds. */
  readonly skew: (seat: number) => number;
}

type Kept =
  | { readonly kind: 'block'; readonly block: Block; readonly own: boolean }
  | { readonly kind: 'transaction'; readonly transaction: SimulatedTransaction };

const gossipEveryMs = 250;

export class FinalOrderChanged extends Fault {
  constructor(seat: number, index: number) {
    super('FINAL_ORDER_CHANGED', `witness ${seat}: what stood final at stable index ${index} came back as another block`, { seat, index });
  }
}

export class SimulatedWitness {
  readonly seat: number;
  readonly conduct: Conduct;
  /** The final order as this witness sees it: block hashes by stable index, from 1. */
  order: Hash[] = [];
  refusals = 0;
  readonly #stage: Stage;
  readonly #author: Address;
  readonly #keySeat: number;
  readonly #around: Surroundings;
  /** What a restart finds: blocks accepted, own ones flushed before they were sent, transactions flushed before their sender heard. */
  readonly #disk: VirtualDisk<Kept>;
  readonly #execution: Execution;
  readonly #pacer: Pacer;
  /** Everything that was ever final here: it must stay so, also where the disk has forgotten it for a while. */
  readonly #declared: Hash[] = [];
  #blocks = new Map<Hash, Block>();
  #transactions = new Map<Hash, SimulatedTransaction>();
  #previous: Hash = zeroHash;
  #dag: Dag;
  #holding = new Holding();
  #linked = new Set<Hash>();
  /** Of this witness's own wallets, and not final yet: the level of the block that links it, null before there is one. */
  #own = new Map<Hash, number | null>();
  readonly #waiters = new Map<Hash, () => void>();
  #unstableWork = new Set<Hash>();
  /** How many of each account's transactions have run. */
  #ran = new Map<Address, number>();
  #asleep = false;
  #fromSilence = false;
  #rising = false;
  #writing = false;
  #pen = 0;

  /** `place` in the network is the seat, except for a split witness, which has two places and one key. */
  constructor(seat: number, conduct: Conduct, stage: Stage, place = seat) {
    this.seat = place;
    this.#keySeat = seat;
    this.conduct = conduct;
    this.#stage = stage;
    const { engine, clock } = stage;
    const { parameters } = engine;
    this.#author = engine.address(seat);
    this.#disk = new VirtualDisk(clock, stage.random, stage.disk);
    this.#execution = engine.execution(place);
    this.#pacer = new Pacer(stage.pace);
    this.#dag = this.#freshDag();
    this.#around = {
      parameters,
      entry: (hash) => this.#dag.entry(hash),
      transaction: (hash) => this.#transactions.get(hash),
      summary: (hash) => (this.#dag.isStable(hash) ? this.#execution.summary(hash) : undefined),
      hasApprove: () => false,
      witnesses: (epoch) => this.#execution.serving(epoch),
      now: () => parameters.genesisTimestamp + 1000 + stage.skew(seat) + Math.floor(clock.nowMs / 1000),
    };
    stage.network.join((message, from) => this.#hear(message, from));
    this.#gossip();
  }

  get stableMci(): number {
    return this.#dag.lastStable.level;
  }

  get declared(): readonly Hash[] {
    return this.#declared;
  }

  links(hash: Hash): readonly Hash[] {
    return this.#blocks.get(hash)?.links ?? [];
  }

  summaryAt(index: number): Hash | undefined {
    return this.#execution.summary(this.order[index] ?? '');
  }

  complaints(transactions: readonly SimulatedTransaction[]): readonly string[] {
    return this.#execution.complaints(transactions);
  }

  /** A wallet's: answered when the transaction is on disk, and not at all while the witness is down. */
  submit(transaction: SimulatedTransaction, acknowledge: () => void): void {
    if (this.#asleep) return;
    this.#fromSilence = this.#unstableWork.size === 0 && this.#linkable().length === 0;
    if (!this.#transactions.has(transaction.hash)) this.#own.set(transaction.hash, null);
    this.#take(transaction);
    this.#disk.flush(acknowledge);
    this.#wake();
  }

  /** Called once, when the transaction has run in the final order. */
  onFinal(transaction: Hash, final: () => void): void {
    this.#waiters.set(transaction, final);
  }

  crash(): void {
    if (this.#asleep) return;
    this.#asleep = true;
    this.#pen += 1;
    this.#disk.crash();
  }

  /** Memory is gone; what the disk has is replayed. The final order must come out as it was, as far as it reaches. */
  restart(): void {
    if (!this.#asleep || this.#rising) return;
    this.#rising = true;
    this.#execution.restart(() => { this.#recover(); });
  }

  #recover(): void {
    this.#rising = false;
    this.#asleep = false;
    this.#writing = false;
    this.#dag = this.#freshDag();
    this.#holding = new Holding();
    [this.#linked, this.#unstableWork, this.#own] = [new Set(), new Set(), new Map()];
    [this.#ran, this.#blocks, this.#transactions] = [new Map(), new Map(), new Map()];
    this.#previous = zeroHash;
    this.order = [];
    const kept = this.#disk.recover();
    for (const record of kept) {
      if (record.kind === 'transaction') this.#learn(record.transaction);
      else if (record.own) this.#previous = record.block.hash;
    }
    for (const record of kept) if (record.kind === 'block') this.#consider(record.block, false);
    this.#wake();
  }

  /** What was submitted has run: what waits for a summary goes on. Null where nothing was under way. */
  settle(): Promise<void> | null {
    const settled = this.#execution.settled();
    return settled === null ? null : settled.then(() => {
      if (this.#asleep) return;
      for (const block of this.#holding.release((waiting) => waiting.kind === 'summary')) this.#consider(block);
      this.#wake();
    });
  }

  #freshDag(): Dag {
    return new Dag({ entry: () => undefined, mciOf: () => undefined }, this.#stage.engine.genesis, 1);
  }

  #hear(message: Message, from: number): void {
    if (this.#asleep) return;
    switch (message.kind) {
      case 'transaction':
        this.#take(message.transaction);
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

  #take(transaction: SimulatedTransaction): void {
    if (this.#transactions.has(transaction.hash)) return;
    this.#disk.write({ kind: 'transaction', transaction });
    this.#learn(transaction);
    this.#retry('transaction');
    this.#stage.network.broadcast(this.seat, { kind: 'transaction', transaction });
  }

  #learn(transaction: SimulatedTransaction): void {
    this.#transactions.set(transaction.hash, transaction);
    this.#execution.learn(transaction);
  }

  #serve(to: number, hash: Hash): void {
    const { network } = this.#stage;
    const block = this.#blocks.get(hash);
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

  /** `fresh` ones go to the disk; own ones are there already. */
  #consider(block: Block, fresh = true): void {
    const verdict = validateBlock(block, this.#around, this.#stage.engine.recover);
    if (verdict.kind === 'valid') {
      const unmet = unmetNonce(block, this.#around, this.#dag.isStable, (account) => this.#ran.get(account) ?? 0);
      if (unmet === null) this.#accept(verdict.entry, fresh);
      else this.#holding.hold(block, unmet);
    } else if (verdict.kind === 'waits') this.#holding.hold(block, verdict.waiting);
    else this.refusals += 1;
  }

  #accept(entry: Entry, fresh: boolean): void {
    const { block, hash } = entry;
    if (this.#blocks.has(hash)) return;
    this.#blocks.set(hash, block);
    if (fresh) this.#disk.write({ kind: 'block', block, own: false });
    for (const link of block.links) {
      this.#linked.add(link);
      if (this.#own.get(link) === null) this.#own.set(link, entry.level);
      this.#fromSilence = false;
    }
    if (block.links.length > 0) this.#unstableWork.add(hash);
    for (const batch of this.#dag.accept(entry)) {
      for (const { hash: stable } of batch.blocks) {
        this.#unstableWork.delete(stable);
        this.#declare(stable);
        this.#run(stable);
      }
      this.#execution.submit(batch);
    }
    const released = this.#holding.release((waiting) =>
      waiting.kind === 'summary' || waiting.kind === 'nonce' || (waiting.kind === 'block' && waiting.hash === hash));
    for (const waiting of released) this.#consider(waiting);
  }

  #declare(stable: Hash): void {
    const before = this.#declared[this.order.length];
    if (before !== undefined && before !== stable) throw new FinalOrderChanged(this.seat, this.order.length + 1);
    this.order.push(stable);
    if (before === undefined) this.#declared.push(stable);
  }

  #run(stable: Hash): void {
    for (const link of this.links(stable)) {
      this.#own.delete(link);
      this.#waiters.get(link)?.();
      this.#waiters.delete(link);
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
    this.#pacer.sees(this.#dag.trunkTip.hash, clock.nowMs);
    if (this.#unstableWork.size === 0 && this.#linkable().length === 0) {
      this.#pacer.idle();
      return;
    }
    const place = this.#turn();
    if (place === -1 || this.#writing) return;
    // A liar does not wait for its turn.
    const waits = (this.conduct === 'honest' || this.conduct === 'split') && !this.#hastens();
    const turn = waits ? place : 0;
    const pen = (this.#pen += 1);
    const due = Math.max(this.#pacer.due(turn, clock.nowMs), clock.nowMs);
    clock.after(due - clock.nowMs, () => (pen === this.#pen ? this.#write() : undefined));
  }

  #hastens(): boolean {
    const levels = [...this.#own.values()].filter((level) => level !== null);
    if (this.#own.size === 0) return false;
    return mayWriteOutOfTurn(this.#dag, this.#author, { fromSilence: this.#fromSilence, levels }, this.#around);
  }

  /** -1 where this witness may not write now: it does not serve, or was among the last m - 1. */
  #turn(): number {
    return turnOf(this.#dag, this.#author, servingOn(this.#dag.trunkTip, this.#around) ?? []);
  }

  #write(): void {
    if (this.#asleep || this.#writing || this.#turn() === -1) return;
    const draft = { author: this.#author, previous: this.#previous, links: this.#linkable() };
    const body = composeBlock(this.#dag, draft, this.#around);
    if (body !== null) this.#publish(body);
  }

  #sign(body: BlockBody): Block {
    return this.#stage.engine.sign(this.#keySeat, body);
  }

  /** Flushed before anybody sees it: a witness that forgets a block which it has sent would write a second one on the same previous. */
  #publish(body: BlockBody): void {
    const block = this.#sign(body);
    const twin = this.conduct === 'fork' ? this.#twin(body) : null;
    this.#writing = true;
    this.#disk.write({ kind: 'block', block, own: true });
    this.#disk.flush(() => {
      this.#writing = false;
      this.#previous = block.hash;
      this.#send(body, block, twin);
      if (twin !== null) this.#consider(twin);
      this.#consider(block, false);
      this.#wake();
    });
  }

  /** A second block on the same previous. */
  #twin(body: BlockBody): Block {
    return this.#sign({ ...body, links: [...body.links].slice(1), timestamp: body.timestamp + (body.links.length > 0 ? 0 : 1) });
  }

  #send(body: BlockBody, block: Block, twin: Block | null): void {
    const { clock, network, random } = this.#stage;
    const message = { kind: 'block', block } as const;
    if (this.conduct === 'wrong-citation') {
      const wrong = { ...body, lastStableBlock: random.chance(0.5) ? body.lastSummaryBlock : this.#dag.trunkTip.hash };
      network.broadcast(this.seat, { kind: 'block', block: this.#sign(wrong) });
      if (random.chance(0.5)) return;
    }
    if (twin !== null) {
      // Each is shown to some of the others first.
      for (let to = 0; to < network.size; to += 1) {
        network.send(this.seat, to, { kind: 'block', block: random.chance(0.5) ? twin : block });
      }
    } else if (this.conduct === 'withhold') {
      clock.after(random.between(0, 3000), () => network.broadcast(this.seat, message));
    } else network.broadcast(this.seat, message);
  }
}
