// The tables about read models and reactions: made by whoever comes first, one at a time.
import type { DataSource } from 'typeorm';

const statements = [
  'CREATE SCHEMA IF NOT EXISTS read_models',
  'CREATE SEQUENCE IF NOT EXISTS read_models.sessions AS integer CYCLE',
  `CREATE TABLE IF NOT EXISTS read_models.leases (
    name text PRIMARY KEY, session integer NOT NULL, epoch bigint NOT NULL, renewed_at timestamptz NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS read_models.builds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL, version integer NOT NULL, definition text NOT NULL,
    schema text NOT NULL, state text NOT NULL CHECK (state IN ('building', 'active', 'retired')), made boolean NOT NULL DEFAULT false,
    position numeric NOT NULL DEFAULT -1, mark_position numeric, mark_event text,
    head numeric, behind_since timestamptz, failure text, ahead boolean NOT NULL DEFAULT false)`,
  `CREATE UNIQUE INDEX IF NOT EXISTS builds_active ON read_models.builds (name) WHERE state = 'active'`,
  `CREATE UNIQUE INDEX IF NOT EXISTS builds_building ON read_models.builds (name) WHERE state = 'building'`,
  `CREATE TABLE IF NOT EXISTS read_models.parked (
    build bigint REFERENCES read_models.builds ON DELETE CASCADE, position numeric,
    event_id text NOT NULL, stream text NOT NULL, type text NOT NULL, reason text NOT NULL, attempts integer NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(), replay boolean NOT NULL DEFAULT false, PRIMARY KEY (build, position))`,
  'CREATE SCHEMA IF NOT EXISTS reactions',
  'CREATE TABLE IF NOT EXISTS reactions.checkpoints (name text PRIMARY KEY, position numeric NOT NULL)',
  'ALTER TABLE reactions.checkpoints ADD COLUMN IF NOT EXISTS mark_position numeric, ADD COLUMN IF NOT EXISTS mark_event text',
];

const ready = new WeakMap<DataSource, Promise<void>>();

export function infrastructure(database: DataSource): Promise<void> {
  const known = ready.get(database);
  if (known !== undefined) return known;
  const making = make(database);
  ready.set(database, making);
  making.catch(() => ready.delete(database));
  return making;
}

/** CREATE IF NOT EXISTS races with itself, so an advisory lock lets one process at a time through. */
async function make(database: DataSource): Promise<void> {
  await database.transaction(async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock(7077011)');
    for (const statement of statements) await manager.query(statement);
    await dropEarlierLayout((sql) => manager.query(sql));
  });
}

/** Until 2026 a version had a schema of its own name and a row in read_models.checkpoints. Its rows are filled from the events again. */
async function dropEarlierLayout(query: (sql: string) => Promise<unknown>): Promise<void> {
  const [found] = (await query(`SELECT to_regclass('read_models.checkpoints')::text AS found`)) as readonly { readonly found: string | null }[];
  if (found === undefined || found.found === null) return;
  const rows = (await query('SELECT name, version FROM read_models.checkpoints')) as readonly { readonly name: string; readonly version: number }[];
  for (const { name, version } of rows) await query(`DROP SCHEMA IF EXISTS "${name}_v${version}" CASCADE`);
  await query('DROP TABLE read_models.checkpoints');
}
