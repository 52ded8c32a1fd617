import type { Flow } from '@oort/kernel-decider';

export const epochsFlow = {
  CloseEpoch: { events: ['RewardEpochClosed'], refusals: ['NOTHING_TO_REWARD', 'EPOCH_TOO_SHORT', 'EPOCH_CLOSED_MEANWHILE', 'EPOCH_UNPUBLISHED'] },
} as const satisfies Flow;
