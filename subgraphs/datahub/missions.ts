// What a mission's owner and its participants ask of it: to open, to consent, to know some answers.
import { command, refusal, type Outcome, type RefusalOf } from '@oort/kernel-decider';
import { deriveId, newId } from '@oort/kernel-wire';
import { missionById } from '@oort/projections-datasets';
import { consentMessage, consentTextHash, signedBy } from './consent';
import { presentMission, presentRefusal } from './present';
import { missionUnknown } from './refusals';
import type { DatahubRoom, Signed } from './room';
import { participantId, type Mission } from './state';

export interface OfMission {
  readonly missionId: string;
}

export interface OpenMissionInput {
  readonly title: string;
  readonly modality: 'IMAGE' | 'AUDIO' | 'TEXT';
  readonly labels: readonly string[];
  readonly quota: number;
  readonly pricePerItemWei: string;
  readonly pricePerJudgementWei: string;
  readonly licence: string;
  readonly consentVersion: string;
  readonly quality: {
    readonly overlap: number;
    readonly maximumOverlap: number;
    readonly posterior: number;
    readonly goldShare: number;
    readonly duplicateDistance?: number | null;
  };
}

export async function openMission(
  room: DatahubRoom,
  actor: Signed,
  input: OpenMissionInput,
): Promise<object> {
  const consentHash = consentTextHash(input.consentVersion);
  if (consentHash === null)
    return presentRefusal(
      refusal('MISSION_INVALID', 'There is no consent text of this version.', {
        field: 'consentVersion',
      }),
    );
  const missionId = newId('mission', room.ports.now());
  const { overlap, maximumOverlap, posterior, goldShare, duplicateDistance } = input.quality;
  const mission: Mission = {
    missionId,
    datasetId: deriveId('dataset', missionId),
    accountId: actor.accountId,
    title: input.title,
    modality: modalities[input.modality],
    labels: input.labels,
    quota: input.quota,
    pricePerItemWei: input.pricePerItemWei,
    pricePerJudgementWei: input.pricePerJudgementWei,
    licence: input.licence,
    consentVersion: input.consentVersion,
    consentTextHash: consentHash,
    quality: {
      overlap,
      maximumOverlap,
      posterior,
      goldShare,
      duplicateDistance: duplicateDistance ?? null,
    },
  };
  return shownMission(
    room,
    missionId,
    await room.mission(missionId, command('OpenMission', mission, asActor(room, actor))),
  );
}

const modalities = { IMAGE: 'image', AUDIO: 'audio', TEXT: 'text' } as const;

export async function giveConsent(
  room: DatahubRoom,
  actor: Signed,
  { missionId, signature }: OfMission & { readonly signature: string },
): Promise<object> {
  const mission = room.bench.missions.get(missionId)?.mission;
  if (mission === undefined) return presentRefusal(missionUnknown);
  const { accountId, address } = actor;
  if (!signedBy(consentMessage(mission, address), signature, address)) {
    return presentRefusal(
      refusal(
        'SIGNATURE_INVALID',
        "The signature is not your wallet's over the message of consentRequest.",
        null,
      ),
    );
  }
  const consentId = deriveId('consent', `${missionId}/${accountId}`);
  const { consentVersion, consentTextHash: textHash } = mission;
  const outcome = await room.participant(
    participantId(missionId, accountId),
    command(
      'GiveConsent',
      {
        consentId,
        missionId,
        accountId,
        consentVersion,
        consentTextHash: textHash,
        signature,
      },
      asActor(room, actor),
    ),
  );
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  await room.bench.until(outcome.position);
  return { __typename: 'Consent', id: consentId, missionId, accountId };
}

export interface GoldInput {
  readonly contributionId: string;
  readonly answer: string;
}

/** Gold is made of accepted contributions: an item that came another way could be told from the rest. */
export async function addGold(
  room: DatahubRoom,
  actor: Signed,
  { missionId, items }: OfMission & { readonly items: readonly GoldInput[] },
): Promise<object> {
  const bench = room.bench.missions.get(missionId);
  if (bench === undefined) return presentRefusal(missionUnknown);
  const byContribution = new Map(
    [...bench.items.values()].map((item) => [item.accepted.contributionId, item]),
  );
  const strange = items.find(({ contributionId }) => !byContribution.has(contributionId));
  if (strange !== undefined) {
    return presentRefusal(
      refusal('CONTRIBUTION_UNKNOWN', 'Gold items are accepted contributions of the mission.', {
        contributionId: strange.contributionId,
      }),
    );
  }
  const gold = items.flatMap(({ contributionId, answer }) => {
    const item = byContribution.get(contributionId);
    return item === undefined
      ? []
      : [{ itemId: item.itemId, contentId: item.accepted.contentId, answer }];
  });
  const outcome = await room.mission(
    missionId,
    command('AddGoldItems', { accountId: actor.accountId, items: gold }, asActor(room, actor)),
  );
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  await room.bench.until(outcome.position);
  return { __typename: 'GoldItems', missionId, added: gold.length };
}

export async function shownMission(
  room: DatahubRoom,
  missionId: string,
  outcome: Outcome<unknown, RefusalOf>,
): Promise<object> {
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  await seen(room, outcome.position);
  return found(await missionById(room.ports.readModels.database, missionId), presentMission);
}

export async function seen(room: DatahubRoom, position: bigint): Promise<void> {
  await Promise.all([
    room.bench.until(position),
    room.ports.readModels.waitFor('datasets', position),
  ]);
}

export function found<T>(row: T | null, present: (row: T) => object): object {
  return row === null ? presentRefusal(missionUnknown) : present(row);
}

export function asActor(
  room: DatahubRoom,
  actor: Signed,
): { readonly actor: string; readonly now: Date } {
  return { actor: actor.accountId, now: room.ports.now() };
}
