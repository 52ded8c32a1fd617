// After an absence: the final order from where this node stopped, from the peer that is farthest. First its outline, which is small and
// signed; then its blocks, page by page, the next one under way while one is being checked and run.
import type { Block, ChainParameters, Hash } from '@oort/ledger-chain';
import type { StableChain } from '@oort/ledger-execution';
import type { Carried, Log, Message, Peer } from '@oort/ledger-network';
import { HistoryFeed } from './history-feed';
import type { HistoryFeedPorts } from './history-feed';
import { historyPage } from './history-page';
import { HistoryRefused } from './history-refused';
import { checkOutline, outlineOf } from './outline';

type Page = Extract<Message, { readonly kind: 'page' }>;
type OutlineMessage = Extract<Message, { readonly kind: 'outline' }>;

export interface FinalOrderPorts extends Omit<HistoryFeedPorts, 'receive'> {
  readonly chain: StableChain;
  readonly parameters: ChainParameters;
  wake(): void;
  readonly log: Log;
  broken(error: unknown): void;
  /** The wire form of a block, transaction or approve. */
  find(hash: Hash): Carried | null;
  receive(peer: Peer, block: Block): void;
}

/** Farther behind than that, the final order is asked for instead of single blocks. */
export const farBehind = 64;
/** Farther behind than that, only who shows an outline is followed. */
const outlinedBehind = 1_000;
const answerMs = 10_000;
const penalties = { HISTORY_UNLINKED: 34, HISTORY_INCOMPLETE: 34 } as const;

interface Asked<T> {
  readonly peer: Peer;
  readonly take: (answer: T | null) => void;
}

export class FinalOrder {
  running = false;
  #stopped = false;
  #feed: HistoryFeed | null = null;
  #page: Asked<Page> | null = null;
  #outline: Asked<OutlineMessage> | null = null;

  constructor(private readonly ports: FinalOrderPorts) {}

  stop(): void {
    this.#stopped = true;
    this.#feed?.stop();
    this.#page?.take(null);
    this.#outline?.take(null);
  }

  gone(peer: Peer): void {
    if (this.#page?.peer === peer) this.#page.take(null);
    if (this.#outline?.peer === peer) this.#outline.take(null);
  }

  take(peer: Peer, answer: Page | OutlineMessage): void {
    if (answer.kind === 'page' && this.#page?.peer === peer) this.#page.take(answer);
    else if (answer.kind === 'outline' && this.#outline?.peer === peer) this.#outline.take(answer);
    else peer.penalise(20, `a ${answer.kind} that nobody asked for`);
  }

  /** An answer to a peer. */
  page(from: number): Page {
    return { kind: 'page', ...historyPage(from, this.ports) };
  }

  outline(mci: number): OutlineMessage {
    const { chain, parameters, view } = this.ports;
    const found = outlineOf(mci, { chain, parameters, unstable: () => [...view.dag.unstable()].map(({ block }) => block) });
    return { kind: 'outline', mci, summaries: found?.summaries ?? [], citations: found?.citations ?? [] };
  }

  /** From whoever is farthest, until nobody is far ahead any more. */
  async catchUp(heights: Map<Peer, number>): Promise<void> {
    if (this.running || this.#stopped) return;
    this.running = true;
    const { chain, log } = this.ports;
    try {
      for (let stalled = 0; stalled < 3 && !this.#stopped;) {
        const before = chain.point().nextIndex;
        const [best] = [...heights].sort(([, one], [, other]) => other - one);
        if (best === undefined || best[1] <= before + farBehind) return;
        const [peer, height] = best;
        log('info', 'history.catchingUp', { from: before, to: height, peer: peer.id });
        const refused = await this.#follow(peer, height).catch((error: unknown) => this.#refused(peer, error));
        if (chain.point().nextIndex > before && !refused) stalled = 0;
        else {
          stalled += 1;
          heights.set(peer, 0);
          if (!refused) peer.penalise(34, 'its history leads nowhere');
        }
      }
    } finally {
      this.running = false;
      this.ports.wake();
    }
  }

  /** True: the peer has shown a history that is none. */
  #refused(peer: Peer, error: unknown): true {
    if (!(error instanceof HistoryRefused)) throw error;
    this.ports.log('warn', 'history.refused', { peer: peer.id, code: error.doubt, rule: error.refusal, why: error.message });
    // What has been run by all rules differs from what witnesses have signed: nothing that a peer sends can mend that.
    if (error.doubt === 'HISTORY_SUMMARY_DIFFERS') this.ports.broken(error);
    peer.penalise(error.doubt in penalties ? 34 : 100, `${error.doubt}: ${error.message}`);
    return true;
  }

  async #follow(peer: Peer, height: number): Promise<boolean> {
    const { chain } = this.ports;
    const feed = this.#feed = new HistoryFeed({ ...this.ports, receive: (block) => { this.ports.receive(peer, block); } });
    let from = chain.point().nextIndex;
    for (let mci = -1; !this.#stopped && chain.point().mci > mci;) {
      mci = chain.point().mci;
      const end = await this.#outlined(peer, feed, height);
      if (end === null || end < from) break;
      from = await this.#pages(peer, feed, { from, end });
      // The last blocks of an outline are final only with those behind it.
      if (from > height) break;
    }
    this.#feed = null;
    return false;
  }

  /** The last index of the peer's outline; null where it has stopped answering. Throws HistoryRefused. */
  async #outlined(peer: Peer, feed: HistoryFeed, height: number): Promise<number | null> {
    const { chain, parameters } = this.ports;
    const { mci, nextIndex } = chain.point();
    const outline = await this.#ask<OutlineMessage>(peer, { kind: 'outline-of', mci }, (asked) => { this.#outline = asked; });
    if (outline === null) return null;
    if (outline.summaries.length > 0) {
      const waypoints = checkOutline(outline, chain, parameters);
      feed.follow(waypoints);
      return Math.max(...waypoints.keys());
    }
    if (height - nextIndex > outlinedBehind) throw new HistoryRefused('HISTORY_UNSIGNED', `it is said to have ${height - nextIndex} blocks more, and nothing is shown that is signed`);
    feed.follow(new Map());
    return height;
  }

  /** Answers the index behind the last block that came. */
  async #pages(peer: Peer, feed: HistoryFeed, { from, end }: { readonly from: number; readonly end: number }): Promise<number> {
    const pageFrom = (index: number): Promise<Page | null> => this.#ask<Page>(peer, { kind: 'history', from: index }, (asked) => { this.#page = asked; });
    let at = from;
    for (let coming: Promise<Page | null> | null = pageFrom(at); coming !== null && !this.#stopped;) {
      const page = await coming;
      if (page === null || page.from !== at || page.items.length === 0 || page.next <= at || peer.score >= 100) return at;
      at = page.next;
      coming = at <= end ? pageFrom(at) : null;
      await feed.feed(page.items, page.from);
    }
    return at;
  }

  #ask<T>(peer: Peer, question: Message, keep: (asked: Asked<T> | null) => void): Promise<T | null> {
    return new Promise((resolve) => {
      const take = (answer: T | null): void => {
        clearTimeout(timer);
        keep(null);
        resolve(answer);
      };
      const timer = setTimeout(() => { take(null); }, answerMs);
      keep({ peer, take });
      if (!peer.send(question)) take(null);
    });
  }
}
