import { join } from 'node:path';
import { projectionContract, type StoryEvent } from '@oort/kernel-projection';
import { rewardsProjection } from './projection';

projectionContract({
  projection: rewardsProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'NodeEnrolled', 'JobCompleted', 'JobRefunded', 'NodeWentOffline', 'NodeCameOnline', 'NodeWentOffline', 'VerdictReached', 'JobCompleted',
    'EarningsAccrued', 'RewardEpochClosed', log('Rewards', 'RootPublished', { epoch: 1 }),
    log('Rewards', 'Claimed', { account: '0xAb', cumulativeAmount: '12' }), log('Rewards', 'Claimed', { account: '0xAb', cumulativeAmount: '30' }),
  ],
  leaves: ['earner', 'absence', 'work', 'earning', 'epoch', 'claimed'],
});

function log(contract: string, event: string, args: { readonly [name: string]: string | number | boolean }): StoryEvent {
  return { type: 'ChainLogObserved', data: { contract, event, args, txHash: '0x01', logIndex: 0, blockNumber: 1 } };
}
