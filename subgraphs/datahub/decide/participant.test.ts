import { command, scenario, type Command } from '@oort/kernel-decider';
import type { ParticipantCommand } from '../commands';
import { labelRefusals, participantDecider } from './participant';
import type { ParticipantEvent } from '../evolve';
import { newParticipant } from '../state';

const now = new Date('2026-03-01T00:00:00.000Z');
function asking<C extends Command>() {
  return <T extends C['type']>(type: T, data: Extract<C, { readonly type: T }>['data']): C =>
    command(type, data, { actor: 'account_1', now }) as unknown as C;
}

describe('participant', () => {
  const ask = asking<ParticipantCommand>();
  const given = (...events: readonly ParticipantEvent[]) =>
    scenario(participantDecider).given(events);
  const consent = {
    consentId: 'consent_1',
    missionId: 'mission_1',
    accountId: 'a',
    consentVersion: '1.0',
    consentTextHash: 'h',
    signature: '0x',
  };
  const consented: ParticipantEvent = { type: 'ConsentGiven', data: consent };
  const later = '2026-03-01T00:10:00.000Z';
  const assigned = (taskId: string, itemId: string, expiresAt = later): ParticipantEvent => ({
    type: 'TaskAssigned',
    data: { missionId: 'mission_1', taskId, itemId, accountId: 'a', expiresAt },
  });
  const labelled = (taskId: string, itemId: string): ParticipantEvent => ({
    type: 'LabelSubmitted',
    data: { missionId: 'mission_1', taskId, itemId, accountId: 'a', label: '1' },
  });
  const flagged: ParticipantEvent = {
    type: 'AnnotatorFlagged',
    data: {
      missionId: 'mission_1',
      accountId: 'a',
      reason: 'gold-accuracy',
      goldAccuracy: 0,
      violations: 1,
    },
  };
  const assign = (...items: readonly string[]): ParticipantCommand =>
    ask('AssignTasks', {
      missionId: 'mission_1',
      accountId: 'a',
      expiresAt: later,
      tasks: items.map((itemId) => ({ taskId: `task_${itemId}`, itemId })),
    });
  const submit = (...taskIds: readonly string[]): ParticipantCommand =>
    ask('SubmitLabels', {
      labels: taskIds.map((taskId) => ({ taskId, label: '1' })),
      allowed: ['0', '1'],
    });

  it('consents once', () => {
    given().when(ask('GiveConsent', consent)).thenEvents([consented]);
    given(consented).when(ask('GiveConsent', consent)).thenEvents([]);
  });

  it('is asked about an item once, after consent, unless shut out', () => {
    given(consented)
      .when(assign('i', 'j'))
      .thenEvents([assigned('task_i', 'i'), assigned('task_j', 'j')]);
    given().when(assign('i')).thenRefused('NO_CONSENT');
    given(consented, assigned('task_i', 'i'))
      .when(assign('i'))
      .thenRefused('TASK_REPEATED', { itemId: 'i' });
    given(consented, flagged).when(assign('i')).thenRefused('ANNOTATOR_EXCLUDED');
  });

  it('answers its own tasks in time, each once', () => {
    given(consented, assigned('t', 'i'))
      .when(submit('t'))
      .thenEvents([labelled('t', 'i')]);
    given(consented, assigned('t', 'i'))
      .when(submit('t', 't', 'other'))
      .thenEvents([labelled('t', 'i')]);
    given(consented, assigned('t', 'i'), labelled('t', 'i'))
      .when(submit('t'))
      .thenRefused('NO_LABEL_ACCEPTED');
    given(consented, assigned('t', 'i'), flagged)
      .when(submit('t'))
      .thenRefused('ANNOTATOR_EXCLUDED');
  });

  it('is told why a label was not taken', () => {
    const tasks = [assigned('t', 'i'), assigned('old', 'j', '2026-02-28T00:00:00.000Z')];
    const state = tasks.reduce(participantDecider.evolve, newParticipant);
    const refusals = labelRefusals(
      {
        labels: [
          { taskId: 'x', label: '1' },
          { taskId: 'old', label: '1' },
          { taskId: 't', label: '9' },
          { taskId: 't', label: '1' },
          { taskId: 't', label: '0' },
        ],
        allowed: ['0', '1'],
      },
      now.toISOString(),
      state,
    );
    expect(refusals.map((refusal) => refusal?.code ?? null)).toEqual([
      'TASK_UNKNOWN',
      'TASK_EXPIRED',
      'LABEL_UNKNOWN',
      null,
      'LABELLED_ALREADY',
    ]);
  });

  it('is shut out by a rule and not by a whim', () => {
    const record = { goldRight: 0, goldAnswered: 5, estimatedAccuracy: 0.1, answered: 20, labelCount: 10 };
    const flag = (goldRight: number): ParticipantCommand =>
      ask('FlagAnnotator', {
        missionId: 'mission_1',
        accountId: 'a',
        record: { ...record, goldRight },
      });
    given(consented).when(flag(0)).thenEvents([flagged]);
    given(consented).when(flag(5)).thenRefused('NOT_SPAM');
    given(consented, flagged).when(flag(0)).thenEvents([]);
  });
});
