// What was asked of the nodes, who does it, and what came of it?
export { JobEntity, type JobRow, type JobStatus } from './entities';
export { jobsProjection } from './projection';
export { findJob, jobsOf, jobsPage, openJobIds, type JobsFilter, type JobsPage } from './questions';
