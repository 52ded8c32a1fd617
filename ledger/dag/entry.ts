import type { Address, Block, ChainParameters, Hash } from '@oort/ledger-chain';

/** A block with what its ancestry alone says about it: the same in every honest view. */
export interface Entry {
  readonly hash: Hash;
  readonly block: Block;
  /** Distance from genesis along best parents; for a trunk block also its MCI. */
  readonly level: number;
  readonly witnessedLevel: number;
  /** Null for genesis only. */
  readonly bestParent: Hash | null;
}

export type Lookup = (hash: Hash) => Entry | undefined;

/** What the rules may ask; `undefined` means that it is not known yet, and the block waits. */
export interface Surroundings {
  readonly parameters: ChainParameters;
  readonly entry: Lookup;
  readonly transaction: (hash: Hash) => { readonly from: Address; readonly nonce: number } | undefined;
  readonly summary: (stableBlock: Hash) => Hash | undefined;
  readonly witnesses: (epoch: number) => ReadonlySet<Address>;
  readonly now: () => number;
}

export function isGenesis(entry: Entry): boolean {
  return entry.bestParent === null;
}
