import { command, scenario, type Command } from '@oort/kernel-decider';
import { deriveId } from '@oort/kernel-wire';
import type { VersionCommand } from '../commands';
import { versionDecider } from './version';

const now = new Date('2026-03-01T00:00:00.000Z');
function asking<C extends Command>() {
  return <T extends C['type']>(type: T, data: Extract<C, { readonly type: T }>['data']): C =>
    command(type, data, { actor: 'account_1', now }) as unknown as C;
}

describe('version', () => {
  const ask = asking<VersionCommand>();
  const sealed = {
    versionId: 'version_1',
    datasetId: 'dataset_1',
    missionId: 'mission_1',
    accountId: 'owner',
    author: '0xA',
    parentVersionId: null,
    root: 'r',
    manifestContentId: 'm',
    itemCount: 1,
    itemIds: ['i'],
    contributionIds: ['c'],
    agreementBefore: 0.5,
    agreementAfter: 0.9,
    licence: 'CC0-1.0',
  };
  const resolved = {
    missionId: 'mission_1',
    itemId: 'i',
    contributionId: 'c',
    label: '1',
    posterior: 0.99,
    labels: [{ accountId: 'a', label: '1' }],
  };
  const work = {
    accountId: 'a',
    address: '0xa',
    acceptedItems: 2,
    acceptedJudgements: 5,
    goldRight: 10,
    goldAnswered: 10,
  };
  const seal = (changes: Partial<VersionCommand['data']> = {}): VersionCommand =>
    ask('SealVersion', {
      sealed,
      resolved: [resolved],
      work: [work],
      pricePerItemWei: 100n,
      pricePerJudgementWei: 1000n,
      ...changes,
    });
  const earned = (kind: 'contribution' | 'label', count: number, amountWei: string) => ({
    type: 'EarningsAccrued' as const,
    data: {
      earningId: deriveId('earning', `version_1/a/${kind}`),
      missionId: 'mission_1',
      accountId: 'a',
      address: '0xa',
      kind,
      count,
      amountWei,
    },
  });

  it('reveals labels, seals and pays in one append; the gold bound multiplies the price', () => {
    scenario(versionDecider)
      .given([])
      .when(seal())
      .thenEvents([
        { type: 'ItemResolved', data: resolved },
        { type: 'DatasetVersionSealed', data: sealed },
        earned('contribution', 2, '200'),
        earned('label', 5, '3612'),
      ]);
  });

  it('pays nothing for labels without a gold answer', () => {
    scenario(versionDecider)
      .given([])
      .when(seal({ work: [{ ...work, goldRight: 0, goldAnswered: 0 }] }))
      .thenEvents([
        { type: 'ItemResolved', data: resolved },
        { type: 'DatasetVersionSealed', data: sealed },
        earned('contribution', 2, '200'),
      ]);
  });

  it('is sealed once, and not empty', () => {
    scenario(versionDecider)
      .given([{ type: 'DatasetVersionSealed', data: sealed }])
      .when(seal())
      .thenRefused('VERSION_SEALED_ALREADY', { versionId: 'version_1' });
    scenario(versionDecider)
      .given([])
      .when(seal({ resolved: [] }))
      .thenRefused('NOTHING_TO_SEAL');
  });
});
