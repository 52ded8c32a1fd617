import { wilsonLowerBasisPoints } from '@oort/algorithms-labels';
import { refuse, type Decider, type Decision } from '@oort/kernel-decider';
import { basisPointsOf, deriveId } from '@oort/kernel-wire';
import type { VersionCommand, Work } from '../commands';
import { evolveVersion, type VersionEvent } from '../evolve';
import type { VersionRefusal } from '../refusals';
import { openVersion, type VersionState } from '../state';

export const versionDecider: Decider<VersionCommand, VersionState, VersionEvent, VersionRefusal> = {
  category: 'dataset_version',
  initial: openVersion,
  decide,
  evolve: evolveVersion,
};

/** The n-th version of a mission's dataset has one id, so two cannot be sealed at once. */
export const versionIdOf = (missionId: string, ordinal: number): string =>
  deriveId('version', `${missionId}/${ordinal}`);

/** Labels, version and what is earned become known in one append: all of it or nothing. */
function decide(
  { data }: VersionCommand,
  state: VersionState,
): Decision<VersionEvent, VersionRefusal> {
  const { sealed, resolved, work } = data;
  if (state.status === 'sealed')
    return refuse('VERSION_SEALED_ALREADY', 'This version was sealed meanwhile.', {
      versionId: sealed.versionId,
    });
  if (resolved.length === 0)
    return refuse(
      'NOTHING_TO_SEAL',
      'No item has enough judgements that is not in a version yet.',
      null,
    );
  return {
    events: [
      ...resolved.map((item) => ({ type: 'ItemResolved' as const, data: item })),
      { type: 'DatasetVersionSealed', data: sealed },
      ...work.flatMap((person) => earningsOf(person, data)),
    ],
  };
}

/** A judgement that the resolved label confirms earns its price times the lower Wilson bound of its author's gold accuracy:
 *  who never met a control question has shown nothing yet. */
function earningsOf(
  person: Work,
  { sealed, pricePerItemWei, pricePerJudgementWei }: VersionCommand['data'],
): readonly VersionEvent[] {
  const { accountId, address, acceptedItems, acceptedJudgements, goldRight, goldAnswered } = person;
  const labels = basisPointsOf(
    pricePerJudgementWei * BigInt(acceptedJudgements),
    wilsonLowerBasisPoints(goldRight, goldAnswered),
  );
  const earned = (
    kind: 'contribution' | 'label',
    count: number,
    amountWei: bigint,
  ): readonly VersionEvent[] =>
    amountWei === 0n
      ? []
      : [
          {
            type: 'EarningsAccrued',
            data: {
              earningId: deriveId('earning', `${sealed.versionId}/${accountId}/${kind}`),
              missionId: sealed.missionId,
              accountId,
              address,
              kind,
              count,
              amountWei: amountWei.toString(),
            },
          },
        ];
  return [
    ...earned('contribution', acceptedItems, pricePerItemWei * BigInt(acceptedItems)),
    ...earned('label', acceptedJudgements, labels),
  ];
}
