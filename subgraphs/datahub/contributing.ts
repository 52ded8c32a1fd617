// Images come in by the batch. Each is judged on its own: one unreadable file does not cost the others their way in.
import { hammingDistance } from '@oort/algorithms-labels';
import { command, refusal } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { deriveId, sha256Hex } from '@oort/kernel-wire';
import type { ComputeEvent } from '@oort/schema/events/compute';
import type { MissionBench } from './bench';
import type { Preprocessed } from './commands';
import { contributionIdOf } from './decide/contribution';
import { checkImage } from './image';
import type { ItemRefusal } from './refusals';
import {
  answered,
  isRefusal,
  missionInWork,
  refused,
  type Answer,
  type DatahubRoom,
  type Signed,
} from './room';

export const itemsAtOnce = 100;
export const itemLimitBytes = 1024 * 1024;
/** Storing an item is a round trip to several nodes; more at once would only queue there and time out. */
const putsAtOnce = 8;
const allowedTypes = ['image/png', 'image/jpeg'];

export interface SentItem {
  readonly base64: string;
  readonly mediaType: string;
}
export type ItemOutcome = { readonly contributionId: string } | ItemRefusal;

export async function contributeItems(
  room: DatahubRoom,
  actor: Signed,
  missionId: string,
  items: readonly SentItem[],
): Promise<Answer<{ readonly outcomes: readonly ItemOutcome[]; readonly position: bigint }>> {
  const mission = missionInWork(room.bench, missionId);
  if (isRefusal(mission)) return refused(mission);
  if (items.length === 0 || items.length > itemsAtOnce)
    return refused(
      refusal('TOO_MANY_AT_ONCE', `Send 1 to ${itemsAtOnce} items at once.`, {
        limit: itemsAtOnce,
      }),
    );
  const consentId = mission.participants.get(actor.accountId)?.consentId ?? null;
  if (consentId === null)
    return refused(
      refusal(
        'NO_CONSENT',
        'Give your consent to the mission first: consentRequest, then giveConsent.',
        null,
      ),
    );
  const checked = items.map(checkItem);
  return room.serially(`contribute/${missionId}`, async () => {
    const taken = withinMission(mission, checked);
    const submissions = await inTurns(putsAtOnce, taken, async (item) =>
      isRefusal(item) ? item : submit(room, actor, missionId, consentId, item),
    );
    const position = submissions.reduce(
      (last, one) => (!isRefusal(one) && one.position > last ? one.position : last),
      -1n,
    );
    await room.bench.until(position);
    return answered({ outcomes: submissions, position });
  });
}

interface Checked {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly mediaType: string;
}

function checkItem({ base64, mediaType }: SentItem): Checked | ItemRefusal {
  const bytes = Buffer.from(base64, 'base64');
  if (
    bytes.length === 0 ||
    bytes.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')
  )
    return refusal('NOT_BASE64', 'The bytes are not base64 (RFC 4648).', null);
  if (bytes.length > itemLimitBytes)
    return refusal('TOO_LARGE', 'An item has at most 1 MiB.', {
      sizeBytes: bytes.length,
      limitBytes: itemLimitBytes,
    });
  const image = checkImage(bytes);
  if (image.mediaType !== mediaType || !allowedTypes.includes(mediaType)) {
    return refusal(
      'WRONG_TYPE',
      `These bytes are ${image.mediaType ?? 'no image'}, not ${mediaType}.`,
      { declared: mediaType, found: image.mediaType, allowed: allowedTypes },
    );
  }
  if (!image.ok)
    return refusal('UNREADABLE_IMAGE', `The image cannot be read: ${image.reason}.`, {
      reason: image.reason,
    });
  return { bytes, sha256: sha256Hex(bytes), mediaType };
}

/** Quota and duplicates, counted over what waits as well. */
function withinMission(
  bench: MissionBench,
  items: readonly (Checked | ItemRefusal)[],
): readonly (Checked | ItemRefusal)[] {
  const { missionId, quota } = bench.mission;
  const live = [...bench.items.values()].filter(({ withdrawn }) => !withdrawn).length;
  let places = quota - live - [...bench.submitted.values()].filter(({ pending }) => pending).length;
  const batch = new Set<string>();
  return items.map((item) => {
    if (isRefusal(item)) return item;
    const contributionId = contributionIdOf(missionId, item.sha256);
    if (bench.submitted.has(contributionId) || batch.has(contributionId))
      return duplicate(contributionId);
    if (places <= 0)
      return refusal('QUOTA_REACHED', 'The mission has all the items it asked for.', { quota });
    places -= 1;
    batch.add(contributionId);
    return item;
  });
}

const duplicate = (contributionId: string): ItemRefusal =>
  refusal('DUPLICATE', 'The mission has this image already.', { contributionId });

async function submit(
  room: DatahubRoom,
  { accountId }: Signed,
  missionId: string,
  consentId: string,
  { bytes, sha256, mediaType }: Checked,
): Promise<{ readonly contributionId: string; readonly position: bigint } | ItemRefusal> {
  const contributionId = contributionIdOf(missionId, sha256);
  const contentId = await room.ports.content.put(bytes);
  const data = {
    contributionId,
    missionId,
    accountId,
    consentId,
    contentId,
    sha256,
    sizeBytes: bytes.length,
    mediaType,
  };
  const outcome = await room.contribution(
    contributionId,
    command('SubmitContribution', data, { actor: accountId, now: room.ports.now() }),
  );
  return outcome.ok ? { contributionId, position: outcome.position } : duplicate(contributionId);
}

type Result = Extract<ComputeEvent, { readonly type: 'ResultRecorded' }>['data'];

/** What an edge node made of a contribution. Its word is checked as far as bytes can check it. */
export async function recordPreprocessing(
  room: DatahubRoom,
  event: RecordedEvent,
  { jobId, nodeId, subject, output }: Result,
): Promise<void> {
  const contributionId = subject?.id ?? '';
  const bench = [...room.bench.missions.values()].find(({ submitted }) =>
    submitted.has(contributionId),
  );
  if (bench === undefined) return;
  const made = await verified(room, output);
  const options = {
    actor: 'platform',
    now: room.ports.now(),
    id: deriveId('command', `datahub/${event.id}`),
    cause: event,
  };
  const outcome = await room.contribution(
    contributionId,
    made === null
      ? command('RejectContribution', { reason: 'unusable pre-processing result' }, options)
      : command(
          'RecordPreprocessing',
          {
            jobId,
            nodeId,
            output: made,
            ...alike(bench, contributionId, made),
            duplicateDistance: bench.mission.quality.duplicateDistance,
          },
          options,
        ),
  );
  // The next contribution is compared with this one.
  if (outcome.ok) await room.bench.until(outcome.position);
}

function alike(
  bench: MissionBench,
  own: string,
  { sha256, perceptualHash }: Preprocessed,
): {
  readonly sameBytesAs: string | null;
  readonly nearest: { readonly contributionId: string; readonly distance: number } | null;
} {
  const same = bench.bytes.get(sha256) ?? null;
  let nearest: { readonly contributionId: string; readonly distance: number } | null = null;
  for (const { contributionId, hash } of bench.perceptual) {
    const distance = contributionId === own ? 65 : hammingDistance(hash, perceptualHash);
    if (distance < (nearest?.distance ?? 65)) nearest = { contributionId, distance };
  }
  return { sameBytesAs: same === own ? null : same, nearest };
}

async function verified(room: DatahubRoom, output: Result['output']): Promise<Preprocessed | null> {
  if (typeof output !== 'object' || output === null) return null;
  const { contentId, sha256, perceptualHash, width, height } = output as {
    readonly [name: string]: unknown;
  };
  if (
    typeof contentId !== 'string' ||
    typeof sha256 !== 'string' ||
    typeof perceptualHash !== 'string'
  )
    return null;
  if (!/^[0-9a-f]{16}$/.test(perceptualHash) || !isSide(width) || !isSide(height)) return null;
  if (!(await room.ports.content.has(contentId))) return null;
  const bytes = await room.ports.content.get(contentId);
  const image = checkImage(bytes);
  if (sha256Hex(bytes) !== sha256 || !image.ok || image.width !== width || image.height !== height)
    return null;
  return { contentId, sha256, perceptualHash, width, height };
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

/** Like Promise.all over the values, with at most `limit` under way. */
async function inTurns<T, R>(
  limit: number,
  values: readonly T[],
  work: (value: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const waiting = values.entries();
  const lane = async (): Promise<void> => {
    for (const [index, value] of waiting) results[index] = await work(value);
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return results;
}
