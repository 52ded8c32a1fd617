// The broker is away for a while, and agents are killed meanwhile: nothing that was recorded is lost, nothing counts twice. Real
// Kafka, real PostgreSQL, agents in processes of their own; half of them go through the ingest door, half straight to the broker.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { openIngestDoor } from '@oort/gateway-telemetry';
import { diskContentStore } from '@oort/kernel-content';
import { newDeviceKey, type DeviceKey } from '@oort/kernel-identity';
import { testPostgres } from '@oort/kernel-projection';
import { deadTopicOf, openKafkaBus, type TelemetryBus } from '@oort/kernel-telemetry';
import { createKafkaBroker, type KafkaBroker } from '@oort/kernel-telemetry/kafka-broker';
import { chainReports, jobMetrics, startReadings, usageReports } from '@oort/projections-readings';
import { topicNames } from '@oort/schema/telemetry/topics';
import type { AgentTask } from './agent-process';

export interface Outage {
  readonly outageMs: number;
  readonly agents: number;
  readonly everyMs: number;
  tell(line: string): void;
}

export interface Outcome {
  /** Numbers that agents said were on their disks. */
  readonly recorded: number;
  /** Of those, what never arrived. */
  readonly lost: number;
  /** What arrived beyond one of each. */
  readonly doubled: number;
  /** Envelopes that are missing, readings given up, chains begun anew, dead letters. */
  readonly missing: number;
  readonly dropped: number;
  readonly epochs: number;
  readonly deadLetters: number;
  /** From the broker's return until everything had arrived. */
  readonly caughtUpMs: number;
}

interface Agent { readonly nodeId: string; readonly key: DeviceKey; readonly directory: string; readonly overKafka: boolean; readonly said: Set<number>; child: ChildProcess | null }

const warmUpMs = 3000;
const longestCatchUpMs = 120_000;
/** Numbers of one life of an agent; the next life starts above, so that each number is recorded once. */
const lifeOf = 1_000_000;
const onlySending = 0;

export async function outage({ outageMs, agents: count, everyMs, tell }: Outage): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-outage-'));
  const agents: readonly Agent[] = Array.from({ length: count }, (_, index) => ({
    nodeId: `node_${index}`, key: newDeviceKey(), directory: join(directory, `agent-${index}`), overKafka: index % 2 === 1, said: new Set<number>(), child: null }));
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const broker = await createKafkaBroker();
    closing.push(() => broker.remove());
    await broker.start();
    const platform = await startPlatform(broker, agents, directory, closing);
    const start = (agent: Agent, from: number, pauseMs = everyMs): void => { startAgent(agent, { ingest: platform.ingest, from, everyMs: pauseMs }, broker); };
    closing.push(() => Promise.all(agents.map((agent) => end(agent, 'SIGKILL'))));
    for (const agent of agents) start(agent, 0);
    await sleep(warmUpMs);
    await broker.stop('SIGKILL');
    tell(`the broker is away for ${Math.round(outageMs / 1000)} s`);
    await sleep(outageMs / 2);
    for (const agent of agents) {
      await end(agent, 'SIGKILL');
      start(agent, lifeOf);
    }
    tell(`${agents.length} agents were killed and started again`);
    await sleep(outageMs / 2);
    await broker.start();
    const backAtMs = Date.now();
    tell('the broker is back');
    await sleep(warmUpMs);
    for (const agent of agents) {
      await end(agent, 'SIGTERM');
      start(agent, 2 * lifeOf, onlySending);
    }
    await caughtUp(platform.database, agents, Date.now() + longestCatchUpMs);
    const caughtUpMs = Date.now() - backAtMs;
    return { ...await outcomeOf(platform.database, platform.bus, agents), caughtUpMs };
  } finally {
    for (const close of closing.reverse()) await close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function startPlatform(
  broker: KafkaBroker, agents: readonly Agent[], directory: string, closing: (() => Promise<unknown>)[],
): Promise<{ readonly ingest: string; readonly database: DataSource; readonly bus: TelemetryBus }> {
  const postgres = await testPostgres();
  closing.push(() => postgres.stop());
  const database = await new DataSource({ type: 'postgres', url: postgres.url, installExtensions: false }).initialize();
  closing.push(() => database.destroy());
  const bus = await openKafkaBus({ brokers: [broker.address], clientId: 'platform' });
  closing.push(() => bus.close());
  // Topics are the platform's to make; agents that go straight to the broker find them there.
  for (const topic of topicNames) await bus.peek(topic, 'nobody', () => Promise.resolve());
  const publicKeyOf = (nodeId: string): Promise<string | null> => Promise.resolve(agents.find((agent) => agent.nodeId === nodeId)?.key.publicKey ?? null);
  const stop = new AbortController();
  const consuming = startReadings({ bus, database, now: () => new Date(), publicKeyOf }, stop.signal);
  closing.push(async () => {
    stop.abort();
    await consuming;
  });
  const door = await openIngestDoor({
    port: 0, telemetry: bus, content: diskContentStore(join(directory, 'content')),
    access: { handedIn: () => Promise.resolve(), mayFetch: () => Promise.resolve(false) }, credentials: { session: () => null, nodeKey: publicKeyOf, now: () => new Date() } });
  closing.push(() => door.close());
  return { ingest: door.url, database, bus };
}

function startAgent(agent: Agent, { ingest, from, everyMs }: Pick<AgentTask, 'ingest' | 'from' | 'everyMs'>, broker: KafkaBroker): void {
  const { nodeId, key, directory, overKafka, said } = agent;
  mkdirSync(directory, { recursive: true });
  const task: AgentTask = { directory, nodeId, key, ingest, from, everyMs };
  const { OORT_KAFKA_BROKERS: _, ...environment } = process.env;
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'agent-process.ts'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'], cwd: join(__dirname, '..', '..'), env: { ...environment, ...(overKafka ? { OORT_KAFKA_BROKERS: broker.address } : {}) } });
  createInterface({ input: child.stdout }).on('line', (line) => { said.add(Number(line)); });
  child.stderr.resume();
  agent.child = child;
}

async function end(agent: Agent, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const { child } = agent;
  agent.child = null;
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => { child.once('close', () => { resolve(); }); });
  child.kill(signal);
  await ended;
}

/** Until everything that the agents have said by now is in the tables, or the time is up. Each topic is taken at a pace of its own. */
async function caughtUp(database: DataSource, agents: readonly Agent[], untilMs: number): Promise<void> {
  const wanted = agents.map(({ nodeId, said }) => ({ nodeId, said: [...said] }));
  for (const { nodeId, said } of wanted) {
    while (!await isThere(database, nodeId, said) && Date.now() < untilMs) await sleep(200);
  }
}

async function isThere(database: DataSource, nodeId: string, said: readonly number[]): Promise<boolean> {
  const arrived = await stepsOf(database, nodeId);
  const [usage] = await usageReports(database, nodeId);
  return said.every((n) => arrived.has(n)) && (usage?.subjects ?? 0) >= said.length;
}

async function stepsOf(database: DataSource, nodeId: string): Promise<ReadonlySet<number>> {
  return new Set((await jobMetrics(database, `job-of-${nodeId}`)).map(({ step }) => step));
}

async function outcomeOf(database: DataSource, bus: TelemetryBus, agents: readonly Agent[]): Promise<Omit<Outcome, 'caughtUpMs'>> {
  let [recorded, lost, doubled, missing, dropped, epochs, deadLetters] = [0, 0, 0, 0, 0, 0, 0];
  for (const { nodeId, said } of agents) {
    const arrived = await stepsOf(database, nodeId);
    const reports = await chainReports(database, nodeId);
    const [usage] = await usageReports(database, nodeId);
    recorded += said.size;
    lost += [...said].filter((n) => !arrived.has(n)).length;
    // A step is a row of its own, so what came twice shows in the count of readings; usage has no rows to hide it in.
    doubled += (reports.find(({ topic }) => topic === 'metrics')?.readings ?? 0) - arrived.size + Math.max(0, (usage?.subjects ?? 0) - arrived.size);
    lost += Math.max(0, said.size - (usage?.subjects ?? 0));
    for (const report of reports) {
      missing += report.missing;
      dropped += report.dropped;
      epochs += report.epochs;
    }
  }
  for (const topic of topicNames) deadLetters += await bus.peek(deadTopicOf(topic), 'nobody', () => Promise.resolve());
  return { recorded, lost, doubled, missing, dropped, epochs, deadLetters };
}
