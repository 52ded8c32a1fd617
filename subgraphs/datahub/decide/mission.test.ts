import { command, scenario, type Command } from '@oort/kernel-decider';
import type { MissionCommand } from '../commands';
import { missionDecider } from './mission';
import type { MissionEvent } from '../evolve';
import { budgetWei, type Mission } from '../state';

const now = new Date('2026-03-01T00:00:00.000Z');
function asking<C extends Command>() {
  return <T extends C['type']>(type: T, data: Extract<C, { readonly type: T }>['data']): C =>
    command(type, data, { actor: 'account_1', now }) as unknown as C;
}

const mission: Mission = {
  missionId: 'mission_1',
  datasetId: 'dataset_1',
  accountId: 'owner',
  title: 'Digits',
  modality: 'image',
  labels: ['0', '1'],
  quota: 10,
  pricePerItemWei: '100',
  pricePerJudgementWei: '10',
  licence: 'CC0-1.0',
  consentVersion: '1.0',
  consentTextHash: 'h',
  quality: {
    overlap: 3,
    maximumOverlap: 7,
    posterior: 0.95,
    goldShare: 0.1,
    duplicateDistance: null,
  },
};

describe('mission', () => {
  const ask = asking<MissionCommand>();
  const given = (...events: readonly MissionEvent[]) => scenario(missionDecider).given(events);
  const opened: MissionEvent = { type: 'MissionOpened', data: mission };

  it('opens once, with numbers that make sense', () => {
    given().when(ask('OpenMission', mission)).thenEvents([opened]);
    given(opened).when(ask('OpenMission', mission)).thenRefused('MISSION_OPENED_ALREADY');
    given()
      .when(ask('OpenMission', { ...mission, quota: 0 }))
      .thenRefused('MISSION_INVALID', { field: 'quota' });
    given()
      .when(ask('OpenMission', { ...mission, labels: ['0', '0'] }))
      .thenRefused('MISSION_INVALID', { field: 'labels' });
    given()
      .when(ask('OpenMission', { ...mission, pricePerItemWei: '-1' }))
      .thenRefused('MISSION_INVALID', { field: 'pricePerItemWei' });
    given()
      .when(ask('OpenMission', { ...mission, quality: { ...mission.quality, maximumOverlap: 2 } }))
      .thenRefused('MISSION_INVALID', { field: 'quality.maximumOverlap' });
  });

  it('needs a budget for every item and the most judgements that may be asked', () => {
    expect(budgetWei(mission)).toBe(10n * 100n + 10n * 7n * 10n);
    given(opened)
      .when(ask('RecordFunding', { amountWei: 5n, txHash: '0xt' }))
      .thenEvents([
        { type: 'MissionFunded', data: { missionId: 'mission_1', amountWei: '5', txHash: '0xt' } },
      ]);
    given()
      .when(ask('RecordFunding', { amountWei: 5n, txHash: '0xt' }))
      .thenRefused('MISSION_UNKNOWN');
  });

  it('is closed and given gold by its owner alone', () => {
    const gold = { itemId: 'item_1', contentId: 'c', answer: '1' };
    const added: MissionEvent = {
      type: 'GoldItemAdded',
      data: { missionId: 'mission_1', ...gold },
    };
    given(opened)
      .when(ask('CloseMission', { accountId: 'owner' }))
      .thenEvents([{ type: 'MissionClosed', data: { missionId: 'mission_1' } }]);
    given(opened)
      .when(ask('CloseMission', { accountId: 'other' }))
      .thenRefused('NOT_THE_OWNER');
    given(opened)
      .when(ask('AddGoldItems', { accountId: 'owner', items: [gold, gold] }))
      .thenEvents([added]);
    given(opened, added)
      .when(ask('AddGoldItems', { accountId: 'owner', items: [gold] }))
      .thenEvents([]);
    given(opened)
      .when(ask('AddGoldItems', { accountId: 'other', items: [gold] }))
      .thenRefused('NOT_THE_OWNER');
    given(opened)
      .when(ask('AddGoldItems', { accountId: 'owner', items: [{ ...gold, answer: '7' }] }))
      .thenRefused('LABEL_UNKNOWN');
  });
});
