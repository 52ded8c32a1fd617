import { EntitySchema } from 'typeorm';

const schema = 'contents';
const key = { type: 'text', primary: true } as const;
const text = { type: 'text' } as const;
const nullableText = { type: 'text', nullable: true } as const;

export const anyone = 'anyone';
/** Whoever asks, known here or not. */
export const everybody = 'everybody';
/** A published model may be run by anybody's job; to have its file is another thing. */
export const anyJob = 'any-job';

/** `reader` is an account, a node, `anyone` who is known here, `everybody`, or `any-job`, which may be run with it. */
export interface HolderRow {
  /** content id "/" reader */
  id: string;
  contentId: string;
  reader: string;
}

/** `nodeId` has a lease on it; null while nobody has. */
export interface JobRow { jobId: string; submitter: string; nodeId: string | null }

/** The job needs this content. */
export interface JobContentRow {
  /** job id "/" content id */
  id: string;
  jobId: string;
  contentId: string;
}

export interface MissionRow { missionId: string; accountId: string; licence: string }
export interface ContributionRow { contributionId: string; accountId: string; missionId: string }
export interface ContributionContentRow {
  /** contribution id "/" content id */
  id: string;
  contributionId: string;
  contentId: string;
}
export interface RunRow { runId: string; accountId: string }
export interface VersionRow { versionId: string; modelContentId: string }

export const HolderEntity = new EntitySchema<HolderRow>({
  name: 'ContentHolder', tableName: 'holder', schema, columns: { id: key, contentId: text, reader: text },
});

export const JobEntity = new EntitySchema<JobRow>({
  name: 'ContentJob', tableName: 'job', schema, columns: { jobId: key, submitter: text, nodeId: nullableText },
});

export const JobContentEntity = new EntitySchema<JobContentRow>({
  name: 'ContentOfJob', tableName: 'job_content', schema, columns: { id: key, jobId: text, contentId: text },
  indices: [{ name: 'job_content_content', columns: ['contentId'] }],
});

export const MissionEntity = new EntitySchema<MissionRow>({
  name: 'ContentMission', tableName: 'mission', schema, columns: { missionId: key, accountId: text, licence: text },
});

export const ContributionEntity = new EntitySchema<ContributionRow>({
  name: 'ContentContribution', tableName: 'contribution', schema, columns: { contributionId: key, accountId: text, missionId: text },
});

export const ContributionContentEntity = new EntitySchema<ContributionContentRow>({
  name: 'ContentOfContribution', tableName: 'contribution_content', schema, columns: { id: key, contributionId: text, contentId: text },
  indices: [{ name: 'contribution_content_contribution', columns: ['contributionId'] }],
});

export const RunEntity = new EntitySchema<RunRow>({
  name: 'ContentRun', tableName: 'run', schema, columns: { runId: key, accountId: text },
});

export const VersionEntity = new EntitySchema<VersionRow>({
  name: 'ContentVersion', tableName: 'version', schema, columns: { versionId: key, modelContentId: text },
});
