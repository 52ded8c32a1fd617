// Blind labelling: tasks go out, labels come in, and whoever answers at random is shut out as soon as the numbers say so.
import { randomInt } from 'node:crypto';
import { spamRuleOf } from '@oort/algorithms-labels';
import { command, refusal } from '@oort/kernel-decider';
import { deriveId, newUlid } from '@oort/kernel-wire';
import type { ItemBench, MissionBench } from './bench';
import { labelRefusals } from './decide/participant';
import { pickItems, recordsOf } from './labelling';
import type { LabelRefusal } from './refusals';
import {
  answered,
  isRefusal,
  missionInWork,
  refused,
  type Answer,
  type DatahubRoom,
  type Signed,
} from './room';
import { participantId } from './state';

export const tasksAtOnce = 100;
const taskLifetimeMs = 10 * 60_000;

export interface GivenTask {
  readonly taskId: string;
  readonly item: ItemBench;
  readonly labels: readonly string[];
  readonly expiresAt: string;
}

export async function nextTasks(
  room: DatahubRoom,
  { accountId }: Signed,
  missionId: string,
  first: number,
): Promise<Answer<readonly GivenTask[]>> {
  const bench = missionInWork(room.bench, missionId);
  if (isRefusal(bench)) return refused(bench);
  if (first < 1 || first > tasksAtOnce)
    return refused(
      refusal('TOO_MANY_AT_ONCE', `Ask for 1 to ${tasksAtOnce} tasks.`, { limit: tasksAtOnce }),
    );
  return room.serially(`assign/${missionId}`, async () => {
    const now = room.ports.now();
    const picked = pickItems(bench, accountId, first, now.toISOString(), uniform);
    const expiresAt = new Date(now.getTime() + taskLifetimeMs).toISOString();
    const id = newUlid(now);
    const given = picked.map((item, index) => ({
      taskId: deriveId('task', `${id}/${index}`),
      item,
      labels: bench.mission.labels,
      expiresAt,
    }));
    const tasks = given.map(({ taskId, item }) => ({ taskId, itemId: item.itemId }));
    const outcome = await room.participant(
      participantId(missionId, accountId),
      command(
        'AssignTasks',
        { missionId, accountId, expiresAt, tasks },
        { actor: accountId, now, id },
      ),
    );
    if (!outcome.ok) return refused(outcome.refusal);
    await room.bench.until(outcome.position);
    return answered(given);
  });
}

/** 53 random bits that nobody can guess: whether a task is gold depends on them. */
function uniform(): number {
  return randomInt(2 ** 47) / 2 ** 47;
}

export interface SentLabel {
  readonly taskId: string;
  readonly label: string;
}

export async function submitLabels(
  room: DatahubRoom,
  { accountId }: Signed,
  missionId: string,
  labels: readonly SentLabel[],
): Promise<Answer<readonly (LabelRefusal | null)[]>> {
  const bench = missionInWork(room.bench, missionId);
  if (isRefusal(bench)) return refused(bench);
  if (labels.length < 1 || labels.length > tasksAtOnce)
    return refused(
      refusal('TOO_MANY_AT_ONCE', `Send 1 to ${tasksAtOnce} labels.`, { limit: tasksAtOnce }),
    );
  const id = participantId(missionId, accountId);
  return room.serially(`assign/${missionId}`, async () => {
    const asked = command(
      'SubmitLabels',
      { labels, allowed: bench.mission.labels },
      { actor: accountId, now: room.ports.now() },
    );
    const before = await room.participantState(id);
    const outcome = await room.participant(id, asked);
    if (!outcome.ok)
      return outcome.refusal.code === 'NO_LABEL_ACCEPTED'
        ? answered(outcome.refusal.payload.refusals)
        : refused(outcome.refusal);
    await room.bench.until(outcome.position);
    await flagSpammers(room, bench);
    return answered(labelRefusals(asked.data, asked.issuedAt, before));
  });
}

/** Derived from what is recorded, so a crash before it loses nothing: it is looked at again at the next label and before sealing.
 *  Everybody is looked at, since later answers of others may show what an earlier one was worth. */
export async function flagSpammers(room: DatahubRoom, bench: MissionBench): Promise<void> {
  const { missionId } = bench.mission;
  for (const [accountId, record] of recordsOf(bench)) {
    if (bench.participants.get(accountId)?.flagged === true || spamRuleOf(record) === null)
      continue;
    const outcome = await room.participant(
      participantId(missionId, accountId),
      command(
        'FlagAnnotator',
        { missionId, accountId, record },
        { actor: 'platform', now: room.ports.now() },
      ),
    );
    if (outcome.ok) await room.bench.until(outcome.position);
  }
}
