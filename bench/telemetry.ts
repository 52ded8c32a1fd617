// Telemetry from end to end: nodes seal and publish, a broker keeps, a consumer checks signatures and chains and decodes every
// reading. One core checks about nine thousand signatures a second, so what an envelope holds decides.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { DataSource } from 'typeorm';
import { startPostgres } from '@oort/kernel-projection';
import { memoryChains, openEmbeddedBus, openEnvelope, openKafkaBus, receive, sealEnvelope, type TelemetryBus } from '@oort/kernel-telemetry';
import { createKafkaBroker, whyNoKafka, type KafkaBroker } from '@oort/kernel-telemetry/kafka-broker';
import { startReadings } from '@oort/projections-readings';
import { decodeReading, encodeReading } from '@oort/schema/telemetry/readings';
import { figure, type Figure } from './figure';
import { benchNode, report, type NodesTask } from './telemetry-nodes';

const nodes = 64;
const warmUpMs = 1500;
const measuredMs = 4000;
const perReading = { unit: 'readings/s', better: 'higher' } as const;
const publicKeys = new Map(Array.from({ length: nodes }, (_, index) => benchNode(index)).map(({ nodeId, key }) => [nodeId, key.publicKey]));
const publicKeyOf = (nodeId: string): Promise<string | null> => Promise.resolve(publicKeys.get(nodeId) ?? null);

export async function telemetryFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-telemetry-'));
  try {
    return [...await throughKafka(directory), await throughEmbedded(directory), ...costs()];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function throughKafka(directory: string): Promise<readonly Figure[]> {
  const why = whyNoKafka();
  if (why !== null) {
    process.stderr.write(`without Kafka: ${why}\n`);
    return [];
  }
  const broker = await createKafkaBroker();
  try {
    await broker.start();
    const peer = { name: 'bare kafkajs, unsigned, a message a reading', value: await bare(broker) };
    const figures: Figure[] = [];
    for (const readings of [1, 10, 100, 1000]) {
      const ours = await withNodes(broker, readings, checked);
      const aim = readings === 100 ? { aim: { kind: 'absolute', value: 50_000 } as const } : {};
      figures.push(figure({ ...perReading, name: `telemetry through Kafka, ${readings} readings an envelope`, ours, peer, ...aim }));
    }
    const kept = await withPostgres(directory, (database) => withNodes(broker, 100, keptIn(database)));
    return [...figures, figure({ ...perReading, name: 'telemetry through Kafka into PostgreSQL, 100 readings an envelope', ours: kept, peer })];
  } finally {
    await broker.remove();
  }
}

async function throughEmbedded(directory: string): Promise<Figure> {
  const bus = await openEmbeddedBus({ directory: join(directory, 'bus') });
  const stop = new AbortController();
  const reporting = Promise.all(Array.from({ length: nodes }, (_, index) => report(bus, 'usage', index, 100, stop.signal)));
  const ours = await checked(bus);
  stop.abort();
  await reporting;
  await bus.close();
  return figure({ ...perReading, name: 'telemetry through the embedded bus, 100 readings an envelope, nodes and platform in one process', ours });
}

/** Readings a second while nodes report as fast as they can. */
async function withNodes(broker: KafkaBroker, readings: number, measure: (bus: TelemetryBus, topic: string) => Promise<number>): Promise<number> {
  const bus = await openKafkaBus({ brokers: [broker.address], clientId: 'bench-platform' });
  const topic = measure === checked ? `usage-${randomUUID()}` : 'usage';
  await bus.peek(topic, 'nobody', () => Promise.resolve());
  const task: NodesTask = { broker: broker.address, topic, nodes, readings };
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'telemetry-nodes.ts'), JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => { child.once('close', () => { resolve(); }); });
  try {
    return await measure(bus, topic);
  } finally {
    child.kill('SIGKILL');
    await ended;
    await bus.close();
  }
}

/** Signatures and chains are checked, every reading is decoded and counted. */
async function checked(bus: TelemetryBus, topic = 'usage'): Promise<number> {
  let units = 0;
  const stop = new AbortController();
  const running = receive<null>({
    bus, topic, group: 'bench', chains: memoryChains(), now: () => new Date(), publicKeyOf,
    effect(received) {
      for (const { readings } of received) for (const one of readings) units += decodeReading('usage', one).units;
      return Promise.resolve();
    },
  }, stop.signal);
  const rate = await rateOf(() => Promise.resolve(units));
  stop.abort();
  await running;
  return rate;
}

function keptIn(database: DataSource): (bus: TelemetryBus) => Promise<number> {
  return async (bus) => {
    const stop = new AbortController();
    const running = startReadings({ bus, database, now: () => new Date(), publicKeyOf }, stop.signal);
    const rate = await rateOf(async () => {
      const [row] = await database.query<{ readonly sum: string | null }[]>('SELECT sum(units) FROM readings_v1.usage').catch(() => [{ sum: null }]);
      return Number(row?.sum ?? 0);
    });
    stop.abort();
    await running;
    return rate;
  };
}

/** From a warm start on. */
async function rateOf(counted: () => Promise<number>): Promise<number> {
  while (await counted() === 0) await sleep(20);
  await sleep(warmUpMs);
  const [before, startedAt] = [await counted(), performance.now()];
  await sleep(measuredMs);
  return ((await counted() - before) * 1000) / (performance.now() - startedAt);
}

async function withPostgres(directory: string, work: (database: DataSource) => Promise<number>): Promise<number> {
  const postgres = await startPostgres({ directory: join(directory, 'postgres') });
  const database = await new DataSource({ type: 'postgres', url: postgres.url, installExtensions: false }).initialize();
  try {
    return await work(database);
  } finally {
    await database.destroy();
    await postgres.stop();
  }
}

/** What most would write first: each reading is a message, nothing is signed; requests of a thousand, acknowledged by all replicas. */
async function bare(broker: KafkaBroker): Promise<number> {
  const kafka = new Kafka({ brokers: [broker.address], clientId: 'bare', logLevel: logLevel.NOTHING });
  const [admin, producer, consumer] = [kafka.admin(), kafka.producer(), kafka.consumer({ groupId: 'bare', maxWaitTimeInMs: 250 })];
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  await admin.createTopics({ topics: [{ topic: 'bare', numPartitions: 6, replicationFactor: 1 }], waitForLeaders: true });
  let [units, isOver] = [0, false];
  await consumer.subscribe({ topics: ['bare'], fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => {
      for (const { value } of batch.messages) if (value !== null) units += decodeReading('usage', value).units;
      return Promise.resolve();
    },
  });
  const producing = (async (): Promise<void> => {
    for (let sent = 0; !isOver; sent += 1) {
      const messages = Array.from({ length: 1000 }, (_, n) => ({
        key: `node_${n % nodes}`, value: encodeReading('usage', { atMs: Date.now(), subjectId: `job_${sent}_${n}`, kind: 'inference', units: 1, durationMs: 12 }) }));
      await producer.send({ topic: 'bare', messages, acks: -1 });
    }
  })();
  const rate = await rateOf(() => Promise.resolve(units));
  isOver = true;
  await producing;
  await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
  return rate;
}

/** Where the consumer's time goes, on one core. */
function costs(): readonly Figure[] {
  const { nodeId, key } = benchNode(0);
  const reading = encodeReading('usage', { atMs: Date.now(), subjectId: 'job_1_1', kind: 'inference', units: 1, durationMs: 12 });
  const { bytes } = sealEnvelope({
    nodeId, key, topic: 'usage', epoch: 1, epochReason: 'first', sequence: 0, previousHash: null, sealedAtMs: Date.now(), readings: Array.from({ length: 100 }, () => reading) });
  const opening = perCall(() => openEnvelope(bytes, key.publicKey));
  const decoding = perCall(() => decodeReading('usage', reading));
  return [
    figure({ name: 'opening an envelope of 100 readings: signature, hash, fields', unit: 'us', better: 'lower', ours: opening }),
    figure({ name: 'decoding a reading', unit: 'us', better: 'lower', ours: decoding }),
  ];
}

/** Microseconds. */
function perCall(work: () => unknown): number {
  let calls = 0;
  const startedAt = performance.now();
  for (; performance.now() - startedAt < 500; calls += 1) work();
  return ((performance.now() - startedAt) * 1000) / calls;
}
