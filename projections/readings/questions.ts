import type { DataSource } from 'typeorm';
import { schema } from './tables';

export interface MachineReport {
  /** RFC 3339. */
  readonly at: string;
  readonly cpuShare: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly diskFreeBytes: number;
  readonly diskTotalBytes: number;
  /** Null for a node that keeps no pieces. */
  readonly pieces: number | null;
  readonly pieceBytes: number | null;
}

/** How whole the reports of one node and topic are. */
export interface ChainReport {
  readonly topic: string;
  readonly readings: number;
  /** Envelopes that never came. */
  readonly missing: number;
  /** Readings that the node gave up, as it says. */
  readonly dropped: number;
  /** How often it began anew. */
  readonly epochs: number;
  readonly clockAheadMs: number;
  readonly lastAt: string | null;
}

export interface UsageReport { readonly kind: string; readonly subjects: number; readonly units: number; readonly durationMs: number }

export interface JobMetricRow { readonly nodeId: string; readonly attempt: number; readonly name: string; readonly step: number; readonly value: number; readonly at: string }

type Row = Readonly<Record<string, unknown>>;

/** Null for a node that reported nothing yet. */
export async function machineReport(database: DataSource, nodeId: string): Promise<MachineReport | null> {
  const [row] = await rows(database, `SELECT machine.*, pieces, bytes FROM ${schema}.machine LEFT JOIN ${schema}.inventory USING (node_id) WHERE node_id = $1`, [nodeId]);
  if (row === undefined) return null;
  return {
    at: timeOf(row['at']), cpuShare: Number(row['cpu_share']), memoryUsedBytes: Number(row['memory_used_bytes']), memoryTotalBytes: Number(row['memory_total_bytes']),
    diskFreeBytes: Number(row['disk_free_bytes']), diskTotalBytes: Number(row['disk_total_bytes']), pieces: numberOrNull(row['pieces']), pieceBytes: numberOrNull(row['bytes']),
  };
}

export async function chainReports(database: DataSource, nodeId: string): Promise<readonly ChainReport[]> {
  const found = await rows(database, `SELECT * FROM ${schema}.chain WHERE node_id = $1 ORDER BY topic`, [nodeId]);
  return found.map((row) => ({
    topic: String(row['topic']), readings: Number(row['readings']), missing: Number(row['missing']), dropped: Number(row['dropped']), epochs: Number(row['epochs']),
    clockAheadMs: Number(row['clock_ahead_ms']), lastAt: row['last_at'] === null ? null : timeOf(row['last_at']),
  }));
}

export async function usageReports(database: DataSource, nodeId: string): Promise<readonly UsageReport[]> {
  const found = await rows(database, `SELECT * FROM ${schema}.usage WHERE node_id = $1 ORDER BY kind`, [nodeId]);
  return found.map((row) => ({ kind: String(row['kind']), subjects: Number(row['subjects']), units: Number(row['units']), durationMs: Number(row['duration_ms']) }));
}

export async function jobMetrics(database: DataSource, jobId: string): Promise<readonly JobMetricRow[]> {
  const found = await rows(database, `SELECT * FROM ${schema}.metric WHERE job_id = $1 ORDER BY attempt, name, step, node_id`, [jobId]);
  return found.map((row) => ({
    nodeId: String(row['node_id']), attempt: Number(row['attempt']), name: String(row['name']), step: Number(row['step']), value: Number(row['value']), at: timeOf(row['at']),
  }));
}

async function rows(database: DataSource, sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
  return await database.query<Row[]>(sql, [...parameters]);
}

function timeOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : new Date(String(value)).toISOString();
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
