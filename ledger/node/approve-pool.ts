// Approves that wait until they are stable. One is on disk before anybody hears of it, so that a block which lists it can
// always be run; only the tickets of the present epoch are offered to composers.
import { epochOf, parseApprove } from '@oort/ledger-chain';
import type { Approve, ChainParameters, Hash, Hex } from '@oort/ledger-chain';
import type { ChainStore, ExecutedMci, StableChain } from '@oort/ledger-execution';
import { LedgerFault, rpcCodes } from '@oort/ledger-rpc';

export class ApprovePool {
  readonly #store: ChainStore;
  readonly #chain: StableChain;
  readonly #parameters: ChainParameters;
  readonly #pending = new Map<Hash, Approve>();
  /** Kept for blocks that list them, whatever they are worth; until the epoch is over. */
  readonly #listed = new Set<Hash>();

  constructor(store: ChainStore, chain: StableChain, parameters: ChainParameters) {
    this.#store = store;
    this.#chain = chain;
    this.#parameters = parameters;
    for (const { key: hash, value: raw } of store.approves.getRange({})) {
      if (chain.approveReceipt(hash) !== undefined) continue;
      const approve = parseApprove(raw, parameters.chainId);
      if (approve !== null && approve.epoch >= this.#epoch()) this.#pending.set(hash, approve);
    }
  }

  readonly has = (hash: Hash): boolean => this.#pending.has(hash) || this.#chain.approve(hash) !== undefined;

  readonly isPending = (hash: Hash): boolean => this.#pending.has(hash);

  /** Refuses what could not count: another epoch's ticket, or that of somebody who has no stake in this one. */
  async submit(raw: Hex): Promise<{ readonly hash: Hash; readonly fresh: boolean }> {
    const approve = parseApprove(raw, this.#parameters.chainId);
    if (approve === null) throw refused('APPROVE_MALFORMED', 'the bytes are not an approve of this chain');
    const { hash, epoch, from } = approve;
    if (this.#pending.has(hash) || this.#chain.approveReceipt(hash) !== undefined) return { hash, fresh: false };
    if (epoch !== this.#epoch()) throw refused('APPROVE_OF_ANOTHER_EPOCH', `epoch ${epoch}, the chain is in ${this.#epoch()}`);
    if (!this.#chain.stakers(epoch).includes(from)) throw refused('APPROVE_WITHOUT_STAKE', `${from} has no full stake in epoch ${epoch}`);
    await this.#store.approves.put(hash, approve.raw);
    await this.#store.root.flushed;
    this.#pending.set(hash, approve);
    return { hash, fresh: true };
  }

  /** An approve that a block may list: judged when it runs. Null where the bytes are none. */
  async keepListed(raw: Hex): Promise<Hash | null> {
    const approve = parseApprove(raw, this.#parameters.chainId);
    if (approve === null) return null;
    if (!this.has(approve.hash)) {
      await this.#store.approves.put(approve.hash, approve.raw);
      this.#listed.add(approve.hash);
    }
    return approve.hash;
  }

  pending(most: number): Hash[] {
    return [...this.#pending.keys()].slice(0, most);
  }

  linkable(linked: ReadonlySet<Hash>, most: number): Hash[] {
    return [...this.#pending.keys()].filter((hash) => !linked.has(hash)).sort().slice(0, most);
  }

  /** Drops what has run, and the tickets of epochs that are over. */
  executed({ blocks }: ExecutedMci): void {
    for (const { approves } of blocks) for (const hash of approves) this.#pending.delete(hash);
    const epoch = this.#epoch();
    for (const [hash, approve] of this.#pending) if (approve.epoch < epoch) this.#pending.delete(hash);
  }

  #epoch(): number {
    return epochOf(this.#chain.point().mci, this.#parameters);
  }
}

function refused(code: string, message: string): LedgerFault {
  return new LedgerFault(code, rpcCodes.refused, message);
}
