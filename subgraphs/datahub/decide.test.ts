import { command, scenario, type Command } from '@oort/kernel-decider';
import { deriveId } from '@oort/kernel-wire';
import type { ContributionCommand, MissionCommand, ParticipantCommand, ReviewCommand, VersionCommand } from './commands';
import { contributionDecider } from './decide/contribution';
import { missionDecider } from './decide/mission';
import { labelRefusals, participantDecider } from './decide/participant';
import { reviewDecider } from './decide/review';
import { versionDecider } from './decide/version';
import type { ContributionEvent, MissionEvent, ParticipantEvent, ReviewEvent } from './evolve';
import { budgetWei, newParticipant, type Mission } from './state';

const now = new Date('2026-03-01T00:00:00.000Z');
function asking<C extends Command>() {
  return <T extends C['type']>(type: T, data: Extract<C, { readonly type: T }>['data']): C => command(type, data, { actor: 'account_1', now }) as unknown as C;
}

const mission: Mission = {
  missionId: 'mission_1', datasetId: 'dataset_1', accountId: 'owner', title: 'Digits', modality: 'image', labels: ['0', '1'], quota: 10, pricePerItemWei: '100',
  pricePerJudgementWei: '10', licence: 'CC0-1.0', consentVersion: '1.0', consentTextHash: 'h',
  quality: { overlap: 3, maximumOverlap: 7, posterior: 0.95, goldShare: 0.1, duplicateDistance: null },
};

describe('mission', () => {
  const ask = asking<MissionCommand>();
  const given = (...events: readonly MissionEvent[]) => scenario(missionDecider).given(events);
  const opened: MissionEvent = { type: 'MissionOpened', data: mission };

  it('opens once, with numbers that make sense', () => {
    given().when(ask('OpenMission', mission)).thenEvents([opened]);
    given(opened).when(ask('OpenMission', mission)).thenRefused('MISSION_OPENED_ALREADY');
    given().when(ask('OpenMission', { ...mission, quota: 0 })).thenRefused('MISSION_INVALID', { field: 'quota' });
    given().when(ask('OpenMission', { ...mission, labels: ['0', '0'] })).thenRefused('MISSION_INVALID', { field: 'labels' });
    given().when(ask('OpenMission', { ...mission, pricePerItemWei: '-1' })).thenRefused('MISSION_INVALID', { field: 'pricePerItemWei' });
    given().when(ask('OpenMission', { ...mission, quality: { ...mission.quality, maximumOverlap: 2 } })).thenRefused('MISSION_INVALID', { field: 'quality.maximumOverlap' });
  });

  it('needs a budget for every item and the most judgements that may be asked', () => {
    expect(budgetWei(mission)).toBe(10n * 100n + 10n * 7n * 10n);
    given(opened).when(ask('RecordFunding', { amountWei: 5n, txHash: '0xt' })).thenEvents([{ type: 'MissionFunded', data: { missionId: 'mission_1', amountWei: '5', txHash: '0xt' } }]);
    given().when(ask('RecordFunding', { amountWei: 5n, txHash: '0xt' })).thenRefused('MISSION_UNKNOWN');
  });

  it('is closed and given gold by its owner alone', () => {
    const gold = { itemId: 'item_1', contentId: 'c', answer: '1' };
    const added: MissionEvent = { type: 'GoldItemAdded', data: { missionId: 'mission_1', ...gold } };
    given(opened).when(ask('CloseMission', { accountId: 'owner' })).thenEvents([{ type: 'MissionClosed', data: { missionId: 'mission_1' } }]);
    given(opened).when(ask('CloseMission', { accountId: 'other' })).thenRefused('NOT_THE_OWNER');
    given(opened).when(ask('AddGoldItems', { accountId: 'owner', items: [gold, gold] })).thenEvents([added]);
    given(opened, added).when(ask('AddGoldItems', { accountId: 'owner', items: [gold] })).thenEvents([]);
    given(opened).when(ask('AddGoldItems', { accountId: 'other', items: [gold] })).thenRefused('NOT_THE_OWNER');
    given(opened).when(ask('AddGoldItems', { accountId: 'owner', items: [{ ...gold, answer: '7' }] })).thenRefused('LABEL_UNKNOWN');
  });
});

describe('participant', () => {
  const ask = asking<ParticipantCommand>();
  const given = (...events: readonly ParticipantEvent[]) => scenario(participantDecider).given(events);
  const consent = { consentId: 'consent_1', missionId: 'mission_1', accountId: 'a', consentVersion: '1.0', consentTextHash: 'h', signature: '0x' };
  const consented: ParticipantEvent = { type: 'ConsentGiven', data: consent };
  const later = '2026-03-01T00:10:00.000Z';
  const assigned = (taskId: string, itemId: string, expiresAt = later): ParticipantEvent => ({ type: 'TaskAssigned', data: { missionId: 'mission_1', taskId, itemId, accountId: 'a', expiresAt } });
  const labelled = (taskId: string, itemId: string): ParticipantEvent => ({ type: 'LabelSubmitted', data: { missionId: 'mission_1', taskId, itemId, accountId: 'a', label: '1' } });
  const flagged: ParticipantEvent = { type: 'AnnotatorFlagged', data: { missionId: 'mission_1', accountId: 'a', reason: 'gold-accuracy', goldAccuracy: 0, violations: 1 } };
  const assign = (...items: readonly string[]): ParticipantCommand =>
    ask('AssignTasks', { missionId: 'mission_1', accountId: 'a', expiresAt: later, tasks: items.map((itemId) => ({ taskId: `task_${itemId}`, itemId })) });
  const submit = (...taskIds: readonly string[]): ParticipantCommand => ask('SubmitLabels', { labels: taskIds.map((taskId) => ({ taskId, label: '1' })), allowed: ['0', '1'] });

  it('consents once', () => {
    given().when(ask('GiveConsent', consent)).thenEvents([consented]);
    given(consented).when(ask('GiveConsent', consent)).thenEvents([]);
  });

  it('is asked about an item once, after consent, unless shut out', () => {
    given(consented).when(assign('i', 'j')).thenEvents([assigned('task_i', 'i'), assigned('task_j', 'j')]);
    given().when(assign('i')).thenRefused('NO_CONSENT');
    given(consented, assigned('task_i', 'i')).when(assign('i')).thenRefused('TASK_REPEATED', { itemId: 'i' });
    given(consented, flagged).when(assign('i')).thenRefused('ANNOTATOR_EXCLUDED');
  });

  it('answers its own tasks in time, each once', () => {
    given(consented, assigned('t', 'i')).when(submit('t')).thenEvents([labelled('t', 'i')]);
    given(consented, assigned('t', 'i')).when(submit('t', 't', 'other')).thenEvents([labelled('t', 'i')]);
    given(consented, assigned('t', 'i'), labelled('t', 'i')).when(submit('t')).thenRefused('NO_LABEL_ACCEPTED');
    given(consented, assigned('t', 'i'), flagged).when(submit('t')).thenRefused('ANNOTATOR_EXCLUDED');
  });

  it('is told why a label was not taken', () => {
    const tasks = [assigned('t', 'i'), assigned('old', 'j', '2026-02-28T00:00:00.000Z')];
    const state = tasks.reduce(participantDecider.evolve, newParticipant);
    const refusals = labelRefusals({ labels: [{ taskId: 'x', label: '1' }, { taskId: 'old', label: '1' }, { taskId: 't', label: '9' }, { taskId: 't', label: '1' }, { taskId: 't', label: '0' }], allowed: ['0', '1'] }, now.toISOString(), state);
    expect(refusals.map((refusal) => refusal?.code ?? null)).toEqual(['TASK_UNKNOWN', 'TASK_EXPIRED', 'LABEL_UNKNOWN', null, 'LABELLED_ALREADY']);
  });

  it('is shut out by a rule and not by a whim', () => {
    const record = { goldRight: 0, goldAnswered: 5, estimatedAccuracy: 0.1, answered: 20 };
    const flag = (goldRight: number): ParticipantCommand => ask('FlagAnnotator', { missionId: 'mission_1', accountId: 'a', record: { ...record, goldRight } });
    given(consented).when(flag(0)).thenEvents([flagged]);
    given(consented).when(flag(5)).thenRefused('NOT_SPAM');
    given(consented, flagged).when(flag(0)).thenEvents([]);
  });
});

describe('contribution', () => {
  const ask = asking<ContributionCommand>();
  const given = (...events: readonly ContributionEvent[]) => scenario(contributionDecider).given(events);
  const submission = { contributionId: 'contribution_1', missionId: 'mission_1', accountId: 'a', consentId: 'consent_1', contentId: 'raw', sha256: 'aa', sizeBytes: 3, mediaType: 'image/png' };
  const submitted: ContributionEvent = { type: 'ContributionSubmitted', data: submission };
  const output = { contentId: 'clean', sha256: 'bb', perceptualHash: '00', width: 28, height: 28 };
  const done = { jobId: 'job_1', nodeId: 'node_1', output, sameBytesAs: null, nearest: null, duplicateDistance: 6 };
  const preprocessed: ContributionEvent = { type: 'ContributionPreprocessed', data: { contributionId: 'contribution_1', missionId: 'mission_1', jobId: 'job_1', nodeId: 'node_1', ...output } };
  const rejected = (reason: string): ContributionEvent => ({ type: 'ContributionRejected', data: { contributionId: 'contribution_1', missionId: 'mission_1', reason } });
  const itemId = deriveId('item', 'contribution_1');
  const accepted = (uniqueness: number): ContributionEvent => ({ type: 'ContributionAccepted', data: {
    contributionId: 'contribution_1', missionId: 'mission_1', itemId, accountId: 'a', contentId: 'clean', sha256: 'bb', scores: { authenticity: 0.5, ownership: 1, quality: 1, uniqueness },
  } });

  it('is taken once', () => {
    given().when(ask('SubmitContribution', submission)).thenEvents([submitted]);
    given(submitted).when(ask('SubmitContribution', submission)).thenRefused('DUPLICATE', { contributionId: 'contribution_1' });
  });

  it('is accepted after pre-processing unless the mission has it already', () => {
    given(submitted).when(ask('RecordPreprocessing', done)).thenEvents([preprocessed, accepted(1)]);
    given(submitted).when(ask('RecordPreprocessing', { ...done, sameBytesAs: 'c2' })).thenEvents([preprocessed, rejected('duplicate of c2')]);
    given(submitted).when(ask('RecordPreprocessing', { ...done, nearest: { contributionId: 'c2', distance: 6 } })).thenEvents([preprocessed, rejected('duplicate of c2')]);
    given(submitted).when(ask('RecordPreprocessing', { ...done, nearest: { contributionId: 'c2', distance: 8 } })).thenEvents([preprocessed, accepted(0.25)]);
    given(submitted).when(ask('RecordPreprocessing', { ...done, nearest: { contributionId: 'c2', distance: 0 }, duplicateDistance: null })).thenEvents([preprocessed, accepted(0)]);
    given().when(ask('RecordPreprocessing', done)).thenRefused('CONTRIBUTION_UNKNOWN');
    given(submitted, preprocessed, accepted(1)).when(ask('RecordPreprocessing', done)).thenEvents([]);
  });

  it('is rejected when no node could read it', () => {
    given(submitted).when(ask('RejectContribution', { reason: 'unreadable' })).thenEvents([rejected('unreadable')]);
    given().when(ask('RejectContribution', { reason: 'unreadable' })).thenRefused('CONTRIBUTION_UNKNOWN');
  });

  it('is withdrawn by its contributor', () => {
    const all = [submitted, preprocessed, accepted(1)];
    given(...all).when(ask('WithdrawContribution', { accountId: 'a' })).thenEvents([{ type: 'ContributionWithdrawn', data: { contributionId: 'contribution_1', missionId: 'mission_1', itemId } }]);
    given(...all).when(ask('WithdrawContribution', { accountId: 'b' })).thenRefused('NOT_THE_OWNER');
    given(submitted).when(ask('WithdrawContribution', { accountId: 'a' })).thenRefused('NOT_ACCEPTED', { status: 'submitted' });
    given().when(ask('WithdrawContribution', { accountId: 'a' })).thenRefused('CONTRIBUTION_UNKNOWN');
  });
});

describe('version', () => {
  const ask = asking<VersionCommand>();
  const sealed = {
    versionId: 'version_1', datasetId: 'dataset_1', missionId: 'mission_1', accountId: 'owner', author: '0xA', parentVersionId: null, root: 'r', manifestContentId: 'm', itemCount: 1,
    itemIds: ['i'], contributionIds: ['c'], agreementBefore: 0.5, agreementAfter: 0.9, licence: 'CC0-1.0',
  };
  const resolved = { missionId: 'mission_1', itemId: 'i', contributionId: 'c', label: '1', posterior: 0.99, labels: [{ accountId: 'a', label: '1' }] };
  const work = { accountId: 'a', address: '0xa', acceptedItems: 2, acceptedJudgements: 5, goldRight: 10, goldAnswered: 10 };
  const seal = (changes: Partial<VersionCommand['data']> = {}): VersionCommand =>
    ask('SealVersion', { sealed, resolved: [resolved], work: [work], pricePerItemWei: 100n, pricePerJudgementWei: 1000n, ...changes });
  const earned = (kind: 'contribution' | 'label', count: number, amountWei: string) => ({ type: 'EarningsAccrued' as const, data: {
    earningId: deriveId('earning', `version_1/a/${kind}`), missionId: 'mission_1', accountId: 'a', address: '0xa', kind, count, amountWei,
  } });

  it('reveals labels, seals and pays in one append; the gold bound multiplies the price', () => {
    scenario(versionDecider).given([]).when(seal()).thenEvents([
      { type: 'ItemResolved', data: resolved }, { type: 'DatasetVersionSealed', data: sealed }, earned('contribution', 2, '200'), earned('label', 5, '3612'),
    ]);
  });

  it('pays nothing for labels without a gold answer', () => {
    scenario(versionDecider).given([]).when(seal({ work: [{ ...work, goldRight: 0, goldAnswered: 0 }] })).thenEvents([
      { type: 'ItemResolved', data: resolved }, { type: 'DatasetVersionSealed', data: sealed }, earned('contribution', 2, '200'),
    ]);
  });

  it('is sealed once, and not empty', () => {
    scenario(versionDecider).given([{ type: 'DatasetVersionSealed', data: sealed }]).when(seal()).thenRefused('VERSION_SEALED_ALREADY', { versionId: 'version_1' });
    scenario(versionDecider).given([]).when(seal({ resolved: [] })).thenRefused('NOTHING_TO_SEAL');
  });
});

describe('review', () => {
  const ask = asking<ReviewCommand>();
  const review = { missionId: 'mission_1', itemId: 'i', accountId: 'r', rating: 4, label: '1' };
  const asked = { ...review, allowed: ['0', '1'], involved: ['a'] };
  const recorded: ReviewEvent = { type: 'ReviewRecorded', data: review };
  const given = (...events: readonly ReviewEvent[]) => scenario(reviewDecider).given(events);

  it('comes once from somebody who had no part in it', () => {
    given().when(ask('RecordReview', asked)).thenEvents([recorded]);
    given(recorded).when(ask('RecordReview', asked)).thenRefused('REVIEWED_ALREADY');
    given().when(ask('RecordReview', { ...asked, accountId: 'a' })).thenRefused('OWN_WORK');
    given().when(ask('RecordReview', { ...asked, rating: 6 })).thenRefused('RATING_INVALID', { rating: 6 });
    given().when(ask('RecordReview', { ...asked, label: '7' })).thenRefused('LABEL_UNKNOWN');
  });
});
