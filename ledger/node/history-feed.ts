// Takes a history in: blocks in their final order, each behind the transactions and approves that it lists, from a peer or a file. The
// order is a hint; each block passes the same rules as any other, what it cites is computed here, and what does not fit is named.
import { setImmediate as turn } from 'node:timers/promises';
import { decodeBlock } from '@oort/ledger-chain';
import type { Block, Hash } from '@oort/ledger-chain';
import type { StableChain } from '@oort/ledger-execution';
import type { Carried } from '@oort/ledger-network';
import type { ApprovePool } from './approve-pool';
import { hexOf } from './hex-bytes';
import { HistoryRefused } from './history-refused';
import type { Waypoints } from './outline';
import type { TransactionPool } from './pool';
import type { View } from './view';

export interface HistoryFeedPorts {
  readonly chain: StableChain;
  readonly pool: TransactionPool;
  readonly approves: ApprovePool;
  readonly view: View;
  receive(block: Block): void;
  settled(): Promise<void>;
  /** The rule that an invalid block has broken. */
  refusalOf(hash: Hash): string | undefined;
}

/** Signatures that are checked before others have their turn. */
const atOnce = 16;
/** How long a block may wait for what it cites, once everything before it has run. */
const heldMs = 5_000;

export class HistoryFeed {
  /** What was said to stand at an index, until it is final here. */
  readonly #claimed = new Map<number, Hash>();
  #waypoints: Waypoints = new Map();
  #stopped = false;

  constructor(private readonly ports: HistoryFeedPorts) {}

  stop(): void {
    this.#stopped = true;
  }

  follow(waypoints: Waypoints): void {
    this.#waypoints = waypoints;
  }

  /** The blocks among `items` stand at `from` and on; null for some that have no place yet. Throws HistoryRefused. */
  async feed(items: readonly Carried[], from: number | null): Promise<void> {
    await this.#keepListed(items);
    let index = from;
    for (const { kind, bytes } of items) {
      if (kind !== 'block') continue;
      if (this.#stopped) return;
      await this.#take(decoded(bytes), index);
      if (index !== null) index += 1;
    }
    await this.ports.settled();
    this.#compare();
  }

  async #keepListed(items: readonly Carried[]): Promise<void> {
    const { pool, approves } = this.ports;
    const kept: Promise<unknown>[] = [];
    for (const { kind, bytes } of items) {
      if (kind === 'transaction') kept.push(pool.keepLinked(hexOf(bytes)));
      if (kind === 'approve') kept.push(approves.keepListed(hexOf(bytes)));
      if (kept.length % atOnce === atOnce - 1) await turn();
    }
    await Promise.all(kept);
  }

  async #take(block: Block, place: number | null): Promise<void> {
    const { view, receive, refusalOf } = this.ports;
    const { hash } = block;
    const index = place ?? 'the end';
    const waypoint = place === null ? undefined : this.#waypoints.get(place);
    if (waypoint !== undefined && waypoint.hash !== hash) throw new HistoryRefused('HISTORY_OUT_OF_ORDER', `block ${hash} stands at ${index}, where the outline has ${waypoint.hash}`);
    if (place !== null) this.#claimed.set(place, hash);
    if (view.dag.entry(hash) !== undefined) return;
    const missing = block.parents.find((parent) => view.dag.entry(parent) === undefined);
    if (missing !== undefined) throw new HistoryRefused('HISTORY_OUT_OF_ORDER', `block ${hash} at ${index} comes before its parent ${missing}`);
    receive(block);
    await this.#released(hash);
    if (this.#stopped || view.dag.entry(hash) !== undefined) return;
    const refusal = refusalOf(hash);
    if (refusal !== undefined) throw new HistoryRefused('HISTORY_BLOCK_INVALID', `block ${hash} at ${index} is ${refusal}`, refusal);
    throw new HistoryRefused('HISTORY_INCOMPLETE', `block ${hash} at ${index} lists what has not come with it`);
  }

  /** Its ancestors came before it: what it may wait for is the summary that it cites, which execution makes. */
  async #released(hash: Hash): Promise<void> {
    const { view, settled } = this.ports;
    let idleSince: number | null = null;
    for (let executed = -1; view.holds(hash) && !this.#stopped;) {
      // That should have come before it.
      if (['block', 'transaction', 'approve'].includes(view.waiting(hash)?.kind ?? '')) return;
      await settled();
      await turn();
      const { nextIndex } = this.ports.chain.point();
      if (nextIndex !== executed) idleSince = null;
      executed = nextIndex;
      idleSince ??= Date.now();
      if (Date.now() - idleSince > heldMs) return;
    }
  }

  #compare(): void {
    const { chain } = this.ports;
    const { nextIndex } = chain.point();
    for (const [index, claimed] of this.#claimed) {
      if (index >= nextIndex) continue;
      this.#claimed.delete(index);
      const hash = chain.hashAt(index);
      if (hash !== claimed) throw new HistoryRefused('HISTORY_OUT_OF_ORDER', `the rules put ${String(hash)} at ${index}, not ${claimed}`);
      const promised = this.#waypoints.get(index)?.summary;
      if (promised !== undefined && chain.summary(claimed) !== promised) {
        throw new HistoryRefused('HISTORY_SUMMARY_DIFFERS', `block ${claimed} has the summary ${String(chain.summary(claimed))} here, and ${promised} is signed`);
      }
    }
  }
}

function decoded(bytes: Buffer): Block {
  try {
    return decodeBlock(hexOf(bytes));
  } catch (error) {
    throw new HistoryRefused('HISTORY_BLOCK_INVALID', error instanceof Error ? error.message : String(error), 'MALFORMED_BLOCK');
  }
}
