import { command, scenario } from '@oort/kernel-decider';
import type { StakingEvent } from '@oort/schema/events/staking';
import type { EpochsCommand } from './commands';
import { epochsDecider } from './decide';
import { evolveEpochs } from './evolve';
import { noEpochs } from './state';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const [node, giver] = [`0x${'0a'.repeat(20)}`, `0x${'0c'.repeat(20)}`];
const basis: EpochsCommand['data'] = {
  emissionWei: 1_000n, work: [{ nodeId: 'n', operator: node, units: 5, trust: 0.5, uptime: 1 }], pools: new Map(), atOnceBasisPoints: 2_500,
  earnings: [{ missionId: 'm', address: giver, amountWei: 70n }], escrows: new Map([['m', 50n]]),
  vestingSeconds: 1_000, minimumSeconds: 10, afterPosition: -1n, untilPosition: 9n, publishedEpoch: 99,
};
const close = (data: Partial<EpochsCommand['data']>, afterSeconds = 0): EpochsCommand =>
  command('CloseEpoch', { ...basis, ...data }, { actor: 'account_1', now: new Date(start + afterSeconds * 1000) });

function decided(asked: EpochsCommand, given: readonly StakingEvent[] = []): StakingEvent['data'] {
  const decision = epochsDecider.decide(asked, given.reduce(evolveEpochs, noEpochs));
  if ('refused' in decision) throw new TypeError(decision.refused.code);
  const [event] = decision.events;
  if (event === undefined) throw new TypeError('no event');
  return event.data;
}

describe('reward epochs', () => {
  it('grant, vest, and say who pays, so that every wei adds up', () => {
    const first = decided(close({}));
    expect(first.leaves).toEqual([{ address: node, cumulativeWei: '250' }, { address: giver, cumulativeWei: '70' }]);
    expect([first.epoch, first.totalWei, first.cumulativeWei, first.undistributedWei, first.vestingWei]).toEqual([1, '1070', '320', '0', '750']);
    expect([first.releases, first.treasuryWei]).toEqual([[{ missionId: 'm', amountWei: '50' }], '270']);
    expect(BigInt(first.totalWei)).toBe(BigInt(first.cumulativeWei) + BigInt(first.vestingWei));
  });

  it('let vest what was granted before, and never take from an escrow twice', () => {
    const first: StakingEvent = { type: 'RewardEpochClosed', data: decided(close({})) };
    const second = decided(close({ work: [], afterPosition: 9n, untilPosition: 20n }, 500), [first]);
    expect(second.leaves).toEqual([{ address: node, cumulativeWei: '625' }, { address: giver, cumulativeWei: '140' }]);
    expect([second.releases, second.treasuryWei, second.undistributedWei, second.vestingWei]).toEqual([[], '445', '1000', '375']);
    const last = decided(close({ work: [], afterPosition: 20n, untilPosition: 30n }, 5_000), [first, { type: 'RewardEpochClosed', data: second }]);
    expect([last.cumulativeWei, last.vestingWei]).toEqual(['1210', '0']);
  });

  it('refuse what is early, empty, or computed on what another closed', () => {
    const first: StakingEvent = { type: 'RewardEpochClosed', data: decided(close({})) };
    scenario(epochsDecider).given([first]).when(close({ afterPosition: 9n }, 9)).thenRefused('EPOCH_TOO_SHORT', { mayCloseAt: '2026-01-01T00:00:10.000Z' });
    scenario(epochsDecider).given([first]).when(close({ afterPosition: 9n, publishedEpoch: 0 }, 20)).thenRefused('EPOCH_UNPUBLISHED', { epoch: 1 });
    scenario(epochsDecider).given([first]).when(close({}, 20)).thenRefused('EPOCH_CLOSED_MEANWHILE', { epoch: 1 });
    scenario(epochsDecider).given([]).when(close({ work: [], earnings: [] })).thenRefused('NOTHING_TO_REWARD');
  });
});
