// Telemetry of the services topology: a real Kafka where one can be started; else the platform's own bus, and that is said.
import { kafkaSettings } from '@oort/kernel-telemetry';
import { createKafkaBroker, missingPrograms } from '@oort/kernel-telemetry/kafka-broker';
import { messageOf } from '@oort/kernel-wire';

export interface Bus { readonly environment: Readonly<Record<string, string>>; remove(): Promise<void> }

export async function startBus(tell: (line: string) => void): Promise<Bus | null> {
  if (kafkaSettings(process.env) !== null) return null;
  const missing = missingPrograms();
  if (missing.length > 0) {
    tell(`no Kafka can be started here without ${missing.join(' and ')}: telemetry goes over the embedded bus`);
    return null;
  }
  try {
    const broker = await createKafkaBroker();
    await broker.start();
    tell(`Kafka runs at ${broker.address}`);
    return { environment: { OORT_KAFKA_BROKERS: broker.address }, remove: () => broker.remove() };
  } catch (error) {
    tell(`Kafka did not start (${messageOf(error).split('\n')[0] ?? ''}): telemetry goes over the embedded bus`);
    return null;
  }
}
