// Sealing a version: last look at the annotators, the labels revealed, the manifest written, and everything recorded in one append.
import { command, refusal } from '@oort/kernel-decider';
import type { MissionBench } from './bench';
import { flagSpammers } from './annotating';
import type { VersionCommand, Work } from './commands';
import { versionIdOf } from './decide/version';
import { agreementOf, isSettled, labellingOf, liveItems, noRecord, recordsOf } from './labelling';
import {
  manifestBytes,
  manifestRoot,
  readManifest,
  type Manifest,
  type ManifestItem,
} from './manifest';
import { missionUnknown } from './refusals';
import { answered, refused, type Answer, type DatahubRoom, type Signed } from './room';

type Resolved = VersionCommand['data']['resolved'][number];

export async function sealVersion(
  room: DatahubRoom,
  actor: Signed,
  missionId: string,
): Promise<Answer<{ readonly versionId: string; readonly position: bigint }>> {
  const bench = room.bench.missions.get(missionId);
  if (bench === undefined) return refused(missionUnknown);
  if (bench.mission.accountId !== actor.accountId)
    return refused(refusal('NOT_THE_OWNER', "Only the mission's owner may do this.", null));
  // Labels that come in meanwhile wait, or a judgement could be paid in no version.
  return room.serially(`assign/${missionId}`, async () => {
    await flagSpammers(room, bench);
    const now = room.ports.now();
    const versionId = versionIdOf(missionId, bench.versions.length);
    const resolved = resolvedItems(bench);
    const parent = bench.versions.at(-1);
    const earlier =
      parent === undefined
        ? []
        : (await readManifest(room.ports.content, parent.manifestContentId)).items;
    const manifest = manifestOf(
      bench,
      {
        versionId,
        parentVersionId: parent?.versionId ?? null,
        sealedAt: now.toISOString(),
        sealedBy: actor.address,
      },
      earlier,
      resolved,
    );
    const manifestContentId = await room.ports.content.put(manifestBytes(manifest));
    const { mission } = bench;
    const outcome = await room.version(
      versionId,
      command(
        'SealVersion',
        {
          resolved,
          work: workOf(room, bench, resolved),
          pricePerItemWei: BigInt(mission.pricePerItemWei),
          pricePerJudgementWei: BigInt(mission.pricePerJudgementWei),
          sealed: {
            versionId,
            datasetId: mission.datasetId,
            missionId,
            accountId: actor.accountId,
            author: actor.address,
            parentVersionId: manifest.parentVersionId,
            root: manifest.root,
            manifestContentId,
            itemCount: manifest.items.length,
            itemIds: manifest.items.map(({ itemId }) => itemId),
            contributionIds: manifest.items.map(({ contributionId }) => contributionId),
            agreementBefore: manifest.agreement.before,
            agreementAfter: manifest.agreement.after,
            licence: mission.licence,
          },
        },
        { actor: actor.accountId, now },
      ),
    );
    if (!outcome.ok) return refused(outcome.refusal);
    await room.bench.until(outcome.position);
    return answered({ versionId, position: outcome.position });
  });
}

function resolvedItems(bench: MissionBench): readonly Resolved[] {
  const { best } = labellingOf(bench);
  return liveItems(bench)
    .filter((item) => isSettled(bench, item))
    .flatMap((item) => {
      const answer = best(item.itemId);
      if (answer === null) return [];
      const labels = [...item.labels].map(([accountId, label]) => ({ accountId, label }));
      return [
        {
          missionId: bench.mission.missionId,
          itemId: item.itemId,
          contributionId: item.accepted.contributionId,
          ...answer,
          labels,
        },
      ];
    });
}

type Head = Pick<Manifest, 'versionId' | 'parentVersionId' | 'sealedAt' | 'sealedBy'>;

function manifestOf(
  bench: MissionBench,
  head: Head,
  earlier: readonly ManifestItem[],
  resolved: readonly Resolved[],
): Manifest {
  const { mission } = bench;
  const withdrawn = (itemId: string): boolean => bench.items.get(itemId)?.withdrawn === true;
  const items = [
    ...earlier.filter(({ itemId }) => !withdrawn(itemId)),
    ...resolved.flatMap((one) => manifestItem(bench, one)),
  ];
  return {
    format: 'oort-dataset/1',
    ...head,
    datasetId: mission.datasetId,
    missionId: mission.missionId,
    title: mission.title,
    labels: mission.labels,
    licence: mission.licence,
    agreement: {
      measure: 'krippendorff-alpha-nominal',
      before: agreementOf(bench, 'all'),
      after: agreementOf(bench, 'trusted'),
    },
    root: manifestRoot(items),
    items,
    tombstones: earlier.map(({ itemId }) => itemId).filter(withdrawn),
  };
}

function manifestItem(
  bench: MissionBench,
  { itemId, contributionId, label, posterior, labels }: Resolved,
): readonly ManifestItem[] {
  const item = bench.items.get(itemId);
  if (item === undefined) return [];
  const { contentId, sha256, accountId: contributor } = item.accepted;
  return [
    {
      itemId,
      contributionId,
      contentId,
      sha256,
      mediaType: item.mediaType,
      label,
      posterior,
      judgements: labels.length,
      contributor,
      consentId: item.consentId,
    },
  ];
}

/** Excluded annotators are paid for no label; what they contributed stays theirs. */
function workOf(
  room: DatahubRoom,
  bench: MissionBench,
  resolved: readonly Resolved[],
): readonly Work[] {
  const records = recordsOf(bench);
  const labelCount = bench.mission.labels.length;
  const items = new Map<string, number>();
  const judgements = new Map<string, number>();
  const add = (counts: Map<string, number>, accountId: string): unknown =>
    counts.set(accountId, (counts.get(accountId) ?? 0) + 1);
  for (const { itemId, label, labels } of resolved) {
    const contributor = bench.items.get(itemId)?.accepted.accountId;
    if (contributor !== undefined) add(items, contributor);
    for (const judgement of labels) {
      if (
        judgement.label === label &&
        bench.participants.get(judgement.accountId)?.flagged !== true
      )
        add(judgements, judgement.accountId);
    }
  }
  return [...new Set([...items.keys(), ...judgements.keys()])].sort().map((accountId) => {
    const { goldRight, goldAnswered } = records.get(accountId) ?? noRecord(labelCount);
    return {
      accountId,
      address: room.bench.addresses.get(accountId) ?? '',
      acceptedItems: items.get(accountId) ?? 0,
      acceptedJudgements: judgements.get(accountId) ?? 0,
      goldRight,
      goldAnswered,
    };
  });
}
