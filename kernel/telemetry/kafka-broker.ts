// A real Apache Kafka for tests and for trying things out: one KRaft broker (KIP-500) on free ports of 127.0.0.1, from Kafka's own
// jars, which Maven fetches once. `node --require tsx/cjs kernel/telemetry/kafka-broker.ts` runs one until it is interrupted.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync, openSync, closeSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { Fault, messageOf } from '@oort/kernel-wire';

export interface KafkaBroker {
  /** host:port */
  readonly address: string;
  /** Of a secure one, PEM: its own authority. */
  readonly certificate: string | null;
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
const fetchTimeoutMs = 10 * 60_000;
const keystorePassword = 'for-tests';
/** Who a secure broker knows. */
export const kafkaAccount = { username: 'oort', password: 'for-tests-only' };
const run = promisify(execFile);

/** Which of the programs that a broker needs are missing here. */
export function missingPrograms(): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return ['java', 'mvn'].filter((name) => !folders.some((folder) => executable(join(folder, name))));
}

/**
 * Null when Kafka can be run here, else in one line why not. Fetches its jars when they are not there yet, which takes as long as the
 * network takes; it waits, so that a test file can decide by it what it describes.
 */
export function whyNoKafka(): string | null {
  const missing = missingPrograms();
  if (missing.length > 0) return `there is no ${missing.join(' and no ')} here`;
  try {
    kafkaJars();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Where Kafka's jars are, whole. Throws BrokerFailed. */
export function kafkaJars(): string {
  const folder = join(tmpdir(), `oort-kafka-${version}`);
  if (existsSync(folder)) return folder;
  const aside = mkdtempSync(`${folder}-`);
  writeFileSync(join(aside, 'pom.xml'), pom);
  try {
    execFileSync('mvn', [
      '-q', '-B', '-f', join(aside, 'pom.xml'), 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(aside, 'jars')}`,
      '-Daether.connector.connectTimeout=10000', '-Dmaven.wagon.http.retryHandler.count=1',
    ], { timeout: fetchTimeoutMs, stdio: 'pipe', encoding: 'utf8' });
    renameSync(join(aside, 'jars'), folder);
  } catch (error) {
    // Another process may have been faster: its jars are as good.
    if (!existsSync(folder)) throw new BrokerFailed('Maven did not fetch Kafka', reasonOf(error));
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

/** Maven says why on its standard output, among much else. */
function reasonOf(error: unknown): string {
  const output = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : '';
  const said = output.split('\n').map((line) => line.replace(/\u001b\[[0-9;]*m/g, '').replace(/^(\[ERROR\] *)+/, '').trim()).find((line) => line !== '');
  return said?.slice(0, 300) ?? messageOf(error).split('\n')[0] ?? '';
}

/** Formats its storage; `start` starts it. A secure one asks for TLS and for `kafkaAccount`, by SASL PLAIN or SCRAM. */
export async function createKafkaBroker({ secure = false }: { readonly secure?: boolean } = {}): Promise<KafkaBroker> {
  const classPath = join(kafkaJars(), '*');
  const directory = mkdtempSync(join(tmpdir(), 'oort-kafka-broker-'));
  const [port, controllerPort, ownPort] = await freePorts(3);
  const settings = join(directory, 'server.properties');
  const logPath = join(directory, 'broker.log');
  mkdirSync(join(directory, 'data'));
  const certificate = secure ? await makeCertificate(directory) : null;
  const open = properties(join(directory, 'data'), port ?? 0, controllerPort ?? 0);
  writeFileSync(settings, textOf(certificate === null ? open : { ...open, ...secured(port ?? 0, controllerPort ?? 0, ownPort ?? 0, certificate.keystore) }));
  const { username, password } = kafkaAccount;
  // One argument with its name: an id that begins with a dash would be read as an option of its own.
  const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  const scram = secure ? ['256', '512'].flatMap((bits) => ['--add-scram', `SCRAM-SHA-${bits}=[name=${username},password=${password}]`]) : [];
  await run('java', ['-cp', classPath, 'kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', settings, ...scram]);
  const address = `127.0.0.1:${port}`;
  const watched: KafkaConfig = certificate === null ? { brokers: [address] } : { brokers: [`127.0.0.1:${ownPort}`] };
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
    certificate: certificate?.pem ?? null,
    pid: () => child?.pid ?? null,
    async start() {
      const log = openSync(logPath, 'a');
      child = spawn('java', ['-Xmx320m', '-Xms64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.Kafka', settings], { stdio: ['ignore', log, log] });
      closeSync(log);
      await answering(watched, child, () => readFileSync(logPath, 'utf8'));
    },
    stop,
    async remove() {
      await stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function answering(config: KafkaConfig, child: ChildProcess, log: () => string): Promise<void> {
  const admin = new Kafka({ ...config, logLevel: logLevel.NOTHING, connectionTimeout: 1000, retry: { retries: 0 } }).admin();
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

function properties(data: string, port: number, controllerPort: number): Record<string, string> {
  return {
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
  };
}

/** Clients come in over TLS with a password; the broker speaks to itself on a port of its own. */
function secured(port: number, controllerPort: number, ownPort: number, keystore: string): Record<string, string> {
  const { username, password } = kafkaAccount;
  return {
    'listeners': `SECURE://127.0.0.1:${port},OWN://127.0.0.1:${ownPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `SECURE://127.0.0.1:${port},OWN://127.0.0.1:${ownPort}`,
    'listener.security.protocol.map': 'SECURE:SASL_SSL,OWN:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'OWN',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.secure.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`,
    'listener.name.secure.scram-sha-256.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.secure.scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'ssl.keystore.type': 'PKCS12', 'ssl.keystore.location': keystore, 'ssl.keystore.password': keystorePassword, 'ssl.key.password': keystorePassword,
  };
}

function textOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join('');
}

/** With the JRE's own tool. */
async function makeCertificate(directory: string): Promise<{ readonly keystore: string; readonly pem: string }> {
  const keystore = join(directory, 'broker.p12');
  const store = ['-alias', 'broker', '-storetype', 'PKCS12', '-keystore', keystore, '-storepass', keystorePassword];
  await run('keytool', ['-genkeypair', ...store, '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3', '-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1']);
  const { stdout } = await run('keytool', ['-exportcert', '-rfc', ...store]);
  return { keystore, pem: stdout };
}

const pom = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>oort</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency></dependencies>
</project>
`;

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  return ports;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** With --check it only says in one line whether the Kafka tests are run here. */
async function main(): Promise<void> {
  if (process.argv.includes('--check')) {
    const why = whyNoKafka();
    process.stdout.write(why === null ? `the Kafka tests run against Apache Kafka ${version}\n` : `the Kafka tests are NOT run: ${why}\n`);
    return;
  }
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
