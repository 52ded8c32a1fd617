// What an envelope of each topic changes. A reading's time is the node's, but never later than the envelope's.
import type { EntityManager } from 'typeorm';
import type { Received } from '@oort/kernel-telemetry';
import { decodeReading } from '@oort/schema/telemetry/readings';
import type { Readings, Topic } from '@oort/schema/telemetry/topics';
import { schema } from './tables';

export type KeptTopic = Exclude<Topic, 'heartbeats'>;

export async function keep(topic: KeptTopic, received: Received, manager: EntityManager): Promise<void> {
  await keepReadings(topic, received, manager);
  await keepNotices(received, manager);
}

async function keepReadings(topic: KeptTopic, received: Received, manager: EntityManager): Promise<void> {
  switch (topic) {
    case 'resources': return keepMachine(received, decoded('resources', received), manager);
    case 'inventories': return keepInventory(received, decoded('inventories', received), manager);
    case 'metrics': return keepMetrics(received, decoded('metrics', received), manager);
    case 'usage': return keepUsage(received, decoded('usage', received), manager);
  }
}

function decoded<T extends Topic>(topic: T, { readings }: Received): readonly Readings[T][] {
  return readings.map((bytes) => decodeReading(topic, bytes));
}

function timeOf({ sealedAtMs }: Received, atMs: number): string {
  return new Date(Math.min(atMs, sealedAtMs)).toISOString();
}

/** Only the latest counts, whatever comes late. */
async function keepMachine(received: Received, readings: readonly Readings['resources'][], manager: EntityManager): Promise<void> {
  const last = readings.at(-1);
  if (last === undefined) return;
  await manager.query(
    `INSERT INTO ${schema}.machine VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (node_id) DO UPDATE SET at = excluded.at,
      cpu_share = excluded.cpu_share, memory_used_bytes = excluded.memory_used_bytes, memory_total_bytes = excluded.memory_total_bytes,
      disk_free_bytes = excluded.disk_free_bytes, disk_total_bytes = excluded.disk_total_bytes WHERE machine.at <= excluded.at`,
    [received.nodeId, timeOf(received, last.atMs), last.cpuShare, last.memoryUsedBytes, last.memoryTotalBytes, last.diskFreeBytes, last.diskTotalBytes]);
}

async function keepInventory(received: Received, readings: readonly Readings['inventories'][], manager: EntityManager): Promise<void> {
  const last = readings.at(-1);
  if (last === undefined) return;
  await manager.query(
    `INSERT INTO ${schema}.inventory VALUES ($1, $2, $3, $4) ON CONFLICT (node_id) DO UPDATE SET at = excluded.at, pieces = excluded.pieces,
      bytes = excluded.bytes WHERE inventory.at <= excluded.at`,
    [received.nodeId, timeOf(received, last.atMs), last.pieces, last.bytes]);
}

/** One statement for all, since an envelope may hold a thousand. The same step reported again is the same row. */
async function keepMetrics(received: Received, readings: readonly Readings['metrics'][], manager: EntityManager): Promise<void> {
  const rows = new Map(readings.map((one) => [JSON.stringify([one.jobId, one.attempt, one.name, one.step]), one]));
  const all = [...rows.values()];
  await manager.query(
    `INSERT INTO ${schema}.metric (node_id, job_id, attempt, name, step, value, at)
      SELECT $1, * FROM unnest($2::text[], $3::integer[], $4::text[], $5::bigint[], $6::double precision[], $7::timestamptz[])
      ON CONFLICT (job_id, attempt, name, step, node_id) DO UPDATE SET value = excluded.value, at = excluded.at`,
    [received.nodeId, all.map(({ jobId }) => storable(jobId)), all.map(({ attempt }) => attempt), all.map(({ name }) => storable(name)),
      all.map(({ step }) => step), all.map(({ value }) => value), all.map(({ atMs }) => timeOf(received, atMs))]);
}

async function keepUsage({ nodeId }: Received, readings: readonly Readings['usage'][], manager: EntityManager): Promise<void> {
  const sums = new Map<string, { subjects: number; units: number; durationMs: number }>();
  for (const { kind, units, durationMs } of readings) {
    const sum = sums.get(storable(kind)) ?? { subjects: 0, units: 0, durationMs: 0 };
    sums.set(storable(kind), { subjects: sum.subjects + 1, units: sum.units + units, durationMs: sum.durationMs + durationMs });
  }
  for (const [kind, { subjects, units, durationMs }] of sums) {
    await manager.query(
      `INSERT INTO ${schema}.usage VALUES ($1, $2, $3, $4, $5) ON CONFLICT (node_id, kind) DO UPDATE SET subjects = usage.subjects + excluded.subjects,
        units = usage.units + excluded.units, duration_ms = usage.duration_ms + excluded.duration_ms`,
      [nodeId, kind, subjects, units, durationMs]);
  }
}

async function keepNotices({ nodeId, topic, readings, notices, sealedAtMs }: Received, manager: EntityManager): Promise<void> {
  let [missing, dropped, epochs, clockAheadMs] = [0, 0, 0, 0];
  for (const notice of notices) {
    switch (notice.kind) {
      case 'gap': missing += notice.to - notice.from + 1; break;
      case 'late': missing -= 1; break;
      case 'dropped': dropped += notice.readings; break;
      case 'epoch': epochs += 1; break;
      case 'clock-ahead': clockAheadMs = notice.ms; break;
      case 'joined': break;
    }
  }
  await manager.query(
    `UPDATE ${schema}.chain SET readings = readings + $3, missing = greatest(0, missing + $4), dropped = dropped + $5, epochs = epochs + $6, clock_ahead_ms = $7,
      last_at = greatest(last_at, $8) WHERE node_id = $1 AND topic = $2`,
    [nodeId, topic, readings.length, missing, dropped, epochs, clockAheadMs, new Date(sealedAtMs).toISOString()]);
}

/** PostgreSQL has no text with a zero in it. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD');
}
