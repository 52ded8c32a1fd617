import { In, LessThan, type FindOptionsWhere } from 'typeorm';
import type { ReadModels } from '@oort/kernel-projection';
import type { JobKind } from '@oort/schema/events/compute';
import { JobEntity, type JobRow, type JobStatus } from './entities';

type Database = Pick<ReadModels, 'database'>;

export function findJob({ database }: Database, jobId: string): Promise<JobRow | null> {
  return database.getRepository(JobEntity).findOneBy({ jobId });
}

/** Those that wait or run, oldest first. */
export async function openJobIds({ database }: Database): Promise<readonly string[]> {
  const rows = await database.getRepository(JobEntity).find({
    select: { jobId: true }, where: { status: In(['queued', 'running']) }, order: { position: 'ASC' },
  });
  return rows.map(({ jobId }) => jobId);
}

/** The jobs done for something of another domain: a contribution, a training run. */
export function jobsOf({ database }: Database, subject: { readonly kind: string; readonly id: string }): Promise<readonly JobRow[]> {
  return database.getRepository(JobEntity).find({ where: { subjectKind: subject.kind, subjectId: subject.id }, order: { position: 'ASC' } });
}

export interface JobsFilter { readonly kind?: JobKind; readonly status?: JobStatus; readonly nodeId?: string; readonly submitter?: string }

export interface JobsPage { readonly rows: readonly JobRow[]; readonly hasNextPage: boolean; readonly totalCount: number }

/** Newest first. `after` is the position of the last row of the page before. */
export async function jobsPage(
  { database }: Database, { first, after, filter }: { readonly first: number; readonly after: string | null; readonly filter: JobsFilter },
): Promise<JobsPage> {
  const repository = database.getRepository(JobEntity);
  const where: FindOptionsWhere<JobRow> = { ...filter };
  const rows = await repository.find({
    where: after === null ? where : { ...where, position: LessThan(after) }, order: { position: 'DESC' }, take: first + 1,
  });
  return { rows: rows.slice(0, first), hasNextPage: rows.length > first, totalCount: await repository.countBy(where) };
}
