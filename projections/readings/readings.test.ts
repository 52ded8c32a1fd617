// Over real PostgreSQL: what was reported counts once, whatever is delivered again, and whenever the consumer stops.
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { newDeviceKey } from '@oort/kernel-identity';
import { testPostgres, type TestDatabase } from '@oort/kernel-projection';
import { deadLetters, memoryBus, sealEnvelope, type TelemetryBus } from '@oort/kernel-telemetry';
import { encodeReading } from '@oort/schema/telemetry/readings';
import type { Readings, Topic } from '@oort/schema/telemetry/topics';
import { chainReports, forgetOldMetrics, jobMetrics, machineReport, prepareReadings, startReadings, usageReports } from './index';

const key = newDeviceKey();
const atMs = Date.parse('2026-01-01T00:00:00Z');
let server: TestDatabase;
let database: DataSource;
let bus: TelemetryBus;

beforeAll(async () => {
  server = await testPostgres();
  database = await new DataSource({ type: 'postgres', url: server.url, installExtensions: false }).initialize();
});
beforeEach(async () => {
  await database.query('DROP SCHEMA IF EXISTS readings_v1 CASCADE');
  bus = memoryBus();
});
afterEach(() => bus.close());
afterAll(async () => {
  await database.destroy();
  await server.stop();
});

/** A node's envelopes of one topic, a list of readings each. */
function chain<T extends Topic>(topic: T, ...envelopes: readonly (readonly Readings[T][])[]): readonly Buffer[] {
  let previousHash: string | null = null;
  return envelopes.map((readings, sequence) => {
    const { bytes, hash } = sealEnvelope({
      nodeId: 'node_1', key, topic, epoch: 1, epochReason: 'first', sequence, previousHash, sealedAtMs: atMs + sequence, readings: readings.map((one) => encodeReading(topic, one)) });
    previousHash = hash;
    return bytes;
  });
}

const used = (subjectId: string, units = 1): Readings['usage'] => ({ atMs, subjectId, kind: 'inference', units, durationMs: 10 });

async function start(): Promise<{ stop(): Promise<void> }> {
  await prepareReadings(database);
  const stop = new AbortController();
  const running = startReadings({ bus, database, now: () => new Date(atMs + 3600_000), publicKeyOf: () => Promise.resolve(key.publicKey) }, stop.signal);
  return {
    async stop() {
      stop.abort();
      await running;
    },
  };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!await condition()) await sleep(10);
}

const readings = async (topic: string): Promise<number> => (await chainReports(database, 'node_1')).find((one) => one.topic === topic)?.readings ?? 0;

test('usage counts once, over redeliveries, gaps that are filled, and consumers that stop and start', async () => {
  const envelopes = chain('usage', ...Array.from({ length: 30 }, (_, n) => [used(`a${n}`), used(`b${n}`, 2)]));
  let consumer = await start();
  for (const [index, bytes] of envelopes.entries()) {
    // The tenth comes last; others come twice, and the consumer ends in between.
    if (index !== 10) await bus.publish('usage', 'node_1', bytes);
    if (index % 3 === 0 && index !== 10) await bus.publish('usage', 'node_1', envelopes[index - 1] ?? bytes);
    if (index % 7 === 0) {
      await consumer.stop();
      consumer = await start();
    }
  }
  await until(async () => await readings('usage') === 58);
  expect(await chainReports(database, 'node_1')).toMatchObject([{ topic: 'usage', readings: 58, missing: 1, dropped: 0, epochs: 0 }]);
  await bus.publish('usage', 'node_1', envelopes[10] ?? Buffer.of());
  for (const bytes of envelopes) await bus.publish('usage', 'node_1', bytes);
  await until(async () => await readings('usage') === 60);
  await sleep(100);
  await consumer.stop();
  expect(await usageReports(database, 'node_1')).toEqual([{ kind: 'inference', subjects: 60, units: 90, durationMs: 600 }]);
  expect(await chainReports(database, 'node_1')).toMatchObject([{ readings: 60, missing: 0 }]);
});

test('an effect that fails half done leaves nothing, and counts once when it succeeds', async () => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  await prepareReadings(database);
  await database.query('ALTER TABLE readings_v1.usage ADD CONSTRAINT planned CHECK (units < 3)');
  const consumer = await start();
  const [first = Buffer.of(), second = Buffer.of()] = chain('usage', [used('a', 2)], [used('b', 2)]);
  await bus.publish('usage', 'node_1', first);
  await until(async () => await readings('usage') === 1);
  await bus.publish('usage', 'node_1', second);
  await sleep(300);
  expect(await usageReports(database, 'node_1')).toMatchObject([{ subjects: 1, units: 2 }]);
  await database.query('ALTER TABLE readings_v1.usage DROP CONSTRAINT planned');
  await until(async () => await readings('usage') === 2);
  await consumer.stop();
  write.mockRestore();
  expect(await usageReports(database, 'node_1')).toMatchObject([{ subjects: 2, units: 4 }]);
});

test('tables that are gone are filled again from what the topics hold', async () => {
  let consumer = await start();
  for (const bytes of chain('usage', [used('a')], [used('b')])) await bus.publish('usage', 'node_1', bytes);
  await until(async () => await readings('usage') === 2);
  await consumer.stop();
  await database.query('DROP SCHEMA readings_v1 CASCADE');
  consumer = await start();
  await until(async () => await readings('usage') === 2);
  await consumer.stop();
  expect(await usageReports(database, 'node_1')).toMatchObject([{ subjects: 2 }]);
});

test('machines, inventories and metrics: the latest counts, the same step once', async () => {
  const machine = { atMs, cpuShare: 0.5, memoryUsedBytes: 3e9, memoryTotalBytes: 16e9, diskFreeBytes: 5e11, diskTotalBytes: 1e12 };
  const loss = (step: number, value: number): Readings['metrics'] => ({ atMs, jobId: 'job_1', attempt: 1, name: 'loss\u0000', step, value });
  const consumer = await start();
  const envelopes = [
    ...chain('resources', [{ ...machine, cpuShare: 0.1 }, machine]).map((bytes) => ['resources', bytes] as const),
    ...chain('inventories', [{ atMs, pieces: 3, bytes: 3e12 }]).map((bytes) => ['inventories', bytes] as const),
    ...chain('metrics', [loss(1, 0.5), loss(2, 0.25), loss(2, 0.125)], [loss(1, 0.4)]).map((bytes) => ['metrics', bytes] as const),
  ];
  for (const [topic, bytes] of envelopes) await bus.publish(topic, 'node_1', bytes);
  await until(async () => await readings('metrics') === 4 && await readings('inventories') === 1 && await readings('resources') === 2);
  await consumer.stop();
  const at = new Date(atMs).toISOString();
  expect(await machineReport(database, 'node_1')).toEqual({
    at, cpuShare: 0.5, memoryUsedBytes: 3e9, memoryTotalBytes: 16e9, diskFreeBytes: 5e11, diskTotalBytes: 1e12, pieces: 3, pieceBytes: 3e12 });
  expect(await machineReport(database, 'node_2')).toBeNull();
  expect((await jobMetrics(database, 'job_1')).map(({ step, value }) => [step, value])).toEqual([[1, 0.4], [2, 0.125]]);
  const day = 24 * 3600 * 1000;
  await forgetOldMetrics(database, new Date(atMs + 29 * day));
  expect((await jobMetrics(database, 'job_1')).length).toBe(2);
  await forgetOldMetrics(database, new Date(atMs + 31 * day));
  expect(await jobMetrics(database, 'job_1')).toEqual([]);
});

test('what a node says that no machine can be is cut to what can be read, and holds up nobody', async () => {
  const absurd = 2 ** 60;
  const consumer = await start();
  const envelopes = [
    ...chain('resources', [{ atMs: absurd, cpuShare: NaN, memoryUsedBytes: absurd, memoryTotalBytes: 1, diskFreeBytes: 1, diskTotalBytes: 1 }]).map((bytes) => ['resources', bytes] as const),
    ...chain('inventories', [{ atMs: 0, pieces: absurd, bytes: absurd }]).map((bytes) => ['inventories', bytes] as const),
    ...chain('usage', [{ ...used('a'), units: absurd }, used('b')]).map((bytes) => ['usage', bytes] as const),
    ...chain('metrics', [{ atMs, jobId: 'job_2', attempt: 4_000_000_000, name: 'loss', step: absurd, value: -Infinity }]).map((bytes) => ['metrics', bytes] as const),
  ];
  for (const [topic, bytes] of envelopes) await bus.publish(topic, 'node_1', bytes);
  await until(async () => (await chainReports(database, 'node_1')).length === 4 && await readings('metrics') + await readings('usage') + await readings('inventories') + await readings('resources') === 5);
  await consumer.stop();
  expect(await machineReport(database, 'node_1')).toMatchObject({ at: new Date(atMs).toISOString(), cpuShare: 0, memoryUsedBytes: Number.MAX_SAFE_INTEGER, pieces: 2 ** 31 - 1 });
  expect(await usageReports(database, 'node_1')).toMatchObject([{ subjects: 2 }]);
  expect((await jobMetrics(database, 'job_2')).length).toBe(1);
});

test('while PostgreSQL is away envelopes wait, and none becomes a dead letter', async () => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const consumer = await start();
  const [first, ...others] = chain('usage', [used('a')], [used('b')], [used('c')]);
  await bus.publish('usage', 'node_1', first ?? Buffer.of());
  await until(async () => await readings('usage') === 1);
  const away = (): Promise<never> => Promise.reject(new RangeError('planned: no connection'));
  const [query, transaction] = [jest.spyOn(database, 'query').mockImplementation(away), jest.spyOn(database, 'transaction').mockImplementation(away)];
  for (const bytes of others) await bus.publish('usage', 'node_1', bytes);
  while (transaction.mock.calls.length < 4) await sleep(20);
  query.mockRestore();
  transaction.mockRestore();
  await until(async () => await readings('usage') === 3);
  await consumer.stop();
  write.mockRestore();
  expect(await deadLetters(bus, 'usage')).toEqual([]);
});
