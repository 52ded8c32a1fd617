// What a node that does not run asks of those that do: parts by their hash, and pages of the final order. Whoever answers is believed in
// nothing: a part must hash to its name, a page is checked by whoever takes it.
import { keccak256 } from 'ethers';
import { decodeBlock, MalformedBlock } from '@oort/ledger-chain';
import type { Hash } from '@oort/ledger-chain';
import { loadPeerIdentity, openPeerNetwork } from '@oort/ledger-network';
import type { Carried, Log, Message, Peer, PeerNetwork } from '@oort/ledger-network';
import { hexOf } from './hex-bytes';
import type { HistoryPage } from './history-page';

export interface PeerSourceOptions {
  /** Where this node's identity among its peers lies. */
  readonly directory: string;
  readonly peers: readonly string[];
  readonly chainId: number;
  readonly genesisHash: Hash;
  readonly log?: Log;
}

const askAgainMs = 500;
const pageMs = 10_000;
const mostAsked = 128;

export class PeerSource {
  readonly #wanted = new Map<Hash, (part: Carried) => void>();
  readonly #heights = new Map<Peer, number>();
  #page: { readonly peer: Peer; readonly take: (page: HistoryPage | null) => void } | null = null;

  private constructor(private readonly network: PeerNetwork, private readonly given: readonly string[]) {}

  static async open({ directory, peers, chainId, genesisHash, log }: PeerSourceOptions): Promise<PeerSource> {
    const sources: PeerSource[] = [];
    const network = await openPeerNetwork({
      identity: loadPeerIdentity(directory), chainId, genesis: genesisHash, peers, ...(log === undefined ? {} : { log }),
      onPeer: () => undefined,
      onMessage: (peer, message) => { sources[0]?.hear(peer, message); },
      onGone: (peer) => { sources[0]?.gone(peer); },
    });
    const source = new PeerSource(network, peers);
    sources.push(source);
    return source;
  }

  /** Those that anybody had within the time. */
  async parts(hashes: readonly Hash[], patienceMs: number): Promise<ReadonlyMap<Hash, Carried>> {
    const found = new Map<Hash, Carried>();
    for (let first = 0; first < hashes.length && this.given.length > 0; first += mostAsked) {
      await this.#some(hashes.slice(first, first + mostAsked), found, patienceMs);
    }
    return found;
  }

  /** From whoever has said that it is farthest; null where nobody answers within the time. */
  async page(from: number, patienceMs: number): Promise<HistoryPage | null> {
    for (const end = Date.now() + patienceMs; Date.now() < end && this.given.length > 0;) {
      const [best] = [...this.#heights].filter(([, height]) => height > from).sort(([, one], [, other]) => other - one);
      const page = best === undefined ? null : await this.#pageOf(best[0], from);
      if (page !== null && page.next > from) return page;
      if (best !== undefined) this.#heights.delete(best[0]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return null;
  }

  /** The farthest that anybody has said. */
  get height(): number {
    return Math.max(0, ...this.#heights.values());
  }

  close(): Promise<void> {
    this.#page?.take(null);
    return this.network.close();
  }

  hear(peer: Peer, message: Message): void {
    if (message.kind === 'tips') this.#heights.set(peer, message.nextIndex);
    if (message.kind === 'page' && this.#page?.peer === peer) this.#page.take(message);
    if (message.kind !== 'block' && message.kind !== 'transaction' && message.kind !== 'approve') return;
    const part: Carried = { kind: message.kind, bytes: message.bytes };
    this.#wanted.get(nameOf(part) ?? '')?.(part);
  }

  gone(peer: Peer): void {
    this.#heights.delete(peer);
    if (this.#page?.peer === peer) this.#page.take(null);
  }

  #some(hashes: readonly Hash[], found: Map<Hash, Carried>, patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const missing = new Set(hashes);
      const ask = (): void => {
        for (const peer of this.network.peers()) peer.send({ kind: 'get', hashes: [...missing] });
      };
      const end = (): void => {
        clearInterval(again);
        clearTimeout(patience);
        for (const hash of hashes) this.#wanted.delete(hash);
        resolve();
      };
      const again = setInterval(ask, askAgainMs);
      const patience = setTimeout(end, patienceMs);
      for (const hash of hashes) {
        this.#wanted.set(hash, (part) => {
          found.set(hash, part);
          missing.delete(hash);
          if (missing.size === 0) end();
        });
      }
      if (missing.size === 0) end();
      else ask();
    });
  }

  #pageOf(peer: Peer, from: number): Promise<HistoryPage | null> {
    return new Promise((resolve) => {
      const take = (page: HistoryPage | null): void => {
        clearTimeout(timer);
        this.#page = null;
        resolve(page);
      };
      const timer = setTimeout(() => { take(null); }, pageMs);
      this.#page = { peer, take };
      if (!peer.send({ kind: 'history', from })) take(null);
    });
  }
}

/** The hash by which a part is asked for; null where the bytes are none. */
export function nameOf({ kind, bytes }: Carried): Hash | null {
  if (kind !== 'block') return keccak256(bytes);
  try {
    return decodeBlock(hexOf(bytes)).hash;
  } catch (error) {
    if (error instanceof MalformedBlock) return null;
    throw error;
  }
}
