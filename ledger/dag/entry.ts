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
  /** Whether the approve is here; whether it counts is decided when it runs (OLYMPUS.md section 4). */
  readonly hasApprove: (hash: Hash) => boolean;
  readonly summary: (stableBlock: Hash) => Hash | undefined;
  /** The set of an epoch in its order; undefined until the election is final. */
  readonly witnesses: (epoch: number) => readonly Address[] | undefined;
  readonly now: () => number;
}

export function isGenesis(entry: Entry): boolean {
  return entry.bestParent === null;
}
