// A build is one set of a projection's tables, filled from the first event on. At most one is active: it lies in the schema
// called as the projection is, which is what readers name. At most one is building beside it, in a schema of its own; when it
// has caught up the two schemas change their names in one transaction. Old ones are dropped afterwards.
import { DataSource, EntitySchema, type EntityManager } from 'typeorm';
import { Fault, sha256Hex } from '@oort/kernel-wire';
import { infrastructure } from './infrastructure';
import { holdsLease, type Lease } from './lease';
import type { Projection } from './port';

export interface Build {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly definition: string;
  readonly schema: string;
  readonly state: 'building' | 'active' | 'retired';
  readonly made: boolean;
  readonly position: string;
  readonly mark_position: string | null;
  readonly mark_event: string | null;
}

export class SchemaTaken extends Fault {
  constructor(schema: string) {
    super('SCHEMA_TAKEN', `PostgreSQL has a schema ${schema} that is not a read model's: give the platform a database of its own`, { schema });
  }
}

const schemaMark = 'a read model: dropped and filled again at will';
const preparing = 7_077_013;

/** So that there is something to read: a projection without any build gets an empty active one. */
export async function prepareBuilds(database: DataSource, projections: readonly Projection[]): Promise<void> {
  await infrastructure(database);
  await database.transaction(async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock($1)', [preparing]);
    for (const projection of projections) await prepareBuild(database, manager, projection);
  });
}

async function prepareBuild(database: DataSource, manager: EntityManager, projection: Projection): Promise<void> {
  const { name, version } = projection;
  const definition = definitionOf(projection);
  const builds: readonly Build[] = await manager.query(`SELECT * FROM read_models.builds WHERE name = $1 AND state <> 'retired'`, [name]);
  const active = builds.find(({ state }) => state === 'active');
  if (active === undefined) {
    await makeTables(database, projection, name);
    await manager.query(
      `INSERT INTO read_models.builds (name, version, definition, schema, state, made) VALUES ($1, $2, $3, $1, 'active', true)`, [name, version, definition]);
    return;
  }
  // What is older than what is read belongs to a process that will end soon.
  if (active.version > version || (active.version === version && active.definition === definition)) return;
  const building = builds.find(({ state }) => state === 'building');
  if (building !== undefined) {
    if (building.version > version || (building.version === version && building.definition === definition)) return;
    await manager.query(`UPDATE read_models.builds SET state = 'retired' WHERE id = $1`, [building.id]);
  }
  await addBuilding(manager, name, version, definition);
}

async function addBuilding(manager: EntityManager, name: string, version: number, definition: string): Promise<void> {
  await manager.query(
    `WITH next AS (SELECT nextval(pg_get_serial_sequence('read_models.builds', 'id')) AS id)
     INSERT INTO read_models.builds (id, name, version, definition, schema, state) OVERRIDING SYSTEM VALUE
     SELECT id, $1, $2, $3, $1 || '_v' || $2::integer || '_' || id, 'building' FROM next`, [name, version, definition]);
}

/** Asks whoever works on the projection to build what is read anew, beside it. Answers false when one is being built already,
 *  null when there is no such projection. */
export async function askRebuild(database: DataSource, name: string): Promise<boolean | null> {
  await infrastructure(database);
  return database.transaction(async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock($1)', [preparing]);
    const builds: readonly Build[] = await manager.query(`SELECT * FROM read_models.builds WHERE name = $1 AND state <> 'retired'`, [name]);
    const active = builds.find(({ state }) => state === 'active');
    if (active === undefined) return null;
    if (builds.some(({ state }) => state === 'building')) return false;
    await addBuilding(manager, name, active.version, active.definition);
    return true;
  });
}

/** The builds that this code can work on. */
export async function buildsFor(database: DataSource, projections: readonly Projection[]): Promise<readonly (readonly [Projection, Build])[]> {
  const rows: readonly Build[] = await database.query(`SELECT * FROM read_models.builds WHERE state <> 'retired' ORDER BY id`);
  return rows.flatMap((build) => projections
    .filter((projection) => projection.name === build.name && projection.version === build.version && definitionOf(projection) === build.definition)
    .map((projection) => [projection, build] as const));
}

export interface ComingBuild extends Build { readonly head: string | null; readonly failure: string | null }

/** Builds of this code that are being filled while another code's tables are what is read. */
export async function comingBuilds(database: DataSource, projections: readonly Projection[]): Promise<readonly ComingBuild[]> {
  const rows: readonly ComingBuild[] = await database.query(`SELECT * FROM read_models.builds WHERE state <> 'retired'`);
  return projections.flatMap((projection) => {
    const definition = definitionOf(projection);
    const own = rows.filter((build) => build.name === projection.name && build.version === projection.version && build.definition === definition);
    return own.some(({ state }) => state === 'active') ? [] : own.filter(({ state }) => state === 'building');
  });
}

export async function readBuild(database: DataSource, id: string): Promise<Build | null> {
  const rows: readonly Build[] = await database.query('SELECT * FROM read_models.builds WHERE id = $1', [id]);
  return rows[0] ?? null;
}

/** A crash in the middle makes them again. */
export async function makeBuild(database: DataSource, projection: Projection, build: Build): Promise<void> {
  await makeTables(database, projection, build.schema);
  await database.query('DELETE FROM read_models.parked WHERE build = $1', [build.id]);
  await database.query('UPDATE read_models.builds SET made = true, position = -1, mark_position = NULL, mark_event = NULL WHERE id = $1', [build.id]);
}

async function makeTables(database: DataSource, projection: Projection, schema: string): Promise<void> {
  const { options } = database;
  const entities = projection.entities.map((entity) => new EntitySchema<object>(Object.assign({}, entity.options, { schema })));
  const own = new DataSource({ type: 'postgres', ...(options.type === 'postgres' && options.url !== undefined ? { url: options.url } : {}), entities, installExtensions: false, poolSize: 1 });
  await own.initialize();
  try {
    const [found] = await own.query<{ readonly mark: string | null }[]>(
      `SELECT obj_description(oid, 'pg_namespace') AS mark FROM pg_namespace WHERE nspname = $1`, [schema]);
    if (found !== undefined && found.mark !== schemaMark) throw new SchemaTaken(schema);
    await own.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await own.query(`CREATE SCHEMA "${schema}"`);
    await own.query(`COMMENT ON SCHEMA "${schema}" IS '${schemaMark}'`);
    await own.synchronize();
  } finally {
    await own.destroy();
  }
}

/** True once what was built is what is read. It is not while it is behind what is read: nobody's reads may go back in time. */
export async function switchTo(database: DataSource, build: Build, lease: Lease): Promise<boolean> {
  return database.transaction(async (manager) => {
    // The locks wait for the batch that the active build's worker is at, and its next one finds itself retired.
    const rows: readonly Build[] = await manager.query(
      `SELECT * FROM read_models.builds WHERE name = $1 AND state <> 'retired' AND ${holdsLease('$2', '$3')} ORDER BY id FOR UPDATE`,
      [build.name, lease.name, lease.epoch]);
    const [next, active] = [rows.find(({ id }) => id === build.id), rows.find(({ state }) => state === 'active')];
    if (next === undefined || next.state === 'active') return next !== undefined;
    if (active !== undefined) {
      if (BigInt(next.position) < BigInt(active.position) && !(await isAhead(manager, active))) return false;
      const old = `${active.name}_old_${active.id}`;
      await manager.query(`ALTER SCHEMA "${active.schema}" RENAME TO "${old}"`);
      await manager.query(`UPDATE read_models.builds SET state = 'retired', schema = $2 WHERE id = $1`, [active.id, old]);
    }
    await manager.query(`ALTER SCHEMA "${next.schema}" RENAME TO "${next.name}"`);
    await manager.query(`UPDATE read_models.builds SET state = 'active', schema = name WHERE id = $1`, [next.id]);
    return true;
  });
}

async function isAhead(manager: EntityManager, { id }: Build): Promise<boolean> {
  const rows: readonly { readonly ahead: boolean }[] = await manager.query('SELECT ahead FROM read_models.builds WHERE id = $1', [id]);
  return rows[0]?.ahead === true;
}

/** Waits for readers still at it only a moment: what cannot be dropped now is dropped later. */
export async function dropRetired(database: DataSource): Promise<void> {
  const rows: readonly Build[] = await database.query(`SELECT * FROM read_models.builds WHERE state = 'retired'`);
  for (const { id, schema, name } of rows) {
    await database.transaction(async (manager) => {
      await manager.query(`SET LOCAL lock_timeout = '2s'`);
      const held: readonly unknown[] = await manager.query('SELECT FROM read_models.builds WHERE id = $1 FOR UPDATE SKIP LOCKED', [id]);
      if (held.length === 0 || schema === name) return;
      await manager.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      await manager.query('DELETE FROM read_models.builds WHERE id = $1', [id]);
    }).catch(() => undefined);
  }
}

export function definitionOf(projection: Projection): string {
  return sha256Hex(JSON.stringify([projection.entities.map((entity) => entity.options), projection.subscribes]));
}
