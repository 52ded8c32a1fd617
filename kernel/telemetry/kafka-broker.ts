// A real Apache Kafka for tests and for trying things out: one KRaft broker (KIP-500) on free ports of 127.0.0.1, from Kafka's own
// jars, which Maven fetches once. `node --import tsx kernel/telemetry/kafka-broker.ts` runs one until it is interrupted.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync, openSync, closeSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { Fault, messageOf } from '@oort/kernel-wire';

export interface KafkaBroker {
  /** host:port */
  readonly address: string;
  readonly pid: () => number | null;
  /** Resolves when it answers. */
  start(): Promise<void>;
  /** SIGKILL loses no acknowledged message, but leaves Kafka its logs to recover. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

export class BrokerFailed extends Fault {
  constructor(what: string, log: string) {
    super('KAFKA_BROKER_FAILED', `${what}: ${log.trim().split('\n').slice(-5).join(' | ')}`);
  }
}

const version = '3.9.1';
const startTimeoutMs = 60_000;
const run = promisify(execFile);

/** Which of the programs that a broker needs are missing here. */
export function missingPrograms(): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return ['java', 'mvn'].filter((name) => !folders.some((folder) => executable(join(folder, name))));
}

/** Where Kafka's jars are; fetched when they are not there yet, which takes as long as the network takes. */
export async function kafkaJars(): Promise<string> {
  const folder = join(tmpdir(), `oort-kafka-${version}`);
  if (existsSync(folder)) return folder;
  const aside = mkdtempSync(`${folder}-`);
  writeFileSync(join(aside, 'pom.xml'), pom);
  try {
    await run('mvn', ['-q', '-B', '-f', join(aside, 'pom.xml'), 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(aside, 'jars')}`]);
    renameSync(join(aside, 'jars'), folder);
  } catch (error) {
    // Another process may have been faster: its jars are as good.
    if (!existsSync(folder)) throw new BrokerFailed('Maven did not fetch Kafka', messageOf(error));
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

/** Formats its storage; `start` starts it. */
export async function createKafkaBroker(): Promise<KafkaBroker> {
  const classPath = join(await kafkaJars(), '*');
  const directory = mkdtempSync(join(tmpdir(), 'oort-kafka-broker-'));
  const [port, controllerPort] = await freePorts();
  const settings = join(directory, 'server.properties');
  const logPath = join(directory, 'broker.log');
  mkdirSync(join(directory, 'data'));
  writeFileSync(settings, properties(join(directory, 'data'), port, controllerPort));
  await run('java', ['-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex').toString('base64url'), '-c', settings]);
  const address = `127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => { ending.once('exit', () => { resolve(); }); });
    ending.kill(signal);
    await ended;
  }

  return {
    address,
    pid: () => child?.pid ?? null,
    async start() {
      const log = openSync(logPath, 'a');
      child = spawn('java', ['-Xmx320m', '-Xms64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.Kafka', settings], { stdio: ['ignore', log, log] });
      closeSync(log);
      await answering(address, child, () => readFileSync(logPath, 'utf8'));
    },
    stop,
    async remove() {
      await stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function answering(address: string, child: ChildProcess, log: () => string): Promise<void> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, connectionTimeout: 1000, retry: { retries: 0 } }).admin();
  for (const deadline = Date.now() + startTimeoutMs; Date.now() < deadline; await sleep(100)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new BrokerFailed('Kafka ended', log());
    try {
      await admin.connect();
      const { brokers } = await admin.describeCluster();
      if (brokers.length === 1) return;
    } catch {
      // Not yet.
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
  throw new BrokerFailed('Kafka does not answer', log());
}

function properties(data: string, port: number, controllerPort: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'listeners': `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'controlled.shutdown.enable': 'false',
    // After SIGKILL the broker may register again only when its earlier self has expired.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
  }).map(([name, value]) => `${name}=${value}\n`).join('');
}

const pom = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>oort</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency></dependencies>
</project>
`;

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  for (const server of servers) await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const [first, second] = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  return [first ?? 0, second ?? 0];
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function main(): Promise<void> {
  const broker = await createKafkaBroker();
  await broker.start();
  process.stdout.write(`OORT_KAFKA_BROKERS=${broker.address}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void broker.remove().then(() => process.exit(0)); });
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  });
}
