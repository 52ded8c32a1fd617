import { refuse, type Decider, type Decision } from '@oort/kernel-decider';
import type { MissionCommand } from '../commands';
import { evolveMission, type MissionEvent } from '../evolve';
import type { MissionRefusal } from '../refusals';
import { noMission, type Mission, type MissionState } from '../state';

type Known = Exclude<MissionState, { readonly status: 'none' }>;

export const missionDecider: Decider<MissionCommand, MissionState, MissionEvent, MissionRefusal> = {
  category: 'mission',
  initial: noMission,
  decide,
  evolve: evolveMission,
};

function decide(
  command: MissionCommand,
  state: MissionState,
): Decision<MissionEvent, MissionRefusal> {
  if (command.type === 'OpenMission') {
    if (state.status !== 'none')
      return refuse('MISSION_OPENED_ALREADY', 'This mission is open already.', null);
    const field = invalidField(command.data);
    if (field !== null)
      return refuse('MISSION_INVALID', `A mission cannot have this ${field}.`, { field });
    return { events: [{ type: 'MissionOpened', data: command.data }] };
  }
  if (state.status === 'none') return refuse('MISSION_UNKNOWN', 'There is no such mission.', null);
  const { missionId } = state.mission;
  switch (command.type) {
    case 'RecordFunding': {
      const { amountWei, txHash } = command.data;
      return {
        events: [
          { type: 'MissionFunded', data: { missionId, amountWei: amountWei.toString(), txHash } },
        ],
      };
    }
    case 'CloseMission': {
      if (command.data.accountId !== state.mission.accountId) return notTheOwner;
      return {
        events: state.status === 'closed' ? [] : [{ type: 'MissionClosed', data: { missionId } }],
      };
    }
    case 'AddGoldItems':
      return addGold(command.data, state);
  }
}

const notTheOwner = refuse('NOT_THE_OWNER', "Only the mission's owner may do this.", null);

function addGold(
  { accountId, items }: Extract<MissionCommand, { readonly type: 'AddGoldItems' }>['data'],
  state: Known,
): Decision<MissionEvent, MissionRefusal> {
  const { missionId, labels, accountId: owner } = state.mission;
  if (accountId !== owner) return notTheOwner;
  const strange = items.find(({ answer }) => !labels.includes(answer));
  if (strange !== undefined)
    return refuse('LABEL_UNKNOWN', `The mission has no label ${strange.answer}.`, {
      label: strange.answer,
      labels,
    });
  const fresh = [
    ...new Map(
      items.filter(({ itemId }) => !state.gold.has(itemId)).map((item) => [item.itemId, item]),
    ).values(),
  ];
  return { events: fresh.map((item) => ({ type: 'GoldItemAdded', data: { missionId, ...item } })) };
}

/** The first field that no mission can have, or null. */
function invalidField({
  title,
  modality,
  labels,
  quota,
  pricePerItemWei,
  pricePerJudgementWei,
  quality,
}: Mission): string | null {
  const whole = (value: number, from: number, to: number): boolean =>
    Number.isInteger(value) && value >= from && value <= to;
  const wei = (text: string): boolean => /^\d{1,30}$/.test(text);
  const checks: readonly (readonly [string, boolean])[] = [
    ['title', title.trim() !== '' && title.length <= 200],
    ['modality', modality === 'image'],
    [
      'labels',
      labels.length >= 2 &&
        labels.length <= 1000 &&
        new Set(labels).size === labels.length &&
        labels.every((label) => label !== '' && label.length <= 100),
    ],
    ['quota', whole(quota, 1, 10_000_000)],
    ['pricePerItemWei', wei(pricePerItemWei)],
    ['pricePerJudgementWei', wei(pricePerJudgementWei)],
    ['quality.overlap', whole(quality.overlap, 1, 50)],
    ['quality.maximumOverlap', whole(quality.maximumOverlap, quality.overlap, 50)],
    ['quality.posterior', quality.posterior > 0 && quality.posterior < 1],
    ['quality.goldShare', quality.goldShare >= 0 && quality.goldShare <= 0.5],
    [
      'quality.duplicateDistance',
      quality.duplicateDistance === null || whole(quality.duplicateDistance, 0, 32),
    ],
  ];
  return checks.find(([, holds]) => !holds)?.[0] ?? null;
}
