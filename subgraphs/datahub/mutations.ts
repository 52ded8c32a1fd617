// Parse, call, present.
import { command, refusal } from '@oort/kernel-decider';
import { contributionById, contributionsById, versionById } from '@oort/projections-datasets';
import type { RequestContext } from '@oort/schema';
import { nextTasks, submitLabels, type SentLabel } from './annotating';
import { contributeItems, type SentItem } from './contributing';
import {
  addGold,
  asActor,
  found,
  giveConsent,
  openMission,
  seen,
  shownMission,
  type GoldInput,
  type OfMission,
  type OpenMissionInput,
} from './missions';
import { presentContribution, presentRefusal, presentVersion } from './present';
import { notSignedIn } from './refusals';
import { isRefusal, type DatahubRoom, type Signed } from './room';
import { sealVersion } from './sealing';

export function mutations(room: DatahubRoom): object {
  return {
    openMission: signedIn((actor, input: OpenMissionInput) => openMission(room, actor, input)),
    closeMission: signedIn(async (actor, { missionId }: OfMission) => {
      const outcome = await room.mission(
        missionId,
        command('CloseMission', { accountId: actor.accountId }, asActor(room, actor)),
      );
      return shownMission(room, missionId, outcome);
    }),
    giveConsent: signedIn((actor, input: OfMission & { readonly signature: string }) =>
      giveConsent(room, actor, input),
    ),
    contributeItems: signedIn((actor, input: OfMission & { readonly items: readonly SentItem[] }) =>
      contribute(room, actor, input),
    ),
    withdrawContribution: signedIn(
      async (actor, { contributionId }: { readonly contributionId: string }) => {
        const outcome = await room.contribution(
          contributionId,
          command('WithdrawContribution', { accountId: actor.accountId }, asActor(room, actor)),
        );
        if (!outcome.ok) return presentRefusal(outcome.refusal);
        await seen(room, outcome.position);
        return found(
          await contributionById(room.ports.readModels.database, contributionId),
          presentContribution,
        );
      },
    ),
    addGoldItems: signedIn((actor, input: OfMission & { readonly items: readonly GoldInput[] }) =>
      addGold(room, actor, input),
    ),
    nextTasks: signedIn(
      async (actor, { missionId, first }: OfMission & { readonly first: number }) => {
        const answer = await nextTasks(room, actor, missionId, first);
        if (!answer.ok) return presentRefusal(answer.refusal);
        const tasks = answer.value.map(({ taskId, item, labels, expiresAt }) => ({
          id: taskId,
          contentId: item.accepted.contentId,
          mediaType: item.mediaType,
          labels,
          expiresAt,
        }));
        return { __typename: 'TaskBatch', tasks };
      },
    ),
    submitLabels: signedIn(
      async (
        actor,
        { missionId, labels }: OfMission & { readonly labels: readonly SentLabel[] },
      ) => {
        const answer = await submitLabels(room, actor, missionId, labels);
        if (!answer.ok) return presentRefusal(answer.refusal);
        const shown = answer.value.map((refused, index) => ({
          taskId: labels[index]?.taskId,
          accepted: refused === null,
          refusal: refused === null ? null : presentRefusal(refused),
        }));
        return {
          __typename: 'LabelBatch',
          labels: shown,
          acceptedCount: shown.filter(({ accepted }) => accepted).length,
        };
      },
    ),
    recordReview: signedIn((actor, input: ReviewInput) => review(room, actor, input)),
    sealVersion: signedIn(async (actor, { missionId }: OfMission) => {
      const answer = await sealVersion(room, actor, missionId);
      if (!answer.ok) return presentRefusal(answer.refusal);
      await seen(room, answer.value.position);
      return found(
        await versionById(room.ports.readModels.database, answer.value.versionId),
        presentVersion,
      );
    }),
  };
}

async function contribute(
  room: DatahubRoom,
  actor: Signed,
  { missionId, items }: OfMission & { readonly items: readonly SentItem[] },
): Promise<object> {
  const answer = await contributeItems(room, actor, missionId, items);
  if (!answer.ok) return presentRefusal(answer.refusal);
  const { outcomes, position } = answer.value;
  await room.ports.readModels.waitFor('datasets', position, 30_000);
  const rows = await contributionsById(
    room.ports.readModels.database,
    outcomes.flatMap((one) => (isRefusal(one) ? [] : [one.contributionId])),
  );
  const shown = outcomes.map((one) => {
    if (isRefusal(one)) return { contribution: null, refusal: presentRefusal(one) };
    const row = rows.get(one.contributionId);
    return { contribution: row === undefined ? null : presentContribution(row), refusal: null };
  });
  return {
    __typename: 'ContributionBatch',
    items: shown,
    acceptedCount: shown.filter(({ contribution }) => contribution !== null).length,
  };
}

interface ReviewInput extends OfMission {
  readonly itemId: string;
  readonly rating: number;
  readonly label?: string | null;
}

async function review(
  room: DatahubRoom,
  actor: Signed,
  { missionId, itemId, rating, label }: ReviewInput,
): Promise<object> {
  const bench = room.bench.missions.get(missionId);
  const item = bench?.items.get(itemId);
  // Before it is resolved an item has nothing to review, and its labels are nobody's business.
  if (bench === undefined || item === undefined || item.resolved === null)
    return presentRefusal(
      refusal('ITEM_UNKNOWN', 'No version of the mission holds this item.', null),
    );
  const data = { missionId, itemId, accountId: actor.accountId, rating, label: label ?? null };
  const involved = [item.accepted.accountId, ...item.labels.keys()];
  const outcome = await room.review(
    itemId,
    command(
      'RecordReview',
      { ...data, allowed: bench.mission.labels, involved },
      asActor(room, actor),
    ),
  );
  return outcome.ok ? { __typename: 'Review', ...data } : presentRefusal(outcome.refusal);
}

function signedIn<T>(resolve: (actor: Signed, input: T) => Promise<object>) {
  return async (
    _: unknown,
    { input }: { readonly input: T },
    { actor }: RequestContext,
  ): Promise<object> =>
    actor.kind === 'account' ? resolve(actor, input) : presentRefusal(notSignedIn);
}
