import type { Visibilities } from './visibility';

export type StakingEvent =
  | { readonly type: 'RewardEpochClosed'; readonly data: {
      readonly epoch: number; /** Merkle root over (address, cumulative wei), hex. */ readonly root: string; readonly totalWei: string; readonly cumulativeWei: string; readonly undistributedWei: string;
      readonly untilPosition: string; readonly leaves: readonly { readonly address: string; readonly cumulativeWei: string }[];
    } };

export const stakingVisibility = { RewardEpochClosed: 'public' } as const satisfies Visibilities<StakingEvent>;
