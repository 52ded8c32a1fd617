/** A part of a grant that becomes claimable evenly between two moments (milliseconds). */
export interface Vesting { readonly address: string; readonly amountWei: bigint; readonly fromMs: number; readonly untilMs: number }

export interface EpochsState {
  readonly epoch: number;
  readonly closedAt: string | null;
  readonly untilPosition: bigint;
  readonly cumulativeWei: bigint;
  /** Claimable from the first moment, by address. */
  readonly atOnce: ReadonlyMap<string, bigint>;
  readonly vesting: readonly Vesting[];
  /** Taken from each mission's escrow so far. */
  readonly released: ReadonlyMap<string, bigint>;
}

export const noEpochs: EpochsState = {
  epoch: 0, closedAt: null, untilPosition: -1n, cumulativeWei: 0n, atOnce: new Map(), vesting: [], released: new Map(),
};
