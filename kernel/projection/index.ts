// The read side: real PostgreSQL from npm, and read models whose rows and checkpoint change in one transaction.
export { batchesOf } from './batch';
export { createDatabase } from './database';
export { openPostgres, PostgresUnusable, type PostgresServer } from './external';
export { PostgresFailed, startPostgres, type Postgres, type PostgresOptions } from './postgres';
export { openReadModels, type OpenReadModels, type ReadModelsOptions } from './read-models';
export { ReadModelBehind, UnknownProjection } from './runner';
export { testPostgres, type TestDatabase } from './test-postgres';
export type { Projection, ReadModels } from './port';
