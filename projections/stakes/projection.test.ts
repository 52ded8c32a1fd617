import { join } from 'node:path';
import { projectionContract, type StoryEvent } from '@oort/kernel-projection';
import { stakesProjection } from './projection';

const pool = '0xPool';
const [ann, bob] = ['0xAnn', '0xBob'];
const parameter = `0x${Buffer.from('tokenDiscountBps').toString('hex').padEnd(64, '0')}`;

projectionContract({
  projection: stakesProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    log('StakingPools', 'PoolCreated', { pool, ownStake: '1000', commissionBasisPoints: 500 }),
    log('StakingPools', 'StakeAdded', { pool, amount: '10' }), log('StakingPools', 'Delegated', { pool, delegator: ann, amount: '300' }),
    log('StakingPools', 'Slashed', { pool, amount: '1100' }), log('StakingPools', 'Delegated', { pool, delegator: bob, amount: '7' }),
    log('StakingPools', 'ExitRequested', { pool, staker: ann, amount: '5' }), log('StakingPools', 'Withdrawn', { pool, amount: '5' }),
    log('DefiPool', 'Staked', { account: ann, shares: '9' }), log('DefiPool', 'Unstaked', { account: ann, shares: '2' }),
    log('Governance', 'Proposed', { proposalId: '1', proposer: ann, parameter, value: '5', reason: 'why not', votingEndsAt: 1_800_000_000 }),
    log('Governance', 'Voted', { proposalId: '1', voter: ann, support: true, weight: '3' }),
    log('Governance', 'Voted', { proposalId: '1', voter: bob, support: false, weight: '2' }),
    log('Governance', 'Executed', { proposalId: '1' }), log('Governance', 'ParameterChanged', { name: parameter, value: '5' }),
    'ChainLogObserved', log('Escrow', 'Released', { id: '0x1', amount: '4' }),
  ],
  leaves: ['pool', 'delegation', 'defi_stake', 'proposal', 'vote', 'parameter', 'escrow'],
});

function log(contract: string, event: string, args: { readonly [name: string]: string | number | boolean }): StoryEvent {
  return { type: 'ChainLogObserved', data: { contract, event, args, txHash: '0x01', logIndex: 0, blockNumber: 1 } };
}
