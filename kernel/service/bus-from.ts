// The telemetry bus where the environment says: Kafka, or the embedded one of the ingest door's process.
import type { Settings } from '@oort/kernel-process';
import { kafkaSettings, openKafkaBus, type TelemetryBus } from '@oort/kernel-telemetry';
import { Fault } from '@oort/kernel-wire';
import { remoteBus } from './remote-bus';

export class NoTelemetry extends Fault {
  constructor() {
    super('NO_TELEMETRY', 'neither OORT_KAFKA_BROKERS nor OORT_TELEMETRY_URL is set');
  }
}

/** Opened when it is first used: most services never do. */
export function busFrom(settings: Settings, clientId: string): TelemetryBus {
  let opened: Promise<TelemetryBus> | null = null;
  const bus = (): Promise<TelemetryBus> => opened ??= open(settings, clientId).catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return {
    publish: async (topic, key, value) => (await bus()).publish(topic, key, value),
    consume: async (topic, group, handler, signal) => (await bus()).consume(topic, group, handler, signal),
    consumeBatches: async (topic, group, most, handler, signal) => (await bus()).consumeBatches(topic, group, most, handler, signal),
    drain: async (topic, group, handler) => (await bus()).drain(topic, group, handler),
    peek: async (topic, group, handler) => (await bus()).peek(topic, group, handler),
    close: async () => (await opened?.catch(() => null))?.close(),
  };
}

async function open(settings: Settings, clientId: string): Promise<TelemetryBus> {
  const kafka = kafkaSettings(settings.environment);
  if (kafka !== null) return openKafkaBus({ ...kafka, clientId: `oort-${clientId}` });
  if (settings.optional('OORT_TELEMETRY_URL') === null) throw new NoTelemetry();
  return remoteBus({ url: settings.url('OORT_TELEMETRY_URL', 'http', 'https'), key: settings.file('OORT_TELEMETRY_KEY_FILE') });
}
