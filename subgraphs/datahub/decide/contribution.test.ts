import { command, scenario, type Command } from '@oort/kernel-decider';
import { deriveId } from '@oort/kernel-wire';
import type { ContributionCommand } from '../commands';
import { contributionDecider } from './contribution';
import type { ContributionEvent } from '../evolve';

const now = new Date('2026-03-01T00:00:00.000Z');
function asking<C extends Command>() {
  return <T extends C['type']>(type: T, data: Extract<C, { readonly type: T }>['data']): C =>
    command(type, data, { actor: 'account_1', now }) as unknown as C;
}

describe('contribution', () => {
  const ask = asking<ContributionCommand>();
  const given = (...events: readonly ContributionEvent[]) =>
    scenario(contributionDecider).given(events);
  const submission = {
    contributionId: 'contribution_1',
    missionId: 'mission_1',
    accountId: 'a',
    consentId: 'consent_1',
    contentId: 'raw',
    sha256: 'aa',
    sizeBytes: 3,
    mediaType: 'image/png',
  };
  const submitted: ContributionEvent = { type: 'ContributionSubmitted', data: submission };
  const output = { contentId: 'clean', sha256: 'bb', perceptualHash: '00', width: 28, height: 28 };
  const done = {
    jobId: 'job_1',
    nodeId: 'node_1',
    output,
    sameBytesAs: null,
    nearest: null,
    duplicateDistance: 6,
  };
  const preprocessed: ContributionEvent = {
    type: 'ContributionPreprocessed',
    data: {
      contributionId: 'contribution_1',
      missionId: 'mission_1',
      jobId: 'job_1',
      nodeId: 'node_1',
      ...output,
    },
  };
  const rejected = (reason: string): ContributionEvent => ({
    type: 'ContributionRejected',
    data: { contributionId: 'contribution_1', missionId: 'mission_1', reason },
  });
  const itemId = deriveId('item', 'contribution_1');
  const accepted = (uniqueness: number): ContributionEvent => ({
    type: 'ContributionAccepted',
    data: {
      contributionId: 'contribution_1',
      missionId: 'mission_1',
      itemId,
      accountId: 'a',
      contentId: 'clean',
      sha256: 'bb',
      scores: { authenticity: 0.5, ownership: 1, quality: 1, uniqueness },
    },
  });

  it('is taken once', () => {
    given().when(ask('SubmitContribution', submission)).thenEvents([submitted]);
    given(submitted)
      .when(ask('SubmitContribution', submission))
      .thenRefused('DUPLICATE', { contributionId: 'contribution_1' });
    given(submitted, rejected('no node'))
      .when(ask('SubmitContribution', submission))
      .thenEvents([submitted]);
  });

  it('is accepted after pre-processing unless the mission has it already', () => {
    given(submitted)
      .when(ask('RecordPreprocessing', done))
      .thenEvents([preprocessed, accepted(1)]);
    given(submitted)
      .when(ask('RecordPreprocessing', { ...done, sameBytesAs: 'c2' }))
      .thenEvents([preprocessed, rejected('duplicate of c2')]);
    given(submitted)
      .when(ask('RecordPreprocessing', { ...done, nearest: { contributionId: 'c2', distance: 6 } }))
      .thenEvents([preprocessed, rejected('duplicate of c2')]);
    given(submitted)
      .when(ask('RecordPreprocessing', { ...done, nearest: { contributionId: 'c2', distance: 8 } }))
      .thenEvents([preprocessed, accepted(0.25)]);
    given(submitted)
      .when(
        ask('RecordPreprocessing', {
          ...done,
          nearest: { contributionId: 'c2', distance: 0 },
          duplicateDistance: null,
        }),
      )
      .thenEvents([preprocessed, accepted(0)]);
    given().when(ask('RecordPreprocessing', done)).thenRefused('CONTRIBUTION_UNKNOWN');
    given(submitted, preprocessed, accepted(1))
      .when(ask('RecordPreprocessing', done))
      .thenEvents([]);
  });

  it('is rejected when no node could read it', () => {
    given(submitted)
      .when(ask('RejectContribution', { reason: 'unreadable' }))
      .thenEvents([rejected('unreadable')]);
    given()
      .when(ask('RejectContribution', { reason: 'unreadable' }))
      .thenRefused('CONTRIBUTION_UNKNOWN');
  });

  it('is withdrawn by its contributor', () => {
    const all = [submitted, preprocessed, accepted(1)];
    given(...all)
      .when(ask('WithdrawContribution', { accountId: 'a' }))
      .thenEvents([
        {
          type: 'ContributionWithdrawn',
          data: { contributionId: 'contribution_1', missionId: 'mission_1', itemId },
        },
      ]);
    given(...all)
      .when(ask('WithdrawContribution', { accountId: 'b' }))
      .thenRefused('NOT_THE_OWNER');
    given(submitted)
      .when(ask('WithdrawContribution', { accountId: 'a' }))
      .thenRefused('NOT_ACCEPTED', { status: 'submitted' });
    given()
      .when(ask('WithdrawContribution', { accountId: 'a' }))
      .thenRefused('CONTRIBUTION_UNKNOWN');
  });
});
