import type { Visibilities } from './visibility';

export type RewardGrant = {
  readonly address: string;
  readonly role: 'node' | 'delegator' | 'contributor';
  /** Node id, pool address or mission id. */
  readonly source: string;
  readonly amountWei: string;
  readonly atOnceWei: string;
  readonly vestsUntil: string | null;
};

export type StakingEvent =
  | { readonly type: 'RewardEpochClosed'; readonly data: {
      readonly epoch: number; /** Merkle root over (address, cumulative wei), hex. */ readonly root: string; readonly totalWei: string; readonly cumulativeWei: string; readonly undistributedWei: string;
      readonly untilPosition: string; readonly leaves: readonly { readonly address: string; readonly cumulativeWei: string }[];
      /** Who was given what for this epoch, and why. `atOnceWei` can be claimed from now on, the rest vests until `vestsUntil`. */
      readonly grants: readonly RewardGrant[];
      /** Of all grants so far, what has not vested yet. */
      readonly vestingWei: string;
      /** What missions' escrows pay towards it; the treasury pays the rest. */
      readonly releases: readonly { readonly missionId: string; readonly amountWei: string }[];
      readonly treasuryWei: string;
      readonly closedAt: string;
    } };

export const stakingVisibility = { RewardEpochClosed: 'public' } as const satisfies Visibilities<StakingEvent>;
