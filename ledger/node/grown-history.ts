// For tests and measurements: a history of as many blocks as wanted, written by its witnesses in turn without a clock, a pause or a wire.
// Every rule and the executor are the real ones, so what lies in the directory afterwards is what a node would have left there.
import { join } from 'node:path';
import { keccak256 } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import { encodeBlock, signBlock, zeroHash } from '@oort/ledger-chain';
import type { Address, Block, GenesisDocument, Hash, Hex } from '@oort/ledger-chain';
import { applyGenesis, Executor, openChainStore, StableChain, StateReading } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import { composeBlock, turnOf } from '@oort/ledger-dag';
import { ApprovePool } from './approve-pool';
import { bytesOf } from './hex-bytes';
import { TransactionPool } from './pool';
import { View } from './view';
import type { WitnessKey } from './witness-keys';

export interface GrownHistory {
  readonly directory: string;
  readonly document: GenesisDocument;
  readonly keys: readonly WitnessKey[];
  /** Levels to add. */
  readonly blocks: number;
  /** What the block at this level links, in order. */
  readonly transactions?: (level: number) => readonly Hex[];
  /** Changes what the genesis has left, for a history that lies. */
  readonly spoilt?: (store: ChainStore) => void;
}

class GrowthRefused extends Fault {
  constructor(why: string) { super('GROWTH_REFUSED', `a history that is grown breaks a rule: ${why}`); }
}

/** Answers the next stable index. */
export async function growHistory({ directory, document, keys, blocks, transactions = () => [], spoilt }: GrownHistory): Promise<number> {
  const store = openChainStore(join(directory, 'chain'));
  await applyGenesis(store, document, new Map());
  if (spoilt !== undefined) await store.root.transaction(() => { spoilt(store); });
  const { parameters } = document;
  const now = (): number => Math.floor(Date.now() / 1000);
  const pool = new TransactionPool(store, new StableChain(store), new StateReading(store, parameters, now), parameters);
  const executor = await Executor.open(store, parameters, pool.get);
  const { chain } = executor;
  const approves = new ApprovePool(store, chain, parameters);
  const verified = new Set<Hash>();
  const kept: Promise<unknown>[] = [];
  const keep = (block: Block): void => {
    kept.push(store.blocks.put(block.hash, bytesOf(encodeBlock(block))), store.unstable.put(block.hash, 1));
  };
  const view = new View({
    chain, pool, approves, verified,
    surroundings: { parameters, transaction: pool.find, summary: (hash) => chain.summary(hash), hasApprove: approves.has, witnesses: chain.witnesses, now },
    settle: (batch) => { executor.submit(batch); }, accepted: keep,
    refused: (block, { code }) => { throw new GrowthRefused(`block ${block.hash} is ${code}`); },
  }, 0);
  executor.onExecuted((executed) => {
    pool.executed(executed);
    view.executed(executed.mci, []);
    for (const { hash } of executed.blocks) verified.delete(hash);
  });
  const previous = new Map<Address, Hash>();
  for (let written = 0; written < blocks;) {
    const links: Hash[] = [];
    const level = view.dag.trunkTip.level + 1;
    for (const raw of transactions(level)) {
      await pool.keepLinked(raw);
      links.push(keccak256(raw));
    }
    const serving = view.serving();
    const key = keys.find(({ address }) => turnOf(view.dag, address, serving) === 0);
    const body = key === undefined ? null : composeBlock(view.dag, { author: key.address, previous: previous.get(key.address) ?? zeroHash, links }, view.around);
    if (key === undefined || body === null) {
      await executor.settled();
      continue;
    }
    const block = signBlock(body, key.privateKey);
    verified.add(block.hash);
    previous.set(key.address, block.hash);
    view.receive(block);
    if (view.holds(block.hash)) throw new GrowthRefused(`block ${block.hash} waits for ${JSON.stringify(view.waiting(block.hash))}`);
    written += 1;
  }
  await executor.settled();
  await Promise.all(kept);
  for (const [address, hash] of previous) await store.meta.put(`previous:${address}`, hash);
  const { nextIndex } = chain.point();
  await store.root.flushed;
  await store.root.close();
  return nextIndex;
}
