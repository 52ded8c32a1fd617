// Readings are no events, so these tables are not filled from the event log: they are filled from the topics, by a consumer whose
// group is named after them. Where they are gone, a new group reads again what the topics still hold.
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';

export const schema = 'readings_v1';

const tables = [
  `CREATE SCHEMA IF NOT EXISTS ${schema}`,
  `CREATE TABLE IF NOT EXISTS ${schema}.generation (id text PRIMARY KEY)`,
  // head: what is known of the chain (kernel/telemetry/chain.ts); the counters are of its notices.
  `CREATE TABLE IF NOT EXISTS ${schema}.chain (
    node_id text, topic text, head jsonb NOT NULL DEFAULT '[]', readings bigint NOT NULL DEFAULT 0, missing bigint NOT NULL DEFAULT 0,
    dropped bigint NOT NULL DEFAULT 0, epochs bigint NOT NULL DEFAULT 0, clock_ahead_ms bigint NOT NULL DEFAULT 0, last_at timestamptz,
    PRIMARY KEY (node_id, topic))`,
  `CREATE TABLE IF NOT EXISTS ${schema}.machine (
    node_id text PRIMARY KEY, at timestamptz NOT NULL, cpu_share double precision NOT NULL, memory_used_bytes bigint NOT NULL,
    memory_total_bytes bigint NOT NULL, disk_free_bytes bigint NOT NULL, disk_total_bytes bigint NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ${schema}.inventory (node_id text PRIMARY KEY, at timestamptz NOT NULL, pieces bigint NOT NULL, bytes bigint NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ${schema}.usage (
    node_id text, kind text, subjects numeric NOT NULL, units numeric NOT NULL, duration_ms numeric NOT NULL, PRIMARY KEY (node_id, kind))`,
  `CREATE TABLE IF NOT EXISTS ${schema}.metric (
    node_id text, job_id text, attempt bigint, name text, step bigint, value double precision NOT NULL, at timestamptz NOT NULL,
    PRIMARY KEY (job_id, attempt, name, step, node_id))`,
];

/** Answers what names the group of whoever fills the tables: a fresh one for fresh tables. */
export async function makeTables(database: DataSource): Promise<string> {
  return database.transaction(async (manager) => {
    // Two processes that start at once make them once.
    await manager.query('SELECT pg_advisory_xact_lock(hashtext($1))', [schema]);
    for (const statement of tables) await manager.query(statement);
    const rows: readonly { readonly id: string }[] = await manager.query(`SELECT id FROM ${schema}.generation`);
    if (rows[0] !== undefined) return rows[0].id;
    const id = randomUUID();
    await manager.query(`INSERT INTO ${schema}.generation VALUES ($1)`, [id]);
    return id;
  });
}
