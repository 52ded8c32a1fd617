// A node: its store, its witnesses, the links between them and to other nodes, one executor behind them all, and the door in front.
import { join } from 'node:path';
import { Fault } from '@oort/kernel-wire';
import type { Json } from '@oort/kernel-wire';
import { decodeBlock, encodeBlock, epochOf, genesisBlock, localParameters } from '@oort/ledger-chain';
import type { Block, ChainParameters, GenesisDocument, Hash, Hex } from '@oort/ledger-chain';
import { applyGenesis, Executor, openChainStore, StableChain, StateReading } from '@oort/ledger-execution';
import type { ChainStore, ExecutedMci } from '@oort/ledger-execution';
import type { Log } from '@oort/ledger-network';
import { createRequest, LedgerFault, listen, rpcCodes } from '@oort/ledger-rpc';
import type { Request, RpcBackend, RpcServer } from '@oort/ledger-rpc';
import { ApprovePool } from './approve-pool';
import { Candidate } from './candidate';
import { checkEnd } from './check-chain';
import { ChainClock } from './chain-clock';
import { Echo, usualEchoesMs } from './echo';
import { localAllocations } from './development-accounts';
import { documentOf } from './genesis-document';
import type { SystemDeployment } from './genesis-document';
import { lockChain } from './lock';
import { TransactionPool } from './pool';
import { Peering } from './peering';
import type { NetworkOptions } from './peering';
import { buildReceiptProof } from './receipt-proof';
import { Observer, Retries } from './seat';
import type { Seat } from './seat';
import { View } from './view';
import { Witness } from './witness';
import type { Pace } from './witness';
import { witnessKeys } from './witness-keys';
import type { WitnessKey } from './witness-keys';

export interface NodeOptions {
  readonly directory: string;
  /** Of the first boot; later boots take what the genesis on disk says. */
  readonly parameters?: ChainParameters;
  readonly genesis?: {
    /** Wei by address, as decimal strings. */
    readonly allocations: Readonly<Record<string, string>>;
    readonly deployments: readonly SystemDeployment[];
  };
  readonly now?: () => Date;
  readonly pace?: Pace;
  /** Stable indexes whose state can still be read, besides the latest; 0 keeps none. Default 100,000. */
  readonly statesKept?: number;
  readonly log?: Log;
  /** How long after its last transaction a silent chain writes once more. */
  readonly echoesMs?: readonly number[];
  /** Instead of those of the directory; none for a node that only observes. */
  readonly keys?: readonly WitnessKey[];
  /** Whole, with the code of its contracts in `genesis.deployments`: that of a network which exists. */
  readonly document?: GenesisDocument;
  /** Links to other nodes; without them the witnesses of this process are the whole network. */
  readonly network?: NetworkOptions;
  /** Told once, when the node stops for good because its store or its rules broke. */
  readonly onHalt?: (reason: Error) => void;
}

export interface OlympusNode {
  readonly genesisHash: Hash;
  readonly request: Request;
  /** Where peers call, or null. */
  readonly peerAddress: string | null;
  listen(options: { readonly port: number; readonly host?: string }): Promise<RpcServer>;
  close(): Promise<void>;
}

export class NodeHalted extends Fault {
  constructor(reason: string) {
    super('NODE_HALTED', `the node has halted: ${reason}`, { reason });
  }
}

const usualPace: Pace = { gapMs: 15, turnPauseMs: 150 };

export async function openNode(options: NodeOptions): Promise<OlympusNode> {
  const unlock = lockChain(join(options.directory, 'chain'));
  try {
    return await openLocked(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openLocked(options: NodeOptions, unlock: () => void): Promise<OlympusNode> {
  const store = openChainStore(join(options.directory, 'chain'));
  await checkEnd(store);
  const keys = options.keys ?? witnessKeys(options.directory, (options.parameters ?? localParameters()).witnessCount);
  const document = await genesisOf(store, keys, options);
  const { parameters } = document;
  const clock = new ChainClock(options.now ?? (() => new Date()));
  const state = new StateReading(store, parameters, clock.seconds);
  const pool = new TransactionPool(store, new StableChain(store), state, parameters);
  const executor = await Executor.open(store, parameters, pool.get, options.statesKept === undefined ? {} : { statesKept: options.statesKept });
  const approves = new ApprovePool(store, executor.chain, parameters);
  const running = new RunningNode({ store, keys, document, executor, pool, approves, state, clock, options, unlock });
  try {
    await running.start();
  } catch (error) {
    await running.close();
    throw error;
  }
  return running;
}

async function genesisOf(store: ChainStore, keys: readonly WitnessKey[], options: NodeOptions): Promise<GenesisDocument> {
  const kept = store.meta.get('genesis') as unknown as GenesisDocument | undefined;
  if (kept !== undefined) return kept;
  const { allocations, deployments } = options.genesis ?? { allocations: localAllocations(), deployments: [] };
  const parameters = options.parameters ?? localParameters();
  const codes = new Map(deployments.map(({ name, initCode }) => [name, initCode]));
  if (options.document !== undefined) {
    await applyGenesis(store, options.document, codes);
    return options.document;
  }
  const { witnessCount } = parameters;
  // Keys beyond W are candidates: they serve when they are elected.
  const document = documentOf({ parameters, witnesses: keys.slice(0, witnessCount).map(({ address }) => address), allocations, deployments });
  await applyGenesis(store, document, codes);
  return document;
}

interface Parts {
  readonly store: ChainStore;
  readonly keys: readonly WitnessKey[];
  readonly document: GenesisDocument;
  readonly executor: Executor;
  readonly pool: TransactionPool;
  readonly approves: ApprovePool;
  readonly state: StateReading;
  readonly clock: ChainClock;
  readonly options: NodeOptions;
  readonly unlock: () => void;
}

class RunningNode implements OlympusNode {
  readonly genesisHash: Hash;
  readonly request: Request;
  readonly #parts: Parts;
  /** Blocks whose signature this process has made or checked, until they are stable. */
  readonly #verified = new Set<Hash>();
  readonly #seats: readonly Seat[];
  readonly #first: Seat;
  readonly #peering: Peering | null;
  readonly #backend: RpcBackend;
  readonly #servers: RpcServer[] = [];
  readonly #listeners = new Set<(executed: ExecutedMci) => void>();
  readonly #pendingListeners = new Set<(hash: Hash) => void>();
  readonly #candidates: readonly Candidate[];
  readonly #sending = new Set<Promise<void>>();
  readonly #echo: Echo;
  readonly #log: Log;
  readonly #refused = new Map<string, number>();
  #epoch: number;
  #closing = false;
  readonly #retries: Retries;
  #halted: string | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#log = parts.options.log ?? (() => undefined);
    this.#epoch = epochOf(parts.executor.chain.point().mci, parts.document.parameters);
    this.genesisHash = genesisBlock(parts.document).hash;
    this.#seats = parts.keys.length === 0 ? [this.#seatObserver()] : this.#seatWitnesses();
    const [first] = this.#seats;
    if (first === undefined) throw new NodeHalted('it has no view of the chain');
    this.#first = first;
    this.#retries = new Retries(this.#seats);
    this.#peering = parts.options.network === undefined ? null : this.#joinNetwork(parts.options.network);
    this.#candidates = parts.keys.map((key) => new Candidate(key, parts.executor.chain, parts.document.parameters));
    this.#echo = new Echo(parts.options.echoesMs ?? usualEchoesMs, () => {
      for (const seat of this.#seats) {
        seat.view.wantOneMore();
        seat.wake();
      }
    });
    this.#backend = this.#door();
    const request = createRequest(this.#backend);
    this.request = (method, params) => request(method, params).catch((error: unknown) => {
      this.#peering?.mends(error);
      throw error;
    });
  }

  /** Takes up where the last run stopped: blocks that were valid and not stable are checked and accepted anew. */
  async start(): Promise<void> {
    const { store, executor, clock } = this.#parts;
    executor.onExecuted((executed) => this.#executed(executed));
    const waiting = [...store.unstable.getKeys({})].flatMap((hash) => {
      const wire = store.blocks.get(hash);
      return wire === undefined ? [] : [decodeBlock(`0x${wire.toString('hex')}`)];
    });
    for (const { timestamp } of waiting) clock.seen(timestamp);
    clock.seen(executor.chain.record(executor.chain.point().hash)?.timestamp ?? 0);
    for (const seat of this.#seats) for (const block of waiting) seat.receive(block);
    const { mci, nextIndex } = executor.chain.point();
    this.#log('info', 'chain.started', { genesis: this.genesisHash, mci, index: nextIndex - 1, unstable: waiting.length, witnesses: this.#parts.keys.map(({ address }) => address) });
    await this.#peering?.open();
    for (const seat of this.#seats) seat.wake();
  }

  async listen(options: { readonly port: number; readonly host?: string }): Promise<RpcServer> {
    const server = await listen(this.#backend, this.request, options);
    this.#servers.push(server);
    return server;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await server.close();
    this.#closing = true;
    this.#echo.stop();
    await this.#peering?.close();
    for (const seat of this.#seats) await seat.stop();
    await this.#parts.executor.settled().catch(() => undefined);
    await Promise.all(this.#sending);
    await this.#parts.pool.close();
    this.#log('info', 'chain.stopped', { index: this.#parts.executor.chain.point().nextIndex - 1 });
    await this.#parts.store.root.close();
    this.#parts.unlock();
  }

  get peerAddress(): string | null {
    return this.#peering?.address ?? null;
  }

  #seatWitnesses(): Witness[] {
    const { store, keys, pool, approves, options } = this.#parts;
    const verified = this.#verified;
    return keys.map((key, seat) => {
      const witness: Witness = new Witness(key, this.#view(seat === 0, (block) => witness.adopt(block)), {
        store, pool, approves, verified, pace: options.pace ?? usualPace, broken: (error) => this.#halt(error),
        send: (block) => this.#deliver(block, seat), mayWrite: () => this.#peering?.mayWrite() ?? true,
      });
      return witness;
    });
  }

  #seatObserver(): Seat {
    return new Observer(this.#view(true, () => undefined), (error) => this.#halt(error));
  }

  /** The first keeps and passes on what it accepts, for all of them. */
  #view(isFirst: boolean, adopt: (block: Block) => void): View {
    const { store, keys, document, executor, pool, approves, clock } = this.#parts;
    const broken = (error: unknown): void => this.#halt(error);
    const own = new Set(keys.map(({ address }) => address));
    return new View({
      chain: executor.chain,
      pool,
      approves,
      surroundings: {
        parameters: document.parameters, transaction: pool.find, summary: (hash) => executor.chain.summary(hash),
        hasApprove: approves.has, witnesses: executor.chain.witnesses, now: clock.seconds,
      },
      verified: this.#verified,
      settle: (batch) => {
        executor.submit(batch);
        executor.settled().catch(broken);
      },
      refused: (block, refusal) => {
        this.#refused.set(refusal.code, (this.#refused.get(refusal.code) ?? 0) + 1);
        // An own block that our own rules refuse would be a bug, and going on would hide it.
        if (own.has(block.from) && refusal.code !== 'SIGNATURE_NOT_OF_AUTHOR') broken(new NodeHalted(`block ${block.hash} of a local witness is ${refusal.code}`));
        else this.#peering?.refused(block, refusal);
      },
      accepted: (block) => {
        adopt(block);
        if (!isFirst || this.#peering === null) return;
        // Its own it has flushed before, unless it has lost its disk since.
        if (!own.has(block.from) || store.blocks.get(block.hash) === undefined) this.#keep(block);
        this.#peering.relayBlock(block);
      },
    }, (store.meta.get('busyMci') as number | undefined) ?? 0);
  }

  /** A block of others: on disk with the next commit, which comes before anything that builds on it. */
  #keep(block: Block): void {
    const { store } = this.#parts;
    Promise.all([
      store.blocks.put(block.hash, Buffer.from(encodeBlock(block).slice(2), 'hex')), store.unstable.put(block.hash, 1),
    ]).catch((error: unknown) => this.#halt(error));
  }

  #joinNetwork(options: NetworkOptions): Peering {
    const { store, executor, pool, approves, document, options: { directory } } = this.#parts;
    return new Peering({
      directory, store, chain: executor.chain, pool, approves, parameters: document.parameters, genesisHash: this.genesisHash, view: this.#first.view,
      receive: (block) => { for (const seat of this.#seats) seat.receive(block); },
      retry: (kind) => { this.#retries.soon(kind); },
      pending: (hash) => { for (const listener of this.#pendingListeners) listener(hash); },
      log: this.#log,
      wake: () => { for (const seat of this.#seats) seat.wake(); },
      settled: () => executor.settled(),
      broken: (error) => this.#halt(error),
    }, options);
  }

  /** The link inside the process: each witness gets every other's block, in a turn of its own. */
  #deliver(block: Block, from: number): void {
    for (const [index, seat] of this.#seats.entries()) if (index !== from) setImmediate(() => seat.receive(block));
  }

  #executed(executed: ExecutedMci): void {
    this.#parts.pool.executed(executed);
    this.#parts.approves.executed(executed);
    this.#echo.executed(executed);
    this.#tell(executed);
    const ran = executed.blocks.flatMap(({ record, approves }) => [...record.transactions, ...approves]);
    for (const { view } of this.#seats) view.executed(executed.mci, ran);
    for (const { hash } of executed.blocks) this.#verified.delete(hash);
    for (const listener of this.#listeners) listener(executed);
    this.#retries.soon('summary');
    for (const candidate of this.#candidates) setImmediate(() => this.#stand(candidate, executed.mci));
  }

  #tell({ mci, blocks, elapsedMs }: ExecutedMci): void {
    const transactions = blocks.reduce((sum, { record }) => sum + record.transactions.length, 0);
    this.#log('debug', 'mci.executed', { mci, blocks: blocks.length, transactions, ms: Math.round(elapsedMs * 10) / 10 });
    for (const { hash, record } of blocks) if (record.status === 1) this.#log('warn', 'block.forked', { hash, index: record.index });
    const epoch = epochOf(mci, this.#parts.document.parameters);
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    // One that was away passes through many of them.
    this.#log(this.#peering?.syncing === true ? 'debug' : 'info', 'epoch.began', { epoch, witnesses: [...(this.#parts.executor.chain.witnesses(epoch) ?? [])] });
  }

  /** Sends the candidate's ticket for the epoch, once. */
  #stand(candidate: Candidate, mci: number): void {
    if (this.#closing || this.#halted !== null) return;
    const raw = candidate.draw(mci);
    if (raw === null) return;
    const sent = this.#parts.approves.submit(raw).then(({ hash }) => {
      this.#retries.soon('approve');
      this.#peering?.relayApprove(hash, raw);
    }).catch((error: unknown) => {
      // The epoch may have ended while the ticket was drawn.
      if (!(error instanceof LedgerFault)) this.#halt(error);
    }).finally(() => this.#sending.delete(sent));
    this.#sending.add(sent);
  }

  #halt(error: unknown): void {
    if (this.#halted !== null) return;
    const reason = error instanceof Error ? error : new NodeHalted(String(error));
    this.#halted = reason.message;
    this.#log('error', 'chain.halted', { code: reason instanceof Fault ? reason.code : null, why: reason.message });
    for (const seat of this.#seats) void seat.stop();
    if (this.#parts.options.onHalt !== undefined) this.#parts.options.onHalt(reason);
    else process.stderr.write(`the chain has halted: ${reason.message}\n`);
  }

  async #submit(raw: Hex): Promise<Hash> {
    if (this.#halted !== null) throw new LedgerFault('NODE_HALTED', rpcCodes.refused, `the node has halted: ${this.#halted}`);
    const { hash, fresh } = await this.#parts.pool.submit(raw);
    if (!fresh) return hash;
    this.#retries.soon('transaction');
    for (const listener of this.#pendingListeners) listener(hash);
    this.#peering?.relayTransaction(hash, raw);
    return hash;
  }

  #door(): RpcBackend {
    const { document, executor, pool, state, clock } = this.#parts;
    const { chain } = executor;
    const { view } = this.#first;
    const unstable = (): Block[] => [...view.dag.unstable()].map((entry) => entry.block);
    return {
      parameters: document.parameters,
      genesis: document,
      genesisHash: this.genesisHash,
      chain,
      state,
      pending: { get: pool.get, nextNonce: pool.nextNonce, size: () => pool.size },
      unstableBlock: (hash) => view.dag.entry(hash)?.block,
      submit: (raw) => this.#submit(raw),
      lastMci: () => view.dag.trunkTip.level,
      syncing: () => this.#peering?.syncing ?? false,
      peers: () => (this.#peering?.peers() ?? []).map((peer) => ({ ...peer })),
      addresses: () => this.#peering?.addresses ?? [],
      farthest: () => Math.max(0, ...(this.#peering?.peers() ?? []).map((peer) => peer.next_index - 1)),
      halted: () => this.#halted,
      blocks: () => ({ held: view.heldFor(), refused: this.#refused }),
      receiptProof: async (transaction): Promise<Json> => {
        const proof = await buildReceiptProof(transaction, { chain, parameters: document.parameters, unstable });
        return proof === null ? null : { ...proof, sets: proof.sets.map((each) => ({ ...each })) };
      },
      now: clock.seconds,
      onPending: (listener) => {
        this.#pendingListeners.add(listener);
        return () => this.#pendingListeners.delete(listener);
      },
      onExecuted: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }
}
