// The read side: real PostgreSQL from npm or one's own, and read models whose rows and checkpoint change in one transaction.
export { administer, type Administration } from './administration';
export { batchesOf } from './batch';
export { projectionContract, type ProjectionContract, type StoryEvent } from './contract';
export { createDatabase } from './database';
export { openPostgres, PostgresUnusable, type PostgresServer } from './external';
export { infrastructure } from './infrastructure';
export { holdsLease, LeaseLost, takeLease, type Lease } from './lease';
export type { Parked } from './parked';
export { ReadModelAhead, ReadModelBehind, UnknownProjection } from './positions';
export { runningPostgres, startPostgres, type Postgres, type PostgresOptions } from './postgres';
export { PostgresFailed } from './postmaster';
export { openReadModels, type OpenReadModels, type ReadModelsOptions } from './read-models';
export { RowRefused, type Rows, type Where } from './rows';
export { metricsOf, type ProjectionStatus } from './status';
export { testPostgres, type TestDatabase } from './test-postgres';
export type { Projection, ReadModels } from './port';
