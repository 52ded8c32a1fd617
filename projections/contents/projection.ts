// Rights follow what happened: who handed bytes in, who contributed them, who owns what was made of them, who has a lease on
// work that needs them. What a node or a customer merely names gives nobody a right: it must be theirs to name.
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { Json } from '@oort/kernel-wire';
import type { PlatformEvent } from '@oort/schema';
import {
  anyJob, anyone, everybody, ContributionContentEntity, ContributionEntity, HolderEntity, JobContentEntity, JobEntity, MissionEntity, RunEntity, VersionEntity,
} from './entities';

const subscribes = [
  'ContentHandedIn', 'JobSubmitted', 'AttemptLeased', 'AttemptCheckpointed', 'AttemptPreempted', 'AttemptFailed', 'JobCompleted', 'ResultRecorded', 'JobFailed', 'JobCancelled',
  'MissionOpened', 'ContributionSubmitted', 'ContributionPreprocessed', 'DatasetVersionSealed',
  'TrainingRunStarted', 'TrainingRoundCompleted', 'TrainingRunCompleted', 'ModelVersionPublished', 'DeploymentCreated',
] as const satisfies readonly PlatformEvent['type'][];

type Read = Extract<PlatformEvent, { readonly type: (typeof subscribes)[number] }>;
type Of<T extends Read['type']> = Extract<Read, { readonly type: T }>['data'];

/** Licences under which anybody may copy. */
const openLicence = /^(CC0|CC-BY|PDDL|ODC|ODbL)/i;
const contentIdForm = /^b[a-z2-7]{58}$/;

export const contentsProjection: Projection = {
  name: 'contents', version: 2, subscribes,
  entities: [HolderEntity, JobEntity, JobContentEntity, MissionEntity, ContributionEntity, ContributionContentEntity, RunEntity, VersionEntity],
  apply: (event, rows) => apply({ type: event.type, data: event.data } as unknown as Read, event, rows),
};

async function apply(event: Read, { metadata: { actor } }: RecordedEvent, rows: Rows): Promise<void> {
  switch (event.type) {
    case 'ContentHandedIn': return give(rows, [event.data.contentId], event.data.by);
    case 'JobSubmitted': return submitted(event.data, actor, rows);
    case 'AttemptLeased': return lease(event.data.jobId, event.data.nodeId, rows);
    case 'AttemptCheckpointed': return checkpointed(event.data, rows);
    case 'AttemptPreempted':
    case 'AttemptFailed':
    case 'JobCompleted':
    case 'JobFailed':
    case 'JobCancelled': return lease(event.data.jobId, null, rows);
    case 'ResultRecorded': return recorded(event.data, rows);
    case 'MissionOpened': {
      const { missionId, accountId, licence } = event.data;
      return rows.put(MissionEntity, { missionId, accountId, licence });
    }
    case 'ContributionSubmitted': return contributed(event.data, rows);
    case 'ContributionPreprocessed': return preprocessed(event.data, rows);
    case 'DatasetVersionSealed': return sealed(event.data, rows);
    case 'TrainingRunStarted': {
      const { runId, accountId, exampleSetContentIds, initialWeightsContentId } = event.data;
      await rows.put(RunEntity, { runId, accountId });
      return give(rows, [...exampleSetContentIds, initialWeightsContentId], accountId);
    }
    case 'TrainingRoundCompleted': return giveRun(event.data.runId, event.data.weightsContentId, rows);
    case 'TrainingRunCompleted': return giveRun(event.data.runId, event.data.modelContentId, rows);
    case 'ModelVersionPublished': {
      const { versionId, modelContentId, accountId, openToAll } = event.data;
      await rows.put(VersionEntity, { versionId, modelContentId });
      await give(rows, [modelContentId], accountId);
      if (openToAll === true) await give(rows, [modelContentId], everybody);
      return give(rows, [modelContentId], anyJob);
    }
    case 'DeploymentCreated': {
      const version = await rows.findOne(VersionEntity, { versionId: event.data.versionId });
      if (version === null) return;
      for (const nodeId of event.data.nodeIds) await give(rows, [version.modelContentId], nodeId);
    }
  }
}

/** Jobs that the platform itself makes for somebody name what the platform chose. */
async function submitted({ jobId, submitter, spec, checkpoint }: Of<'JobSubmitted'>, actor: string, rows: Rows): Promise<void> {
  await rows.put(JobEntity, { jobId, submitter, nodeId: null });
  for (const contentId of contentIdsIn(spec)) {
    if (actor === 'platform' || await holdsAny(rows, contentId, [submitter, anyone, anyJob])) await need(rows, jobId, contentId);
  }
  if (actor === 'platform' && checkpoint !== undefined) await need(rows, jobId, checkpoint.contentId);
}

async function checkpointed({ jobId, nodeId, contentId }: Of<'AttemptCheckpointed'>, rows: Rows): Promise<void> {
  if (await holdsAny(rows, contentId, [nodeId])) await need(rows, jobId, contentId);
}

async function recorded({ jobId, nodeId, output }: Of<'ResultRecorded'>, rows: Rows): Promise<void> {
  const job = await rows.findOne(JobEntity, { jobId });
  for (const contentId of contentIdsIn(output)) {
    if (job !== null && await holdsAny(rows, contentId, [nodeId])) await give(rows, [contentId], job.submitter);
  }
}

async function contributed({ contributionId, accountId, missionId, contentId }: Of<'ContributionSubmitted'>, rows: Rows): Promise<void> {
  await rows.put(ContributionEntity, { contributionId, accountId, missionId });
  return giveContribution(contributionId, contentId, accountId, missionId, rows);
}

async function preprocessed({ contributionId, missionId, nodeId, contentId }: Of<'ContributionPreprocessed'>, rows: Rows): Promise<void> {
  const contribution = await rows.findOne(ContributionEntity, { contributionId });
  if (contribution === null || !await holdsAny(rows, contentId, [nodeId])) return;
  return giveContribution(contributionId, contentId, contribution.accountId, missionId, rows);
}

async function giveContribution(contributionId: string, contentId: string, accountId: string, missionId: string, rows: Rows): Promise<void> {
  await rows.put(ContributionContentEntity, { id: `${contributionId}/${contentId}`, contributionId, contentId });
  await give(rows, [contentId], accountId);
  const mission = await rows.findOne(MissionEntity, { missionId });
  if (mission !== null) await give(rows, [contentId], mission.accountId);
}

async function sealed({ missionId, accountId, manifestContentId, contributionIds, licence }: Of<'DatasetVersionSealed'>, rows: Rows): Promise<void> {
  await give(rows, [manifestContentId], accountId);
  if (!openLicence.test(licence)) return;
  await give(rows, [manifestContentId], anyone);
  for (const contributionId of contributionIds) {
    const contribution = await rows.findOne(ContributionEntity, { contributionId });
    if (contribution?.missionId !== missionId) continue;
    const contents = await rows.find(ContributionContentEntity, { contributionId });
    await give(rows, contents.map(({ contentId }) => contentId), anyone);
  }
}

async function giveRun(runId: string, contentId: string, rows: Rows): Promise<void> {
  const run = await rows.findOne(RunEntity, { runId });
  if (run !== null) await give(rows, [contentId], run.accountId);
}

async function give(rows: Rows, contentIds: readonly string[], reader: string): Promise<void> {
  for (const contentId of contentIds) await rows.put(HolderEntity, { id: `${contentId}/${reader}`, contentId, reader });
}

function need(rows: Rows, jobId: string, contentId: string): Promise<void> {
  return rows.put(JobContentEntity, { id: `${jobId}/${contentId}`, jobId, contentId });
}

async function lease(jobId: string, nodeId: string | null, rows: Rows): Promise<void> {
  await rows.update(JobEntity, { jobId }, { nodeId });
}

async function holdsAny(rows: Rows, contentId: string, readers: readonly string[]): Promise<boolean> {
  for (const reader of readers) {
    if (await rows.findOne(HolderEntity, { id: `${contentId}/${reader}` }) !== null) return true;
  }
  return false;
}

/** Every content id in a value, once. */
function contentIdsIn(value: Json): readonly string[] {
  const found = new Set<string>();
  const walk = (one: Json): void => {
    if (typeof one === 'string' && contentIdForm.test(one)) found.add(one);
    else if (typeof one === 'object' && one !== null) Object.values(one).forEach((inner) => { walk(inner); });
  };
  walk(value);
  return [...found];
}
