// `oort up --topology services`: every service a process of its own, started in the order in which they need one another. None is
// started again behind one's back: when one ends, that is told, and all end.
import { join } from 'node:path';
import { openPostgres } from '@oort/kernel-projection';
import { kafkaSettings } from '@oort/kernel-telemetry';
import { runtimeClass } from '@oort/node-agents-agent/enrolment';
import { keyFiles } from '../platform-keys';
import { choosePorts } from '../ports';
import type { PlatformOptions, RunningPlatform } from '../running-platform';
import { lastWords, ServiceFailed, startChild, type Child, type Ready, type ServiceToStart } from './child';
import { chain, graphql, ingest, projections, s3, subgraphs, type Environment, type Places, type ServiceKind } from './services';

/** Resolves when every door is open. Throws ServiceFailed, after ending what had started. */
export async function openServices({ directory, tell, onEnd }: PlatformOptions): Promise<RunningPlatform> {
  const ports = await choosePorts(process.env);
  const crew = new Crew(directory, onEnd);
  const opened: (() => Promise<unknown>)[] = [() => crew.stop()];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0)) await one();
  };
  try {
    const keys = keyFiles(join(directory, 'keys'));
    const postgres = await openPostgres({ directory: join(directory, 'postgres'), environment: process.env });
    opened.push(() => postgres.stop());
    const kafka = kafkaEnvironment();
    tell(kafka === null ? 'telemetry: no Kafka is named by OORT_KAFKA_BROKERS, so the ingest door holds the embedded bus' : `telemetry: Kafka at ${kafka['OORT_KAFKA_BROKERS'] ?? ''}`);
    const unplaced: Places = {
      keys, directory: join(directory, 'olympus'), eventStoreUrl: '', chainUrl: '', postgresUrl: postgres.url,
      site: `127.0.0.1:${ports.graphql}`, runtimeClass, telemetry: kafka ?? { OORT_TELEMETRY_KEY_FILE: keys.telemetry },
    };
    const [events, node] = await Promise.all([crew.startEventStore(), crew.start('chain', chain, unplaced, ports.chain)]);
    const places: Places = { ...unplaced, directory, eventStoreUrl: textOf(events, 'url'), chainUrl: textOf(node, 'url') };
    const [door] = await Promise.all([crew.start('ingest', ingest, places, ports.ingest), crew.start('projections', projections, places, null)]);
    tell('event store, chain, ingest door and projections run');
    const telemetry: Environment = kafka ?? { ...places.telemetry, OORT_TELEMETRY_URL: textOf(door, 'telemetryUrl') };
    const urls = await crew.startAll(subgraphs, { ...places, telemetry });
    tell(`${Object.keys(urls).length} subgraphs run`);
    const [bucket, graph] = await Promise.all([crew.start('s3', s3, places, ports.s3), crew.start('graphql', graphql(urls), places, ports.graphql)]);
    const url = textOf(graph, 'url');
    return { addresses: { graphql: url, graphqlWebSocket: url.replace(/^http/, 'ws'), s3: textOf(bucket, 'url'), ingest: textOf(door, 'url'), chain: places.chainUrl }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

class Crew {
  private readonly children: Child[] = [];
  private stopping = false;

  constructor(private readonly directory: string, private readonly onEnd: (reason: Error) => void) {}

  startEventStore(): Promise<Ready> {
    return this.launch({
      name: 'eventstore', command: ['cli/main.ts', 'eventstore', '--grpc', '0', '--data', this.directory], environment: {}, log: this.logOf('eventstore'),
      ready: (line) => {
        const [, url] = / at (esdb:\S+)/.exec(line) ?? [];
        return url === undefined ? null : { url };
      },
    });
  }

  /** `port`: null for a service without a door. */
  start(name: string, { entry, environment }: ServiceKind, places: Places, port: number | null): Promise<Ready> {
    return this.launch({ name, command: [entry], environment: { ...environment(places), ...(port === null ? {} : { OORT_PORT: String(port) }) }, log: this.logOf(name) });
  }

  /** All at once: where each answers. */
  async startAll(kinds: Readonly<Record<string, ServiceKind>>, places: Places): Promise<Readonly<Record<string, string>>> {
    const started = await Promise.all(Object.entries(kinds).map(async ([name, kind]) => [name, textOf(await this.start(name, kind, places, 0), 'url')] as const));
    return Object.fromEntries(started);
  }

  /** Those that were started last end first; those of one moment together. */
  async stop(): Promise<void> {
    this.stopping = true;
    const foundations = ['eventstore', 'chain'];
    const first = this.children.filter(({ name }) => !foundations.includes(name));
    await Promise.all(first.map((child) => child.stop()));
    await Promise.all(this.children.map((child) => child.stop()));
  }

  private async launch(service: ServiceToStart): Promise<Ready> {
    const child = await startChild(service);
    if (this.stopping) await child.stop();
    this.children.push(child);
    void child.ended.then((how) => {
      if (this.stopping) return;
      this.stopping = true;
      this.onEnd(new ServiceFailed('SERVICE_ENDED', `${service.name} ended with ${how}: ${lastWords(service.log)}`));
    });
    return child.ready;
  }

  private logOf(name: string): string { return join(this.directory, 'logs', `${name}.log`); }
}

/** Null where no brokers are named. Throws KafkaSettingInvalid. */
function kafkaEnvironment(): Environment | null {
  if (kafkaSettings(process.env) === null) return null;
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (/^OORT_(KAFKA|TELEMETRY)_/.test(name) && value !== undefined ? [[name, value]] : [])));
}

function textOf(ready: Ready, name: string): string {
  const value = ready[name];
  if (typeof value !== 'string') throw new ServiceFailed('SERVICE_SILENT', `a service did not tell its ${name}`);
  return value;
}
