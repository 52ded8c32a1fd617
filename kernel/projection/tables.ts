// The tables of a projection version: made when first seen, made anew when their definition changed, dropped with an old version.
import { DataSource } from 'typeorm';
import { sha256Hex } from '@oort/kernel-wire';
import type { Projection } from './port';

export function schemaOf(projection: Pick<Projection, 'name' | 'version'>): string {
  return `${projection.name}_v${projection.version}`;
}

export async function prepareCheckpoints(database: DataSource): Promise<void> {
  await database.query('CREATE SCHEMA IF NOT EXISTS read_models');
  await database.query(`CREATE TABLE IF NOT EXISTS read_models.checkpoints (
    name text, version integer, position numeric NOT NULL, definition text NOT NULL, PRIMARY KEY (name, version))`);
}

/** A changed definition under the same version starts from the first event: rows made by two definitions would not agree. */
export async function prepareTables(database: DataSource, url: string, projection: Projection): Promise<void> {
  const definition = definitionOf(projection);
  const rows: readonly { definition: string }[] = await database.query(
    'SELECT definition FROM read_models.checkpoints WHERE name = $1 AND version = $2', [projection.name, projection.version]);
  if (rows[0]?.definition !== definition) await makeTables(database, url, projection);
}

/** The checkpoint row is written last: a crash in between makes the tables again. */
export async function makeTables(database: DataSource, url: string, projection: Projection): Promise<void> {
  const { name, version } = projection;
  await database.query('DELETE FROM read_models.checkpoints WHERE name = $1 AND version = $2', [name, version]);
  await database.query(`DROP SCHEMA IF EXISTS "${schemaOf(projection)}" CASCADE`);
  await database.query(`CREATE SCHEMA "${schemaOf(projection)}"`);
  const own = new DataSource({ type: 'postgres', url, entities: [...projection.entities], synchronize: true, installExtensions: false });
  await own.initialize();
  await own.destroy();
  await database.query('INSERT INTO read_models.checkpoints VALUES ($1, $2, -1, $3)', [name, version, definitionOf(projection)]);
}

/** Called once the new version has caught up: nobody reads the old ones any more. */
export async function dropOlder(database: DataSource, projection: Projection): Promise<void> {
  const rows: readonly { version: number }[] = await database.query(
    'SELECT version FROM read_models.checkpoints WHERE name = $1 AND version < $2', [projection.name, projection.version]);
  for (const { version } of rows) {
    await database.query(`DROP SCHEMA IF EXISTS "${schemaOf({ name: projection.name, version })}" CASCADE`);
    await database.query('DELETE FROM read_models.checkpoints WHERE name = $1 AND version = $2', [projection.name, version]);
  }
}

function definitionOf(projection: Projection): string {
  return sha256Hex(JSON.stringify([projection.entities.map((entity) => entity.options), projection.subscribes]));
}
