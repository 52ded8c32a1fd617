// What a node tells its peers and asks of them: new blocks, transactions and approves as they come, what is missing by hash, and,
// after an absence, the final order from where it stopped. Everything that comes is checked by the same rules as if it had been made
// here; a peer is believed in nothing, so a wrong order or a forged block only costs the peer its place.
import { decodeBlock, encodeBlock, keccakHex } from '@oort/ledger-chain';
import type { Block, ChainParameters, Hash, Hex } from '@oort/ledger-chain';
import type { BlockRefusal } from '@oort/ledger-dag';
import type { ChainStore, StableChain } from '@oort/ledger-execution';
import { loadPeerIdentity, openPeerNetwork, type Carried, type Log, type Message, type Peer, type PeerNetwork } from '@oort/ledger-network';
import { LedgerFault } from '@oort/ledger-rpc';
import { Announcements } from './announcements';
import type { ApprovePool } from './approve-pool';
import type { TransactionPool } from './pool';
import { farBehind, FinalOrder } from './final-order';
import { bytesOf, hexOf } from './hex-bytes';
import { Mending } from './mending';
import { Recent } from './recent';
import type { View } from './view';

export interface NetworkOptions {
  /** 0 for any; none for a node that only calls. */
  readonly port?: number;
  readonly host?: string;
  readonly address?: string;
  /** `host:port` of some others. */
  readonly peers: readonly string[];
}

export interface PeeringPorts {
  readonly directory: string;
  readonly store: ChainStore;
  readonly chain: StableChain;
  readonly pool: TransactionPool;
  readonly approves: ApprovePool;
  readonly parameters: ChainParameters;
  readonly genesisHash: Hash;
  readonly view: View;
  readonly log: Log;
  receive(block: Block): void;
  retry(kind: 'transaction' | 'approve' | 'time'): void;
  /** A pending transaction that came from outside. */
  pending(hash: Hash): void;
  wake(): void;
  settled(): Promise<void>;
  broken(error: unknown): void;
}

type Tips = Extract<Message, { readonly kind: 'tips' }>;

const tickMs = 200;
/** Tips are repeated even when nothing happens, for those who missed something. */
const repeatMs = 1_000;
const askAgainMs = 400;
const [mostAnswers, mostAtOnce, mostTips] = [256, 64, 16];
const answerBytes = 512 * 1024;
/** How long a start waits for somebody to say how far the chain is, before a witness writes. */
const listeningMs = 2_000;

export class Peering {
  readonly #ports: PeeringPorts;
  readonly #log: Log;
  readonly #known = new Map<string, Recent<string>>();
  readonly #sources = new Recent<Peer>(8_192);
  /** Hashes of blocks by the hash of their wire form, which costs less to find than the block's own. */
  readonly #blocksByWire = new Recent<Hash>(8_192);
  /** Which rule some block has broken. */
  readonly #refusals = new Recent<string>(256);
  readonly #asked = new Map<Hash, number>();
  /** Transactions whose signer is being recovered. */
  readonly #parsing = new Set<Hash>();
  #taken = 0;
  readonly #announcements = new Announcements(() => this.#network?.peers() ?? [], (peer, hash) => !this.#knownBy(peer).has(hash));
  readonly #heights = new Map<Peer, number>();
  readonly #started = Date.now();
  readonly #history: FinalOrder;
  readonly #mending: Mending;
  #network: PeerNetwork | null = null;
  #timer: NodeJS.Timeout | undefined;
  #told = { at: 0, what: '' };
  /** Since everything that some peer had when it greeted is here too. */
  #abreast = false;
  #greeted: readonly (readonly Hash[])[] = [];

  constructor(ports: PeeringPorts, private readonly options: NetworkOptions) {
    this.#ports = ports;
    this.#log = ports.log;
    this.#mending = new Mending(ports.store, ports.log);
    const { chain, pool, approves, parameters, view, settled, wake, broken } = ports;
    this.#history = new FinalOrder({
      chain, pool, approves, parameters, view, settled, wake, broken, log: this.#log, find: (hash) => this.#find(hash), refusalOf: (hash) => this.#refusals.get(hash),
      receive: (peer, block) => {
        this.#sources.set(block.hash, peer);
        ports.receive(block);
      },
    });
  }

  async open(): Promise<void> {
    const { directory, parameters, genesisHash } = this.#ports;
    this.#network = await openPeerNetwork({
      ...this.options, identity: loadPeerIdentity(directory), chainId: parameters.chainId, genesis: genesisHash, log: this.#log,
      onPeer: (peer) => { this.#meet(peer); },
      onMessage: (peer, message) => this.#hear(peer, message),
      onGone: (peer) => { this.#forget(peer); },
    });
    this.#timer = setInterval(() => { this.#tick(); }, tickMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#announcements.stop();
    this.#history.stop();
    await this.#network?.close();
  }

  get addresses(): readonly string[] { return this.#network?.addresses() ?? []; }
  get syncing(): boolean {
    return this.#history.running;
  }

  get address(): string | null {
    return this.#network?.address ?? null;
  }

  peers(): readonly { readonly id: string; readonly address: string | null; readonly outbound: boolean; readonly next_index: number; readonly score: number }[] {
    return (this.#network?.peers() ?? []).map((peer) => ({
      id: peer.id, address: peer.hello?.address ?? null, outbound: peer.outbound, next_index: this.#heights.get(peer) ?? 0, score: peer.score,
    }));
  }

  /** Whoever has lost its disk does not know its own last block: writing before the others have told it would be a fork. */
  mayWrite(): boolean {
    if (this.#history.running) return false;
    if (this.#abreast || this.options.peers.length === 0) return true;
    const { nextIndex } = this.#ports.chain.point();
    return Date.now() - this.#started > listeningMs && [...this.#heights.values()].every((height) => height <= nextIndex);
  }

  /** Checked and kept here: the others may have it. */
  relayBlock(block: Block): void {
    // What is being caught up with, everybody has.
    if (this.#history.running) return;
    this.#relay(block.hash, { kind: 'block', bytes: bytesOf(encodeBlock(block)) }, this.#sources.get(block.hash));
  }

  relayTransaction(hash: Hash, raw: Hex): void {
    this.#relay(hash, { kind: 'transaction', bytes: bytesOf(raw) });
  }

  relayApprove(hash: Hash, raw: Hex): void {
    this.#relay(hash, { kind: 'approve', bytes: bytesOf(raw) });
  }

  refused(block: Block, refusal: BlockRefusal): void {
    this.#refusals.set(block.hash, refusal.code);
    this.#log('warn', 'block.refused', { hash: block.hash, from: block.from, code: refusal.code });
    this.#sources.get(block.hash)?.penalise(100, `block ${block.hash} is ${refusal.code}`);
  }

  /** True where peers are asked for it. */
  mends(error: unknown): boolean {
    if (!this.#mending.noted(error)) return false;
    for (const peer of this.#network?.peers() ?? []) this.#ask(peer, this.#mending.wanted);
    return true;
  }

  #relay(hash: Hash, message: Message, source?: Peer): void {
    for (const peer of this.#network?.peers() ?? []) {
      if (peer !== source && !this.#knownBy(peer).has(hash) && peer.send(message, true)) this.#knownBy(peer).set(hash, hash);
    }
  }

  #knownBy(peer: Peer): Recent<string> {
    let known = this.#known.get(peer.id);
    if (known === undefined) this.#known.set(peer.id, known = new Recent(8_192));
    return known;
  }

  #meet(peer: Peer): void {
    this.#log('info', 'peer.here', { peer: peer.id, address: peer.hello?.address ?? peer.host });
    peer.send(this.#tips());
  }

  #forget(peer: Peer): void {
    this.#log('info', 'peer.gone', { peer: peer.id });
    this.#known.delete(peer.id);
    this.#heights.delete(peer);
    this.#history.gone(peer);
  }

  async #hear(peer: Peer, message: Message): Promise<void> {
    try {
      if ((message.kind === 'block' || message.kind === 'transaction' || message.kind === 'approve') && this.#mending.take(message)) return;
      switch (message.kind) {
        case 'block': return this.#takeBlock(peer, message.bytes);
        case 'transaction': {
          const taken = this.#takeTransaction(peer, message.bytes);
          this.#taken = (this.#taken + 1) % mostAtOnce;
          // They are taken in their order, so that the last of some has waited for all of them.
          return this.#taken === 0 ? await taken : void taken.catch(this.#ports.broken);
        }
        case 'approve': return await this.#takeApprove(peer, hexOf(message.bytes));
        case 'tips': return this.#compare(peer, message);
        case 'have': return this.#hearOf(peer, message.hashes);
        case 'get': return this.#answer(peer, message.hashes);
        case 'history': return void peer.send(this.#history.page(message.from));
        case 'outline-of': return void peer.send(this.#history.outline(message.mci));
        case 'page':
        case 'outline': return this.#history.take(peer, message);
        case 'hello':
        case 'peers':
        case 'bye': return;
      }
    } catch (error) {
      if (!this.mends(error)) this.#ports.broken(error);
    }
  }

  #takeBlock(peer: Peer, bytes: Buffer): void {
    // Everybody passes on what is new to it, so most blocks come more than once.
    const wire = keccakHex(bytes);
    const known = this.#blocksByWire.get(wire);
    if (known !== undefined && this.#isHere(known)) {
      this.#knownBy(peer).set(known, known);
      return;
    }
    const block = this.#decoded(peer, bytes);
    if (block === null) return;
    this.#blocksByWire.set(wire, block.hash);
    this.#knownBy(peer).set(block.hash, block.hash);
    this.#asked.delete(block.hash);
    if (this.#isHere(block.hash)) return;
    this.#sources.set(block.hash, peer);
    this.#ports.receive(block);
    this.#askForMissing(peer);
    this.#comesAbreast();
  }

  #decoded(peer: Peer, bytes: Buffer): Block | null {
    try {
      return decodeBlock(hexOf(bytes));
    } catch (error) {
      peer.penalise(100, error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  async #takeTransaction(peer: Peer, bytes: Buffer): Promise<void> {
    const { pool } = this.#ports;
    const hash = keccakHex(bytes);
    this.#knownBy(peer).set(hash, hash);
    const asked = this.#asked.delete(hash);
    if (pool.remembers(hash)) {
      // It came another way since a block began to wait for it.
      if (asked) this.#ports.retry('transaction');
      return;
    }
    if (this.#parsing.has(hash)) return;
    this.#parsing.add(hash);
    const raw = hexOf(bytes);
    const parsed = await pool.parse(raw).finally(() => this.#parsing.delete(hash));
    if (!parsed.ok) return peer.penalise(20, `a transaction is ${parsed.refusal.code}`);
    try {
      const stored = pool.take(parsed.transaction);
      if (stored === null) return;
      // Nobody here has been promised anything, so nothing waits for the disk.
      stored.catch(this.#ports.broken);
      this.#ports.pending(hash);
      this.#announcements.add(hash);
    } catch (error) {
      if (!(error instanceof LedgerFault)) throw error;
      // It may be spent, or cannot be paid here yet: nobody's fault. Where a block links it, it will be judged when it runs.
      if (!this.#ports.view.wanted().includes(hash)) return;
      await pool.keepLinked(raw);
    }
    this.#ports.retry('transaction');
  }

  #hearOf(peer: Peer, hashes: readonly Hash[]): void {
    const { pool, chain } = this.#ports;
    for (const hash of hashes) this.#knownBy(peer).set(hash, hash);
    this.#ask(peer, hashes.filter((hash) => !pool.remembers(hash) && !this.#parsing.has(hash) && chain.receipt(hash) === undefined));
  }

  async #takeApprove(peer: Peer, raw: Hex): Promise<void> {
    const hash = await this.#ports.approves.keepListed(raw);
    if (hash === null) return peer.penalise(20, 'an approve that is none');
    this.#knownBy(peer).set(hash, hash);
    const asked = this.#asked.delete(hash);
    const fresh = await this.#ports.approves.submit(raw).then((answer) => answer.fresh, (error: unknown) => {
      if (error instanceof LedgerFault) return false;
      throw error;
    });
    if (fresh) this.#relay(hash, { kind: 'approve', bytes: bytesOf(raw) }, peer);
    if (fresh || asked) this.#ports.retry('approve');
  }

  #compare(peer: Peer, { tips, pending, nextIndex }: Tips): void {
    this.#heights.set(peer, nextIndex);
    if (!this.#abreast) this.#greeted = [...this.#greeted.slice(-mostTips), tips];
    if (nextIndex > this.#ports.chain.point().nextIndex + farBehind) {
      void this.#history.catchUp(this.#heights).catch(this.#ports.broken);
      return;
    }
    for (const hash of [...tips, ...pending]) this.#knownBy(peer).set(hash, hash);
    const { pool, approves, chain } = this.#ports;
    this.#ask(peer, [...tips.filter((hash) => !this.#isHere(hash)), ...pending.filter((hash) => !pool.remembers(hash) && chain.transaction(hash) === undefined && !approves.has(hash))]);
    this.#comesAbreast();
  }

  #comesAbreast(): void {
    if (this.#abreast || this.#history.running) return;
    this.#abreast = this.#greeted.some((tips) => tips.every((hash) => this.#ports.view.dag.entry(hash) !== undefined));
    if (!this.#abreast) return;
    this.#greeted = [];
    this.#ports.wake();
  }

  #isHere(hash: Hash): boolean {
    const { view } = this.#ports;
    return view.dag.entry(hash) !== undefined || view.holds(hash);
  }

  #ask(peer: Peer, hashes: readonly Hash[]): void {
    const now = Date.now();
    const due = hashes.filter((hash) => now - (this.#asked.get(hash) ?? 0) > askAgainMs);
    for (const hash of due) this.#asked.set(hash, now);
    for (let first = 0; first < due.length; first += mostAnswers) peer.send({ kind: 'get', hashes: due.slice(first, first + mostAnswers) });
  }

  #askForMissing(peer: Peer): void {
    if (!this.#history.running) this.#ask(peer, this.#ports.view.wanted());
  }

  #answer(peer: Peer, hashes: readonly Hash[]): void {
    let bytes = 0;
    for (const hash of hashes.slice(0, mostAnswers)) {
      const found = this.#find(hash);
      if (found === null) continue;
      bytes += found.bytes.length;
      if (bytes > answerBytes) return;
      peer.send(found);
    }
  }

  #find(hash: Hash): Carried | null {
    try {
      return this.#stored(hash);
    } catch (error) {
      if (this.#mending.noted(error, hash)) return null;
      throw error;
    }
  }

  #stored(hash: Hash): Carried | null {
    const { view, store, pool, chain } = this.#ports;
    const wire = store.blocks.get(hash);
    if (wire !== undefined) return { kind: 'block', bytes: wire };
    const raw = pool.get(hash)?.raw ?? chain.transaction(hash);
    if (raw !== undefined) return { kind: 'transaction', bytes: bytesOf(raw) };
    const approve = chain.approve(hash);
    if (approve !== undefined) return { kind: 'approve', bytes: bytesOf(approve) };
    // Taken in a moment ago, and on its way to the disk.
    const block = view.dag.entry(hash)?.block;
    return block === undefined ? null : { kind: 'block', bytes: bytesOf(encodeBlock(block)) };
  }

  #tips(): Tips {
    const { view, pool, approves, chain } = this.#ports;
    return {
      kind: 'tips', tips: view.dag.tips().slice(0, mostTips).map(({ hash }) => hash),
      // What it is catching up with waits here for its turn only.
      pending: this.#history.running ? [] : [...pool.pending(512), ...approves.pending(512)], nextIndex: chain.point().nextIndex,
    };
  }

  #tick(): void {
    try {
      const { view } = this.#ports;
      const now = Date.now();
      for (const [hash, at] of this.#asked) if (now - at > 20 * askAgainMs) this.#asked.delete(hash);
      this.#ports.retry('time');
      const message = this.#tips();
      const what = `${message.tips.join()} ${message.pending.length}`;
      if (now - this.#told.at >= repeatMs || (what === this.#told.what && message.pending.length > 0)) {
        this.#network?.broadcast(message);
        this.#told = { at: now, what };
      }
      if (this.#history.running) return;
      this.#comesAbreast();
      const peers = this.#network?.peers() ?? [];
      const wanted = view.wanted();
      const peer = peers[Math.floor(Math.random() * peers.length)];
      if (peer !== undefined) this.#ask(peer, [...wanted, ...this.#mending.wanted]);
      if (wanted.length === 0) this.#ports.wake();
    } catch (error) {
      this.#ports.broken(error);
    }
  }
}
