import { spamRuleOf } from '@oort/algorithms-labels';
import { refusal, refuse, type Decider, type Decision } from '@oort/kernel-decider';
import type { ParticipantCommand } from '../commands';
import { evolveParticipant, type ParticipantEvent } from '../evolve';
import type { LabelRefusal, ParticipantRefusal } from '../refusals';
import { newParticipant, type ParticipantState } from '../state';

type Asked<Type extends ParticipantCommand['type']> = Extract<
  ParticipantCommand,
  { readonly type: Type }
>;
type Decided = Decision<ParticipantEvent, ParticipantRefusal>;

export const participantDecider: Decider<
  ParticipantCommand,
  ParticipantState,
  ParticipantEvent,
  ParticipantRefusal
> = {
  category: 'participant',
  initial: newParticipant,
  decide,
  evolve: evolveParticipant,
};

function decide(command: ParticipantCommand, state: ParticipantState): Decided {
  switch (command.type) {
    case 'GiveConsent':
      return {
        events: state.consentId === null ? [{ type: 'ConsentGiven', data: command.data }] : [],
      };
    case 'AssignTasks':
      return assign(command, state);
    case 'SubmitLabels':
      return submit(command, state);
    case 'FlagAnnotator':
      return flag(command, state);
  }
}

const excluded = refuse(
  'ANNOTATOR_EXCLUDED',
  'Your answers to control questions were too often wrong; this mission takes no more of them.',
  null,
);

/** Nobody is asked about an item twice, gold or not: what was seen before could be recognised. */
function assign({ data }: Asked<'AssignTasks'>, state: ParticipantState): Decided {
  if (state.consentId === null)
    return refuse('NO_CONSENT', 'Give your consent to the mission first.', null);
  if (state.violations > 0) return excluded;
  const repeated = data.tasks.find(({ itemId }) => state.items.has(itemId));
  if (repeated !== undefined)
    return refuse('TASK_REPEATED', 'This item was assigned before.', { itemId: repeated.itemId });
  const { missionId, accountId, expiresAt } = data;
  return {
    events: data.tasks.map(({ taskId, itemId }) => ({
      type: 'TaskAssigned',
      data: { missionId, taskId, itemId, accountId, expiresAt },
    })),
  };
}

function submit({ data, issuedAt }: Asked<'SubmitLabels'>, state: ParticipantState): Decided {
  if (state.violations > 0) return excluded;
  const refusals = labelRefusals(data, issuedAt, state);
  const events = data.labels.flatMap(({ taskId, label }, index): readonly ParticipantEvent[] => {
    const task = state.tasks.get(taskId);
    if (task === undefined || refusals[index] !== null) return [];
    return [
      {
        type: 'LabelSubmitted',
        data: {
          missionId: task.missionId,
          taskId,
          itemId: task.itemId,
          accountId: task.accountId,
          label,
        },
      },
    ];
  });
  return events.length > 0
    ? { events }
    : refuse('NO_LABEL_ACCEPTED', 'None of these labels was accepted.', { refusals });
}

/** One entry a label, null for what is accepted. */
export function labelRefusals(
  { labels, allowed }: Asked<'SubmitLabels'>['data'],
  issuedAt: string,
  state: ParticipantState,
): readonly (LabelRefusal | null)[] {
  const seen = new Set<string>();
  return labels.map(({ taskId, label }) => {
    const task = state.tasks.get(taskId);
    if (task === undefined) return refusal('TASK_UNKNOWN', 'You have no such task.', { taskId });
    if (task.labelled || seen.has(taskId))
      return refusal('LABELLED_ALREADY', 'This task has its label.', { taskId });
    if (task.expiresAt < issuedAt)
      return refusal('TASK_EXPIRED', 'This task was given to somebody else.', {
        taskId,
        expiredAt: task.expiresAt,
      });
    if (!allowed.includes(label))
      return refusal('LABEL_UNKNOWN', `The mission has no label ${label}.`, {
        label,
        labels: allowed,
      });
    seen.add(taskId);
    return null;
  });
}

function flag({ data }: Asked<'FlagAnnotator'>, state: ParticipantState): Decided {
  if (state.violations > 0) return { events: [] };
  const rule = spamRuleOf(data.record);
  if (rule === null) return refuse('NOT_SPAM', 'No rule applies.', null);
  const { missionId, accountId, record } = data;
  const goldAccuracy = record.goldAnswered === 0 ? 0 : record.goldRight / record.goldAnswered;
  return {
    events: [
      {
        type: 'AnnotatorFlagged',
        data: {
          missionId,
          accountId,
          reason: rule.collector,
          goldAccuracy,
          violations: state.violations + 1,
        },
      },
    ],
  };
}
