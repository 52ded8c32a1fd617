// What envelopes of each topic change, many at once in a few statements. A reading's time is the node's, but never later than its
// envelope's.
import type { EntityManager } from 'typeorm';
import type { Received } from '@oort/kernel-telemetry';
import { decodeReading } from '@oort/schema/telemetry/readings';
import type { Readings, Topic } from '@oort/schema/telemetry/topics';
import { schema } from './tables';

export type KeptTopic = Exclude<Topic, 'heartbeats'>;

/** GraphQL's Int. */
const mostPieces = 2 ** 31 - 1;

interface Taken<T extends Topic> { readonly nodeId: string; readonly at: string; readonly reading: Readings[T] }

export async function keep(topic: KeptTopic, received: readonly Received[], manager: EntityManager): Promise<void> {
  await keepReadings(topic, received, manager);
  await keepNotices(received, manager);
}

async function keepReadings(topic: KeptTopic, received: readonly Received[], manager: EntityManager): Promise<void> {
  switch (topic) {
    case 'resources': return keepMachines(taken('resources', received), manager);
    case 'inventories': return keepInventories(taken('inventories', received), manager);
    case 'metrics': return keepMetrics(taken('metrics', received), manager);
    case 'usage': return keepUsage(taken('usage', received), manager);
  }
}

/** Throws EnvelopeRejected. */
function taken<T extends Topic>(topic: T, received: readonly Received[]): readonly Taken<T>[] {
  return received.flatMap(({ nodeId, sealedAtMs, readings }) => readings.map((bytes) => {
    const reading = decodeReading(topic, bytes);
    return { nodeId, at: new Date(Math.min(reading.atMs, sealedAtMs)).toISOString(), reading };
  }));
}

/** The last of each: PostgreSQL refuses to change a row twice in one statement. */
function lastOfEach<V>(all: readonly V[], keyOf: (one: V) => string): readonly V[] {
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/** Only the latest counts, whatever comes late. */
async function keepMachines(all: readonly Taken<'resources'>[], manager: EntityManager): Promise<void> {
  const last = lastOfEach(all, ({ nodeId }) => nodeId);
  await manager.query(
    `INSERT INTO ${schema}.machine
      SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::float8[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
      ON CONFLICT (node_id) DO UPDATE SET at = excluded.at, cpu_share = excluded.cpu_share, memory_used_bytes = excluded.memory_used_bytes,
        memory_total_bytes = excluded.memory_total_bytes, disk_free_bytes = excluded.disk_free_bytes, disk_total_bytes = excluded.disk_total_bytes
      WHERE machine.at <= excluded.at`,
    [last.map(({ nodeId }) => nodeId), last.map(({ at }) => at), last.map(({ reading }) => within(reading.cpuShare, 1)),
      last.map(({ reading }) => within(reading.memoryUsedBytes)), last.map(({ reading }) => within(reading.memoryTotalBytes)),
      last.map(({ reading }) => within(reading.diskFreeBytes)), last.map(({ reading }) => within(reading.diskTotalBytes))]);
}

async function keepInventories(all: readonly Taken<'inventories'>[], manager: EntityManager): Promise<void> {
  const last = lastOfEach(all, ({ nodeId }) => nodeId);
  await manager.query(
    `INSERT INTO ${schema}.inventory SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[])
      ON CONFLICT (node_id) DO UPDATE SET at = excluded.at, pieces = excluded.pieces, bytes = excluded.bytes WHERE inventory.at <= excluded.at`,
    [last.map(({ nodeId }) => nodeId), last.map(({ at }) => at), last.map(({ reading }) => within(reading.pieces, mostPieces)), last.map(({ reading }) => within(reading.bytes))]);
}

/** The same step reported again is the same row. */
async function keepMetrics(all: readonly Taken<'metrics'>[], manager: EntityManager): Promise<void> {
  const last = lastOfEach(all, ({ nodeId, reading: { jobId, attempt, name, step } }) => JSON.stringify([nodeId, storable(jobId), attempt, storable(name), within(step)]));
  await manager.query(
    `INSERT INTO ${schema}.metric (node_id, job_id, attempt, name, step, value, at)
      SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::float8[], $7::timestamptz[])
      ON CONFLICT (job_id, attempt, name, step, node_id) DO UPDATE SET value = excluded.value, at = excluded.at`,
    [last.map(({ nodeId }) => nodeId), last.map(({ reading }) => storable(reading.jobId)), last.map(({ reading }) => reading.attempt),
      last.map(({ reading }) => storable(reading.name)), last.map(({ reading }) => within(reading.step)), last.map(({ reading }) => reading.value), last.map(({ at }) => at)]);
}

async function keepUsage(all: readonly Taken<'usage'>[], manager: EntityManager): Promise<void> {
  const sums = new Map<string, { readonly nodeId: string; readonly kind: string; subjects: bigint; units: bigint; durationMs: bigint }>();
  for (const { nodeId, reading: { kind: named, units, durationMs } } of all) {
    const kind = storable(named);
    const key = JSON.stringify([nodeId, kind]);
    const sum = sums.get(key) ?? { nodeId, kind, subjects: 0n, units: 0n, durationMs: 0n };
    sums.set(key, sum);
    sum.subjects += 1n;
    sum.units += BigInt(within(units));
    sum.durationMs += BigInt(within(durationMs));
  }
  const rows = [...sums.values()];
  await manager.query(
    `INSERT INTO ${schema}.usage SELECT * FROM unnest($1::text[], $2::text[], $3::numeric[], $4::numeric[], $5::numeric[])
      ON CONFLICT (node_id, kind) DO UPDATE SET subjects = usage.subjects + excluded.subjects, units = usage.units + excluded.units,
        duration_ms = usage.duration_ms + excluded.duration_ms`,
    [rows.map(({ nodeId }) => nodeId), rows.map(({ kind }) => kind), rows.map(({ subjects }) => String(subjects)), rows.map(({ units }) => String(units)),
      rows.map(({ durationMs }) => String(durationMs))]);
}

interface Counters { readings: number; missing: number; dropped: number; epochs: number; clockAheadMs: number; lastMs: number }

async function keepNotices(received: readonly Received[], manager: EntityManager): Promise<void> {
  const nodes = new Map<string, Counters>();
  for (const { nodeId, readings, notices, sealedAtMs } of received) {
    const counters = nodes.get(nodeId) ?? { readings: 0, missing: 0, dropped: 0, epochs: 0, clockAheadMs: 0, lastMs: 0 };
    nodes.set(nodeId, counters);
    counters.readings += readings.length;
    counters.lastMs = Math.max(counters.lastMs, sealedAtMs);
    counters.clockAheadMs = 0;
    for (const notice of notices) {
      switch (notice.kind) {
        case 'gap': counters.missing += notice.to - notice.from + 1; break;
        case 'late': counters.missing -= 1; break;
        case 'dropped': counters.dropped += notice.readings; break;
        case 'epoch': counters.epochs += 1; break;
        case 'clock-ahead': counters.clockAheadMs = notice.ms; break;
        case 'joined': break;
      }
    }
  }
  const all = [...nodes.values()];
  const numbers = (['readings', 'missing', 'dropped', 'epochs', 'clockAheadMs'] as const).map((name) => all.map((counters) => counters[name]));
  await manager.query(
    `UPDATE ${schema}.chain SET readings = chain.readings + new.readings, missing = greatest(0, chain.missing + new.missing), dropped = chain.dropped + new.dropped,
      epochs = chain.epochs + new.epochs, clock_ahead_ms = new.clock_ahead_ms, last_at = greatest(chain.last_at, new.last_at)
      FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::timestamptz[])
        AS new(node_id, readings, missing, dropped, epochs, clock_ahead_ms, last_at) WHERE topic = $1 AND chain.node_id = new.node_id`,
    [received[0]?.topic ?? '', [...nodes.keys()], ...numbers, all.map(({ lastMs }) => new Date(lastMs).toISOString())]);
}

/** A node may say anything; what is absurd must stop neither the table nor who reads it. */
function within(value: number, most = Number.MAX_SAFE_INTEGER): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), most) : 0;
}

/** PostgreSQL has no text with a zero in it. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD');
}
