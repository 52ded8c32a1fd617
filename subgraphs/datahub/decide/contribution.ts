import { refuse, type Decider, type Decision } from '@oort/kernel-decider';
import { deriveId } from '@oort/kernel-wire';
import type { ContributionCommand, Preprocessed } from '../commands';
import { evolveContribution, type ContributionEvent } from '../evolve';
import type { ContributionRefusal } from '../refusals';
import { noContribution, type ContributionState } from '../state';

type Known = Exclude<ContributionState, { readonly status: 'none' }>;
type Preprocessing = Extract<ContributionCommand, { readonly type: 'RecordPreprocessing' }>['data'];

export const contributionDecider: Decider<
  ContributionCommand,
  ContributionState,
  ContributionEvent,
  ContributionRefusal
> = {
  category: 'contribution',
  initial: noContribution,
  decide,
  evolve: evolveContribution,
};

/** Of one mission and the same bytes there is one contribution, whoever sends them and however often. */
export const contributionIdOf = (missionId: string, sha256: string): string =>
  deriveId('contribution', `${missionId}/${sha256}`);

function decide(
  command: ContributionCommand,
  state: ContributionState,
): Decision<ContributionEvent, ContributionRefusal> {
  if (command.type === 'SubmitContribution') {
    const { contributionId } = command.data;
    // What was rejected may come again: perhaps the node was at fault and not the image.
    if (state.status !== 'none' && state.status !== 'rejected')
      return refuse('DUPLICATE', 'The mission has this image already.', { contributionId });
    return { events: [{ type: 'ContributionSubmitted', data: command.data }] };
  }
  if (state.status === 'none')
    return refuse('CONTRIBUTION_UNKNOWN', 'There is no such contribution.', null);
  const { contributionId, missionId, accountId } = state.submitted;
  switch (command.type) {
    case 'RecordPreprocessing':
      return { events: state.status === 'submitted' ? preprocessed(command.data, state) : [] };
    case 'RejectContribution':
      return {
        events:
          state.status === 'submitted'
            ? [
                {
                  type: 'ContributionRejected',
                  data: { contributionId, missionId, reason: command.data.reason },
                },
              ]
            : [],
      };
    case 'WithdrawContribution': {
      if (command.data.accountId !== accountId)
        return refuse('NOT_THE_OWNER', 'Only its contributor may withdraw it.', null);
      if (state.status === 'withdrawn') return { events: [] };
      if (state.status !== 'accepted')
        return refuse('NOT_ACCEPTED', 'Only what was accepted can be withdrawn.', {
          status: state.status,
        });
      return {
        events: [
          {
            type: 'ContributionWithdrawn',
            data: { contributionId, missionId, itemId: state.itemId },
          },
        ],
      };
    }
  }
}

function preprocessed(
  { jobId, nodeId, output, sameBytesAs, nearest, duplicateDistance }: Preprocessing,
  state: Known,
): readonly ContributionEvent[] {
  const { contributionId, missionId, accountId } = state.submitted;
  const done: ContributionEvent = {
    type: 'ContributionPreprocessed',
    data: { contributionId, missionId, jobId, nodeId, ...output },
  };
  const alike =
    duplicateDistance !== null && nearest !== null && nearest.distance <= duplicateDistance;
  if (sameBytesAs !== null || alike) {
    const reason = `duplicate of ${sameBytesAs ?? nearest?.contributionId ?? ''}`;
    return [done, { type: 'ContributionRejected', data: { contributionId, missionId, reason } }];
  }
  return [
    done,
    {
      type: 'ContributionAccepted',
      data: {
        contributionId,
        missionId,
        accountId,
        itemId: deriveId('item', contributionId),
        contentId: output.contentId,
        sha256: output.sha256,
        scores: scoresOf(output, nearest?.distance ?? null),
      },
    },
  ];
}

/** 0 to 1. Where nothing was examined the score is a half: authenticity needs a check that is not there yet. Ownership stands on the signed consent. */
function scoresOf(
  { width, height }: Preprocessed,
  distance: number | null,
): {
  readonly authenticity: number;
  readonly ownership: number;
  readonly quality: number;
  readonly uniqueness: number;
} {
  return {
    authenticity: 0.5,
    ownership: 1,
    quality: Math.min(1, Math.min(width, height) / 28),
    uniqueness: distance === null ? 1 : Math.min(1, distance / 32),
  };
}
