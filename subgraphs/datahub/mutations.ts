// Parse, call, present.
import { command, type Outcome, type RefusalOf } from '@oort/kernel-decider';
import { deriveId, newId } from '@oort/kernel-wire';
import { contributionById, contributionsById, missionById, versionById } from '@oort/projections-datasets';
import type { RequestContext } from '@oort/schema';
import { nextTasks, submitLabels, type SentLabel } from './annotating';
import { consentMessage, consentTextHash, signedBy } from './consent';
import { contributeItems, type SentItem } from './contributing';
import { presentContribution, presentMission, presentRefusal, presentVersion } from './present';
import { missionUnknown, notSignedIn, refusal } from './refusals';
import { isRefusal, type DatahubRoom, type Signed } from './room';
import { sealVersion } from './sealing';
import { participantId, type Mission } from './state';

interface OfMission { readonly missionId: string }
interface OpenMissionInput {
  readonly title: string; readonly modality: 'IMAGE' | 'AUDIO' | 'TEXT'; readonly labels: readonly string[]; readonly quota: number;
  readonly pricePerItemWei: string; readonly pricePerJudgementWei: string; readonly licence: string; readonly consentVersion: string;
  readonly quality: { readonly overlap: number; readonly maximumOverlap: number; readonly posterior: number; readonly goldShare: number; readonly duplicateDistance?: number | null };
}

export function mutations(room: DatahubRoom): object {
  return {
    openMission: signedIn((actor, input: OpenMissionInput) => open(room, actor, input)),
    closeMission: signedIn(async (actor, { missionId }: OfMission) => {
      const outcome = await room.mission(missionId, command('CloseMission', { accountId: actor.accountId }, asActor(room, actor)));
      return shownMission(room, missionId, outcome);
    }),
    giveConsent: signedIn((actor, input: OfMission & { readonly signature: string }) => giveConsent(room, actor, input)),
    contributeItems: signedIn((actor, input: OfMission & { readonly items: readonly SentItem[] }) => contribute(room, actor, input)),
    withdrawContribution: signedIn(async (actor, { contributionId }: { readonly contributionId: string }) => {
      const outcome = await room.contribution(contributionId, command('WithdrawContribution', { accountId: actor.accountId }, asActor(room, actor)));
      if (!outcome.ok) return presentRefusal(outcome.refusal);
      await seen(room, outcome.position);
      return found(await contributionById(room.ports.readModels.database, contributionId), presentContribution);
    }),
    addGoldItems: signedIn((actor, input: OfMission & { readonly items: readonly GoldInput[] }) => addGold(room, actor, input)),
    nextTasks: signedIn(async (actor, { missionId, first }: OfMission & { readonly first: number }) => {
      const answer = await nextTasks(room, actor, missionId, first);
      if (!answer.ok) return presentRefusal(answer.refusal);
      const tasks = answer.value.map(({ taskId, item, labels, expiresAt }) => ({ id: taskId, contentId: item.accepted.contentId, mediaType: item.mediaType, labels, expiresAt }));
      return { __typename: 'TaskBatch', tasks };
    }),
    submitLabels: signedIn(async (actor, { missionId, labels }: OfMission & { readonly labels: readonly SentLabel[] }) => {
      const answer = await submitLabels(room, actor, missionId, labels);
      if (!answer.ok) return presentRefusal(answer.refusal);
      const shown = answer.value.map((refused, index) => ({ taskId: labels[index]?.taskId, accepted: refused === null, refusal: refused === null ? null : presentRefusal(refused) }));
      return { __typename: 'LabelBatch', labels: shown, acceptedCount: shown.filter(({ accepted }) => accepted).length };
    }),
    recordReview: signedIn((actor, input: ReviewInput) => review(room, actor, input)),
    sealVersion: signedIn(async (actor, { missionId }: OfMission) => {
      const answer = await sealVersion(room, actor, missionId);
      if (!answer.ok) return presentRefusal(answer.refusal);
      await seen(room, answer.value.position);
      return found(await versionById(room.ports.readModels.database, answer.value.versionId), presentVersion);
    }),
  };
}

async function open(room: DatahubRoom, actor: Signed, input: OpenMissionInput): Promise<object> {
  const consentHash = consentTextHash(input.consentVersion);
  if (consentHash === null) return presentRefusal(refusal('MISSION_INVALID', 'There is no consent text of this version.', { field: 'consentVersion' }));
  const missionId = newId('mission', room.ports.now());
  const { overlap, maximumOverlap, posterior, goldShare, duplicateDistance } = input.quality;
  const mission: Mission = {
    missionId, datasetId: deriveId('dataset', missionId), accountId: actor.accountId, title: input.title, modality: modalities[input.modality], labels: input.labels,
    quota: input.quota, pricePerItemWei: input.pricePerItemWei, pricePerJudgementWei: input.pricePerJudgementWei, licence: input.licence,
    consentVersion: input.consentVersion, consentTextHash: consentHash,
    quality: { overlap, maximumOverlap, posterior, goldShare, duplicateDistance: duplicateDistance ?? null },
  };
  return shownMission(room, missionId, await room.mission(missionId, command('OpenMission', mission, asActor(room, actor))));
}

const modalities = { IMAGE: 'image', AUDIO: 'audio', TEXT: 'text' } as const;

async function giveConsent(room: DatahubRoom, actor: Signed, { missionId, signature }: OfMission & { readonly signature: string }): Promise<object> {
  const mission = room.bench.missions.get(missionId)?.mission;
  if (mission === undefined) return presentRefusal(missionUnknown);
  const { accountId, address } = actor;
  if (!signedBy(consentMessage(mission, address), signature, address)) {
    return presentRefusal(refusal('SIGNATURE_INVALID', 'The signature is not your wallet\'s over the message of consentRequest.', null));
  }
  const consentId = deriveId('consent', `${missionId}/${accountId}`);
  const { consentVersion, consentTextHash: textHash } = mission;
  const outcome = await room.participant(participantId(missionId, accountId), command('GiveConsent', {
    consentId, missionId, accountId, consentVersion, consentTextHash: textHash, signature,
  }, asActor(room, actor)));
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  await room.bench.until(outcome.position);
  return { __typename: 'Consent', id: consentId, missionId, accountId };
}

async function contribute(room: DatahubRoom, actor: Signed, { missionId, items }: OfMission & { readonly items: readonly SentItem[] }): Promise<object> {
  const answer = await contributeItems(room, actor, missionId, items);
  if (!answer.ok) return presentRefusal(answer.refusal);
  const { outcomes, position } = answer.value;
  await room.ports.readModels.waitFor('datasets', position);
  const rows = await contributionsById(room.ports.readModels.database, outcomes.flatMap((one) => (isRefusal(one) ? [] : [one.contributionId])));
  const shown = outcomes.map((one) => {
    if (isRefusal(one)) return { contribution: null, refusal: presentRefusal(one) };
    const row = rows.get(one.contributionId);
    return { contribution: row === undefined ? null : presentContribution(row), refusal: null };
  });
  return { __typename: 'ContributionBatch', items: shown, acceptedCount: shown.filter(({ contribution }) => contribution !== null).length };
}

interface GoldInput { readonly contributionId: string; readonly answer: string }

/** Gold is made of accepted contributions: an item that came another way could be told from the rest. */
async function addGold(room: DatahubRoom, actor: Signed, { missionId, items }: OfMission & { readonly items: readonly GoldInput[] }): Promise<object> {
  const bench = room.bench.missions.get(missionId);
  if (bench === undefined) return presentRefusal(missionUnknown);
  const byContribution = new Map([...bench.items.values()].map((item) => [item.accepted.contributionId, item]));
  const strange = items.find(({ contributionId }) => !byContribution.has(contributionId));
  if (strange !== undefined) {
    return presentRefusal(refusal('CONTRIBUTION_UNKNOWN', 'Gold items are accepted contributions of the mission.', { contributionId: strange.contributionId }));
  }
  const gold = items.flatMap(({ contributionId, answer }) => {
    const item = byContribution.get(contributionId);
    return item === undefined ? [] : [{ itemId: item.itemId, contentId: item.accepted.contentId, answer }];
  });
  const outcome = await room.mission(missionId, command('AddGoldItems', { accountId: actor.accountId, items: gold }, asActor(room, actor)));
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  await room.bench.until(outcome.position);
  return { __typename: 'GoldItems', missionId, added: gold.length };
}

interface ReviewInput extends OfMission { readonly itemId: string; readonly rating: number; readonly label?: string | null }

async function review(room: DatahubRoom, actor: Signed, { missionId, itemId, rating, label }: ReviewInput): Promise<object> {
  const bench = room.bench.missions.get(missionId);
  const item = bench?.items.get(itemId);
  // Before it is resolved an item has nothing to review, and its labels are nobody's business.
  if (bench === undefined || item === undefined || item.resolved === null) return presentRefusal(refusal('ITEM_UNKNOWN', 'No version of the mission holds this item.', null));
  const data = { missionId, itemId, accountId: actor.accountId, rating, label: label ?? null };
  const involved = [item.accepted.accountId, ...item.labels.keys()];
  const outcome = await room.review(itemId, command('RecordReview', { ...data, allowed: bench.mission.labels, involved }, asActor(room, actor)));
  return outcome.ok ? { __typename: 'Review', ...data } : presentRefusal(outcome.refusal);
}

async function shownMission(room: DatahubRoom, missionId: string, outcome: Outcome<unknown, RefusalOf>): Promise<object> {
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  await seen(room, outcome.position);
  return found(await missionById(room.ports.readModels.database, missionId), presentMission);
}

async function seen(room: DatahubRoom, position: bigint): Promise<void> {
  await Promise.all([room.bench.until(position), room.ports.readModels.waitFor('datasets', position)]);
}

function found<T>(row: T | null, present: (row: T) => object): object {
  return row === null ? presentRefusal(missionUnknown) : present(row);
}

function asActor(room: DatahubRoom, actor: Signed): { readonly actor: string; readonly now: Date } {
  return { actor: actor.accountId, now: room.ports.now() };
}

function signedIn<T>(resolve: (actor: Signed, input: T) => Promise<object>) {
  return async (_: unknown, { input }: { readonly input: T }, { actor }: RequestContext): Promise<object> =>
    (actor.kind === 'account' ? resolve(actor, input) : presentRefusal(notSignedIn));
}
