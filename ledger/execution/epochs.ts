// Epochs as they run (OLYMPUS.md section 4): which approves count, who is elected when an epoch closes, what its work is paid.
// Everything here follows from the final order alone, and is written in the same transaction of the store as its MCI.
import type { VM } from '@ethereumjs/vm';
import { Account, createAddressFromString } from '@ethereumjs/util';
import { AbiCoder, hexlify, id } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import type { Json } from '@oort/kernel-wire';
import { encodeReceipt, epochOf, parseApprove, witnessSetLog, zeroAddress, zeroHash } from '@oort/ledger-chain';
import type { Address, ApproveReceipt, ChainParameters, ElectionParameters, Hash, Hex } from '@oort/ledger-chain';
import type { StableBatch } from '@oort/ledger-dag';
import { anchorMciOf, countedEpochOf, electWitnesses, shareReward, ticketOutput } from '@oort/ledger-election';
import type { CountedApprove, Work } from '@oort/ledger-election';
import type { FlatState } from './flat-state';
import { bytesOf } from './machine';
import { logsBloom } from './bloom';
import type { StableChain } from './stable-chain';
import type { ChainStore, LogRecord, StableRecord } from './store';

export class ApproveMissing extends Fault {
  constructor(hash: Hash) {
    super('APPROVE_MISSING', `a stable block lists the approve ${hash}, which is not here`, { hash });
  }
}

/** What is decided before the first trunk block of the next epoch runs. */
export interface Closing {
  readonly closed: number;
  readonly stakers: readonly Address[];
  /** Of epoch closed + 2. */
  readonly witnesses: readonly Address[];
  /** The receipt that stands last in the closing trunk block's root; null where the chain has none. */
  readonly receipt: Hex | null;
}

interface Tally {
  readonly points: Readonly<Record<Address, number>>;
  readonly forked: readonly Address[];
}

const poolCreated = id('PoolCreated(address,uint256,uint16)');
const stakeOf = id('stakeOf(address)').slice(0, 10);
/** StakingPools.STATE_CANDIDATE: the pool is full. */
const candidate = 2n;

export class Epochs {
  readonly #store: ChainStore;
  readonly #chain: StableChain;
  readonly #parameters: ChainParameters;
  readonly #rules: ElectionParameters;
  readonly #machine: { readonly vm: VM; readonly state: FlatState };
  readonly #stakeContract: Address | undefined;

  constructor(
    store: ChainStore, chain: StableChain, parameters: ChainParameters, rules: ElectionParameters,
    machine: { readonly vm: VM; readonly state: FlatState },
  ) {
    this.#store = store;
    this.#chain = chain;
    this.#parameters = parameters;
    this.#rules = rules;
    this.#machine = machine;
    this.#stakeContract = chain.genesis().deployments.find(({ name }) => name === rules.stakeContract)?.address;
  }

  /** What the batch of this MCI closes, seen before anything of it runs; null for all but an epoch's first. */
  async closing(mci: number): Promise<Closing | null> {
    const closed = countedEpochOf(mci, this.#parameters.epochLength);
    if (closed === null) return null;
    const stakers = await this.#stakers();
    const { forked } = this.#tally(closed);
    const standing = this.#chain.epochApproves(closed).filter(({ from }) => this.#rules.forkersServe || !forked.includes(from));
    const witnesses = electWitnesses(standing, new Set(stakers), this.#parameters.witnessCount)
      ?? this.#chain.witnesses(closed + 1) ?? [];
    const log = witnessSetLog(closed + 2, witnesses);
    const receipt = encodeReceipt({ status: 1, gasUsed: 0n, bloom: logsBloom([log]), logs: [log] });
    return { closed, stakers, witnesses, receipt: this.#rules.setsInReceipts ? receipt : null };
  }

  /** Status 1 for a candidate's first approve that holds and becomes stable in its own epoch. */
  judge(approve: Hash, mci: number, counted: readonly CountedApprove[], closing: Closing | null): ApproveReceipt {
    const raw = this.#store.approves.get(approve);
    const parsed = raw === undefined ? null : parseApprove(raw, this.#parameters.chainId);
    if (parsed === null) throw new ApproveMissing(approve);
    const { from } = parsed;
    const epoch = epochOf(mci, this.#parameters);
    const stakers = closing?.stakers ?? this.#chain.stakers(epoch);
    const anchor = this.#chain.trunkAt(anchorMciOf(epoch, this.#parameters.epochLength));
    const admitted = parsed.epoch === epoch && anchor !== undefined && stakers.includes(from)
      && !counted.some((each) => each.from === from);
    const output = admitted ? ticketOutput(parsed, anchor) : null;
    return output === null ? { status: 0, from, output: zeroHash } : { status: 1, from, output };
  }

  /** Adds up the points of the batch, and pays the epoch that it ends. Answers what the store has to keep. */
  async settle(
    batch: StableBatch, records: ReadonlyMap<Hash, StableRecord>, closing: Closing | null,
  ): Promise<ReadonlyMap<string, Json>> {
    const kept = new Map<string, Json>();
    // The work of epoch e covers the MCIs e x length + 1 to (e + 1) x length: one further than the epoch's own.
    const epoch = Math.floor((batch.mci - 1) / this.#parameters.epochLength);
    const before = this.#tally(epoch);
    const points: Record<Address, number> = { ...before.points };
    const forked = new Set(before.forked);
    for (const { hash, block } of batch.blocks) {
      if (records.get(hash)?.status === 1) forked.add(block.from);
      points[block.from] = (points[block.from] ?? 0) + (hash === batch.trunk ? this.#rules.trunkPoints : this.#rules.offTrunkPoints);
    }
    kept.set(`tally:${epoch}`, { points, forked: [...forked] });
    if (closing === null) return kept;
    const paid = new Map(Object.entries(points).filter(([address]) => this.#rules.forkersServe || !forked.has(address)));
    const work = shareReward(closing.closed, paid, this.#rules);
    await this.#credit(work);
    kept.set(`stakers:${closing.closed + 1}`, [...closing.stakers]);
    kept.set(`witnesses:${closing.closed + 2}`, [...closing.witnesses]);
    kept.set(`work:${closing.closed}`, work.shares.map(({ witness, points: own, wei }) => ({ witness, points: own, wei: wei.toString() })));
    return kept;
  }

  /** Pools that came into being in these logs. */
  pools(logs: readonly LogRecord[]): Address[] {
    return logs.flatMap(({ address, topics: [topic, pool] }) =>
      address === this.#stakeContract && topic === poolCreated && pool !== undefined ? [`0x${pool.slice(26)}`] : []);
  }

  #tally(epoch: number): Tally {
    return (this.#store.epochs.get(`tally:${epoch}`) as unknown as Tally | undefined) ?? { points: {}, forked: [] };
  }

  /** Full pools; and the genesis witnesses, until they open a pool of their own, which then decides. */
  async #stakers(): Promise<Address[]> {
    const pools = [...this.#store.pools.getKeys({})];
    const founders = this.#chain.genesis().witnesses.filter((witness) => !pools.includes(witness));
    const full: Address[] = [];
    for (const pool of pools) if (await this.#isCandidate(pool)) full.push(pool);
    return [...founders, ...full].sort();
  }

  async #isCandidate(pool: Address): Promise<boolean> {
    if (this.#stakeContract === undefined) return false;
    const { vm, state } = this.#machine;
    // A question only: whatever the call touches is taken back.
    await state.checkpoint();
    const { execResult } = await vm.evm.runCall({
      caller: createAddressFromString(zeroAddress), to: createAddressFromString(this.#stakeContract), isStatic: true, gasPrice: 0n,
      data: bytesOf(`${stakeOf}${pool.slice(2).padStart(64, '0')}`), gasLimit: 1_000_000n,
    });
    await state.revert();
    vm.evm.journal.cleanJournal();
    state.originalStorageCache.clear();
    if (execResult.exceptionError !== undefined) return false;
    const answer = AbiCoder.defaultAbiCoder().decode(['uint256', 'uint256', 'uint256', 'uint16', 'uint8'], hexlify(execResult.returnValue));
    return answer[4] === candidate;
  }

  async #credit({ shares }: Work): Promise<void> {
    const { state } = this.#machine;
    for (const { witness, wei } of shares) {
      const address = createAddressFromString(witness);
      const account = (await state.getAccount(address)) ?? new Account();
      account.balance += wei;
      await state.putAccount(address, account);
    }
  }
}
