// Who earned what since the last reward epoch, and what can each claim?
export { allocate, largestRemainder, type Earning, type EpochBasis, type PoolStake, type Work } from './allocation';
export { type EpochRow } from './entities';
export { rewardsProjection } from './projection';
export { claimedWei, earnedBetween, publishedEpoch, rewardEpoch, rewardEpochs } from './questions';
