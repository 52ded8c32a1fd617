import type { Command } from '@oort/kernel-decider';
import type { EpochBasis } from '@oort/projections-rewards';

/** Asked of the one line of reward epochs. */
export type EpochsCommand = Command<'CloseEpoch', Omit<EpochBasis, 'vestsUntil'> & {
  readonly vestingSeconds: number;
  readonly minimumSeconds: number;
  /** Where the caller believes that the last epoch ended. */
  readonly afterPosition: bigint;
  readonly untilPosition: bigint;
  /** The last epoch whose root the contract holds; 0 for none. */
  readonly publishedEpoch: number;
  /** What each mission's escrow was funded with, less what went back. */
  readonly escrows: ReadonlyMap<string, bigint>;
}>;
