import { In, LessThan, type DataSource, type EntitySchema, type FindOptionsWhere } from 'typeorm';
import {
  CheckpointEntity, CommentEntity, DatasetVersionEntity, DeploymentEntity, DeviceEntity, JobEntity, ModelEntity, PredictionEntity, ProposalEntity, ReviewEntity, RoundEntity, RunEntity,
  VersionEntity, type CheckpointRow, type CommentRow, type DatasetVersionRow, type DeploymentRow, type DeviceRow, type JobRow, type ModelRow, type PredictionRow, type ProposalRow, type ReviewRow,
  type RoundRow, type RunRow, type VersionRow,
} from './entities';

export interface Page<Row> { readonly rows: readonly Row[]; readonly totalCount: number; readonly hasNextPage: boolean }

/** Newest first, after the row with this id. */
async function page<Row extends { id: string; position: string }>(
  database: DataSource, entity: EntitySchema<Row>, where: FindOptionsWhere<Row>, first: number, after: string | null,
): Promise<Page<Row>> {
  const repository = database.getRepository(entity);
  const last = after === null ? null : await repository.findOneBy({ id: after } as FindOptionsWhere<Row>);
  const rest = last === null ? where : { ...where, position: LessThan(last.position) };
  const builder = repository.createQueryBuilder('row').where(rest).orderBy('row.position', 'DESC').addOrderBy('row.id');
  const rows = await builder.take(first + 1).getMany();
  return { rows: rows.slice(0, first), totalCount: await repository.countBy(where), hasNextPage: rows.length > first };
}

export const modelById = (database: DataSource, id: string): Promise<ModelRow | null> => database.getRepository(ModelEntity).findOneBy({ id });
export const runById = (database: DataSource, id: string): Promise<RunRow | null> => database.getRepository(RunEntity).findOneBy({ id });
export const versionById = (database: DataSource, id: string): Promise<VersionRow | null> => database.getRepository(VersionEntity).findOneBy({ id });
export const deploymentById = (database: DataSource, id: string): Promise<DeploymentRow | null> => database.getRepository(DeploymentEntity).findOneBy({ id });
export const predictionById = (database: DataSource, id: string): Promise<PredictionRow | null> => database.getRepository(PredictionEntity).findOneBy({ id });
export const jobById = (database: DataSource, id: string): Promise<JobRow | null> => database.getRepository(JobEntity).findOneBy({ id });

export const commentById = (database: DataSource, id: string): Promise<CommentRow | null> => database.getRepository(CommentEntity).findOneBy({ id });
export const commentsOf = (database: DataSource, modelId: string, first: number, after: string | null): Promise<Page<CommentRow>> =>
  page(database, CommentEntity, { modelId }, first, after);
export const proposalById = (database: DataSource, id: string): Promise<ProposalRow | null> => database.getRepository(ProposalEntity).findOneBy({ id });
export const proposalsOf = (database: DataSource, modelId: string, first: number, after: string | null): Promise<Page<ProposalRow>> =>
  page(database, ProposalEntity, { modelId }, first, after);
export const reviewsOf = (database: DataSource, proposalId: string): Promise<ReviewRow[]> =>
  database.getRepository(ReviewEntity).find({ where: { proposalId }, order: { position: 'ASC' } });

export const models = (database: DataSource, first: number, after: string | null): Promise<Page<ModelRow>> => page(database, ModelEntity, {}, first, after);
export const runs = (database: DataSource, modelId: string | null, first: number, after: string | null): Promise<Page<RunRow>> =>
  page(database, RunEntity, modelId === null ? {} : { modelId }, first, after);
export const versions = (database: DataSource, modelId: string | null, first: number, after: string | null): Promise<Page<VersionRow>> =>
  page(database, VersionEntity, modelId === null ? {} : { modelId }, first, after);
export const deployments = (database: DataSource, versionId: string | null, first: number, after: string | null): Promise<Page<DeploymentRow>> =>
  page(database, DeploymentEntity, versionId === null ? {} : { versionId }, first, after);

export interface PredictionFilter { readonly versionId: string | null; readonly deploymentId: string | null }

export function predictions(database: DataSource, filter: PredictionFilter, first: number, after: string | null): Promise<Page<PredictionRow>> {
  const where: FindOptionsWhere<PredictionRow> = {};
  if (filter.versionId !== null) where.versionId = filter.versionId;
  if (filter.deploymentId !== null) where.deploymentId = filter.deploymentId;
  return page(database, PredictionEntity, where, first, after);
}

export const roundsOf = (database: DataSource, runId: string): Promise<RoundRow[]> =>
  database.getRepository(RoundEntity).find({ where: { runId }, order: { round: 'ASC' } });
export const jobsOf = (database: DataSource, subjectId: string): Promise<JobRow[]> =>
  database.getRepository(JobEntity).find({ where: { subjectId }, order: { position: 'ASC' } });
export const checkpointsOf = (database: DataSource, runId: string): Promise<CheckpointRow[]> =>
  database.getRepository(CheckpointEntity).find({ where: { runId }, order: { position: 'ASC' } });
export const jobsById = (database: DataSource, ids: readonly string[]): Promise<JobRow[]> => database.getRepository(JobEntity).findBy({ id: In([...ids]) });
export const datasetVersionsById = (database: DataSource, ids: readonly string[]): Promise<DatasetVersionRow[]> =>
  database.getRepository(DatasetVersionEntity).findBy({ id: In([...ids]) });
export const devicesById = (database: DataSource, ids: readonly string[]): Promise<DeviceRow[]> => database.getRepository(DeviceEntity).findBy({ id: In([...ids]) });

/** Those that a device should hold now, newest first. */
export const deploymentsFor = (database: DataSource, nodeId: string): Promise<DeploymentRow[]> =>
  database.getRepository(DeploymentEntity).createQueryBuilder('row').where('row.reachedNodeIds @> :node::jsonb', { node: JSON.stringify([nodeId]) })
    .andWhere('row.rolledBackBecause IS NULL').orderBy('row.position', 'DESC').getMany();
