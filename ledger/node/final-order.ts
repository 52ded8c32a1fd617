// After an absence: the final order from where this node stopped, page by page from the peer that is farthest. The order is a hint and
// saves asking back block by block; each block passes the same rules as any other, and what it cites is computed here.
import { setImmediate as turn } from 'node:timers/promises';
import type { Block, Hash } from '@oort/ledger-chain';
import type { StableChain } from '@oort/ledger-execution';
import type { Message, Peer } from '@oort/ledger-network';
import type { ApprovePool } from './approve-pool';
import { hexOf } from './hex-bytes';
import type { TransactionPool } from './pool';
import type { View } from './view';

type Page = Extract<Message, { readonly kind: 'page' }>;
type Carried = Extract<Message, { readonly bytes: Buffer }>;

export interface FinalOrderPorts {
  readonly chain: StableChain;
  readonly pool: TransactionPool;
  readonly approves: ApprovePool;
  readonly view: View;
  settled(): Promise<void>;
  wake(): void;
  log(line: string): void;
  find(hash: Hash): Carried | null;
  receive(peer: Peer, block: Block): void;
  decoded(peer: Peer, bytes: Buffer): Block | null;
  isHere(hash: Hash): boolean;
}

/** Farther behind than that, the final order is asked for instead of single blocks. */
export const farBehind = 64;
const pageBytes = 512 * 1024;
const pageBlocks = 500;
const pageMs = 10_000;
/** How long a block of the final order may wait for what comes before it. */
const heldMs = 5_000;

export class FinalOrder {
  running = false;
  readonly #ports: FinalOrderPorts;
  #stopped = false;
  #page: { readonly peer: Peer; readonly take: (page: Page | null) => void } | null = null;

  constructor(ports: FinalOrderPorts) {
    this.#ports = ports;
  }

  stop(): void {
    this.#stopped = true;
    this.#page?.take(null);
  }

  gone(peer: Peer): void {
    if (this.#page?.peer === peer) this.#page.take(null);
  }

  take(peer: Peer, page: Page): void {
    if (this.#page?.peer === peer) this.#page.take(page);
    else peer.penalise(20, 'a page that nobody asked for');
  }

  /** What became stable from an index on: an answer to a peer. */
  page(from: number): Page {
    const { chain } = this.#ports;
    const items: Carried[] = [];
    let bytes = 0;
    let index = Math.max(1, from);
    for (; items.length < pageBlocks && bytes < pageBytes; index += 1) {
      const hash = chain.hashAt(index);
      const block = hash === undefined ? undefined : chain.block(hash);
      if (block === undefined) break;
      for (const part of [...block.links, ...block.approves, block.hash].map((one) => this.#ports.find(one))) {
        if (part === null) continue;
        items.push(part);
        bytes += part.bytes.length;
      }
    }
    return { kind: 'page', from, next: index, items };
  }

  /** From whoever is farthest, page by page, until nobody is far ahead any more. */
  async catchUp(heights: Map<Peer, number>): Promise<void> {
    if (this.running || this.#stopped) return;
    this.running = true;
    const { chain } = this.#ports;
    try {
      for (let stalled = 0; stalled < 3 && !this.#stopped;) {
        const before = chain.point().nextIndex;
        const [best] = [...heights].sort(([, one], [, other]) => other - one);
        if (best === undefined || best[1] <= before + farBehind) return;
        this.#ports.log(`catching up from ${before} to ${best[1]} with peer ${best[0].id.slice(0, 12)}`);
        await this.#follow(best[0], before);
        const gained = chain.point().nextIndex - before;
        if (gained > 0) stalled = 0;
        else {
          stalled += 1;
          best[0].penalise(34, 'its history leads nowhere');
          heights.set(best[0], 0);
        }
      }
    } finally {
      this.running = false;
      this.#ports.wake();
    }
  }

  async #follow(peer: Peer, start: number): Promise<void> {
    for (let from = start; !this.#stopped;) {
      const page = await this.#pageOf(peer, from);
      if (page === null || page.items.length === 0 || page.next <= from) break;
      if (!await this.#feed(peer, page)) break;
      from = page.next;
    }
    await this.#ports.settled();
  }

  #pageOf(peer: Peer, from: number): Promise<Page | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => { this.#page?.take(null); }, pageMs);
      this.#page = {
        peer,
        take: (page) => {
          clearTimeout(timer);
          this.#page = null;
          resolve(page);
        },
      };
      if (!peer.send({ kind: 'history', from })) this.#page.take(null);
    });
  }

  /** False where the peer turned out to be of no use. */
  async #feed(peer: Peer, { items }: Page): Promise<boolean> {
    const { pool, approves } = this.#ports;
    for (const { kind, bytes } of items) {
      if (this.#stopped || peer.score >= 100) return false;
      if (kind === 'transaction') await pool.keepLinked(hexOf(bytes));
      else if (kind === 'approve') await approves.keepListed(hexOf(bytes));
      else {
        const block = this.#ports.decoded(peer, bytes);
        if (block === null) return false;
        if (this.#ports.isHere(block.hash)) continue;
        this.#ports.receive(peer, block);
        if (!await this.#taken(block.hash)) return false;
      }
    }
    return true;
  }

  /** Its ancestors came before it: what it may wait for is the summary that it cites, which execution makes. */
  async #taken(hash: Hash): Promise<boolean> {
    const { view, settled } = this.#ports;
    const end = Date.now() + heldMs;
    while (view.holds(hash)) {
      if (this.#stopped || Date.now() > end) return false;
      await settled();
      await turn();
    }
    return view.dag.entry(hash) !== undefined;
  }
}
