// Transactions that came from a peer are not passed on whole: whoever has them of a client sends them to everybody it knows, so most others
// have them by now. Their hashes are told, many at a time, and who lacks one asks for it.
import type { Hash } from '@oort/ledger-chain';
import { mostHashes, type Peer } from '@oort/ledger-network';

const gatherMs = 25;

export class Announcements {
  #waiting: Hash[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `lacks` answers whether the peer may not have it yet. */
  constructor(private readonly peers: () => readonly Peer[], private readonly lacks: (peer: Peer, hash: Hash) => boolean) {}

  add(hash: Hash): void {
    this.#waiting.push(hash);
    this.#timer ??= setTimeout(() => { this.#tell(); }, gatherMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const hashes = this.#waiting;
    this.#waiting = [];
    for (const peer of this.peers()) {
      const news = hashes.filter((hash) => this.lacks(peer, hash));
      for (let first = 0; first < news.length; first += mostHashes) peer.send({ kind: 'have', hashes: news.slice(first, first + mostHashes) }, true);
    }
  }
}
