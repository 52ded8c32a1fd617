// For tests and simulations: witnesses without keys, blocks without signatures, summaries without an EVM.
import { blockHash, genesisBlock, localParameters } from '@oort/ledger-chain';
import type { Address, Block, BlockBody, ChainParameters, Hash } from '@oort/ledger-chain';
import { Fault } from '@oort/kernel-wire';
import { composeBlock } from './compose';
import { Dag } from './dag';
import type { Entry, Surroundings } from './entry';
import type { StableBatch } from './order';
import { validateBlock } from './validate';
import type { Verdict } from './validate';

export class NotAccepted extends Fault {
  constructor(verdict: Verdict) {
    super('NOT_ACCEPTED', JSON.stringify(verdict));
  }
}

export function witnessAddress(seat: number): Address {
  return `0x${(seat + 1).toString(16).padStart(40, '0')}`;
}

/** Stands for execution: what a summary is does not matter to the DAG, only that all compute the same. */
export function standInSummary(hash: Hash): Hash {
  return `0x5${hash.slice(3)}`;
}

export function unsigned(body: BlockBody): Block {
  return { ...body, hash: blockHash(body), signature: '0x' };
}

export function genesisEntry(parameters: ChainParameters): Entry {
  const witnesses = Array.from({ length: parameters.witnessCount }, (_, seat) => witnessAddress(seat));
  const block = genesisBlock({ parameters, witnesses, allocations: {}, deployments: [] });
  return { hash: block.hash, block, level: 0, witnessedLevel: 0, bestParent: null };
}

/** One view, and the pens of all witnesses. */
export class World {
  readonly parameters: ChainParameters;
  readonly dag: Dag;
  readonly genesis: Entry;
  readonly around: Surroundings;
  readonly transactions = new Map<Hash, { readonly from: Address; readonly nonce: number }>();
  readonly approves = new Set<Hash>();
  readonly unknownSummaries = new Set<Hash>();
  readonly stable: StableBatch[] = [];
  readonly previous = new Map<Address, Hash>();
  clock: number;

  constructor(witnessCount = 4) {
    this.parameters = localParameters({ witnessCount });
    this.clock = this.parameters.genesisTimestamp + 1000;
    this.genesis = genesisEntry(this.parameters);
    this.dag = new Dag({ entry: () => undefined, mciOf: () => undefined }, this.genesis, 1);
    const witnesses = Array.from({ length: witnessCount }, (_, seat) => witnessAddress(seat));
    this.around = {
      parameters: this.parameters,
      entry: this.dag.entry,
      transaction: (hash) => this.transactions.get(hash),
      hasApprove: (hash) => this.approves.has(hash),
      summary: (hash) => (this.unknownSummaries.has(hash) ? undefined : standInSummary(hash)),
      witnesses: () => witnesses,
      now: () => this.clock,
    };
  }

  /** What the witness would write now. */
  draft(seat: number, links: readonly Hash[] = []): BlockBody {
    const author = witnessAddress(seat);
    const previous = this.previous.get(author) ?? `0x${'00'.repeat(32)}`;
    const body = composeBlock(this.dag, { author, previous, links }, this.around);
    if (body === null) throw new NotAccepted({ kind: 'waits', waiting: { kind: 'summary', hash: '0x' } });
    return body;
  }

  judge(body: BlockBody, author: Address | null = body.from): Verdict {
    return validateBlock(unsigned(body), this.around, () => author);
  }

  take(body: BlockBody): Entry {
    const verdict = this.judge(body);
    if (verdict.kind !== 'valid') throw new NotAccepted(verdict);
    this.previous.set(body.from, verdict.entry.hash);
    this.stable.push(...this.dag.accept(verdict.entry));
    return verdict.entry;
  }

  write(seat: number, links: readonly Hash[] = []): Entry {
    return this.take(this.draft(seat, links));
  }

  /** Witnesses 0, 1, 2, ... in turn. */
  turns(count: number): Entry[] {
    return Array.from({ length: count }, () => this.write(this.dag.trunkTip.level % this.parameters.witnessCount));
  }
}
