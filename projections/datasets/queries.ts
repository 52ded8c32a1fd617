import { In, type DataSource } from 'typeorm';
import {
  AnnotatorEntity,
  ContributionEntity,
  EarningEntity,
  MissionEntity,
  VersionEntity,
  type AnnotatorRow,
  type ContributionRow,
  type EarningRow,
  type MissionRow,
  type VersionRow,
} from './entities';

export interface Slice {
  readonly skip: number;
  readonly take: number;
}

export const missionById = (database: DataSource, id: string): Promise<MissionRow | null> =>
  database.getRepository(MissionEntity).findOneBy({ id });

/** Newest first. */
export const missionsPage = (database: DataSource, slice: Slice): Promise<[MissionRow[], number]> =>
  database.getRepository(MissionEntity).findAndCount({ order: { position: 'DESC' }, ...slice });

export const contributionById = (
  database: DataSource,
  id: string,
): Promise<ContributionRow | null> => database.getRepository(ContributionEntity).findOneBy({ id });

export async function contributionsById(
  database: DataSource,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ContributionRow>> {
  const rows = await database.getRepository(ContributionEntity).findBy({ id: In([...ids]) });
  return new Map(rows.map((row) => [row.id, row]));
}

/** Counted when asked: a counter in the mission's row would cost a second write for every event. */
export async function contributionCounts(
  database: DataSource,
  missionId: string,
): Promise<{ readonly all: number; readonly accepted: number; readonly pending: number }> {
  const row = await database
    .getRepository(ContributionEntity)
    .createQueryBuilder('contribution')
    .select('COUNT(*)', 'all')
    .addSelect("COUNT(*) FILTER (WHERE contribution.status = 'ACCEPTED')", 'accepted')
    .addSelect(
      "COUNT(*) FILTER (WHERE contribution.status IN ('SUBMITTED', 'PREPROCESSED'))",
      'pending',
    )
    .where('contribution.missionId = :missionId', { missionId })
    .getRawOne<{ all: string; accepted: string; pending: string }>();
  return {
    all: Number(row?.all ?? 0),
    accepted: Number(row?.accepted ?? 0),
    pending: Number(row?.pending ?? 0),
  };
}

/** In the order they came. */
export const contributionsPage = (
  database: DataSource,
  missionId: string,
  slice: Slice,
): Promise<[ContributionRow[], number]> =>
  database
    .getRepository(ContributionEntity)
    .findAndCount({ where: { missionId }, order: { position: 'ASC' }, ...slice });

export const versionById = (database: DataSource, id: string): Promise<VersionRow | null> =>
  database.getRepository(VersionEntity).findOneBy({ id });

/** Newest first. */
export const versionsPage = (database: DataSource, slice: Slice): Promise<[VersionRow[], number]> =>
  database.getRepository(VersionEntity).findAndCount({ order: { position: 'DESC' }, ...slice });

export const versionsOf = (database: DataSource, missionId: string): Promise<VersionRow[]> =>
  database.getRepository(VersionEntity).find({ where: { missionId }, order: { position: 'ASC' } });

export const annotatorsOf = (database: DataSource, missionId: string): Promise<AnnotatorRow[]> =>
  database.getRepository(AnnotatorEntity).find({ where: { missionId }, order: { id: 'ASC' } });

export const earningsOf = (database: DataSource, missionId: string): Promise<EarningRow[]> =>
  database
    .getRepository(EarningEntity)
    .find({ where: { missionId }, order: { position: 'ASC', id: 'ASC' } });
