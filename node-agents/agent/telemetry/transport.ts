// How envelopes leave: over the ingest door, or straight to Kafka for a node with credentials of its own for the brokers.
import { BusUnreachable, EnvelopeRejected, kafkaSettings, MessageTooLarge, openKafkaBus, type TelemetryBus } from '@oort/kernel-telemetry';
import type { DeviceKey } from '@oort/kernel-identity';
import { requireNetwork } from '../network-switch';
import type { PlatformClient } from '../platform-client';
import { TelemetryRefused } from './refused';
import type { Sealed } from './topic-buffer';

export interface TelemetryTransport {
  /** Resolves once all are durable at the platform; with its clock where it tells. Throws TelemetryRefused; anything else is worth another try. */
  send(envelopes: readonly Sealed[]): Promise<{ readonly platformNowMs: number | null }>;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly nodeId: string;
  readonly key: DeviceKey;
  readonly directory: string;
  readonly client: PlatformClient;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Kafka where the environment names brokers, the ingest door elsewhere. Throws KafkaSettingInvalid. */
export function telemetryTransport(options: TransportOptions): TelemetryTransport {
  const kafka = kafkaSettings(options.environment);
  return kafka === null ? overDoor(options) : overKafka(options, kafka);
}

function overDoor({ client }: TransportOptions): TelemetryTransport {
  return {
    send: async (envelopes) => client.sendTelemetry(envelopes.map(({ bytes }) => bytes)),
    close: () => Promise.resolve(),
  };
}

/** The topics are the platform's to make; a node may only write to them. */
function overKafka({ nodeId, directory }: TransportOptions, settings: NonNullable<ReturnType<typeof kafkaSettings>>): TelemetryTransport {
  let bus: TelemetryBus | null = null;
  return {
    async send(envelopes) {
      requireNetwork(directory);
      bus ??= await openKafkaBus({ ...settings, clientId: nodeId, makesTopics: false, retries: 3 });
      for (const { topic, bytes } of envelopes) {
        try {
          await bus.publish(topic, nodeId, bytes);
        } catch (error) {
          if (error instanceof MessageTooLarge || error instanceof EnvelopeRejected) throw new TelemetryRefused(error.code, error.message);
          if (error instanceof BusUnreachable) {
            // The brokers may be others when they are back.
            await bus.close();
            bus = null;
          }
          throw error;
        }
      }
      return { platformNowMs: null };
    },
    async close() {
      await bus?.close();
    },
  };
}
