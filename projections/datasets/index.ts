// datasets: missions, contributions, sealed versions and what people earned, as anyone may see them.
export { datasetsProjection } from './projection';
export type { AnnotatorRow, ContributionRow, EarningRow, MissionRow, VersionRow } from './entities';
export {
  annotatorsOf,
  contributionById,
  contributionCounts,
  contributionsById,
  contributionsPage,
  earningsOf,
  missionById,
  missionsPage,
  versionById,
  versionsOf,
  versionsPage,
  type Slice,
} from './queries';
