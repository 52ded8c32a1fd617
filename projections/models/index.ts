// The catalogue of models: who made which, how each was trained, what was published, where it runs and what it predicted.
export {
  type CheckpointRow, type CommentRow, type DatasetVersionRow, type DeploymentRow, type DeviceRow, type JobRow, type ModelRow, type PredictionRow, type ProposalRow, type ReviewRow,
  type RoundRow, type RunRow, type VersionRow,
} from './entities';
export { modelsProjection } from './projection';
export {
  checkpointsOf, commentById, commentsOf, datasetVersionsById, deploymentById, deployments, deploymentsFor, devicesById, jobById, jobsById, jobsOf, modelById, models,
  predictionById, predictions, proposalById, proposalsOf, reviewsOf, roundsOf, runById, runs, versionById, versions, type Page, type PredictionFilter,
} from './queries';
