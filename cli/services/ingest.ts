// The ingest door as a process of its own. Without Kafka it also holds the embedded bus, and gives its messages to the others.
import { join } from 'node:path';
import { openIngestDoor } from '@oort/gateway-telemetry';
import { runProcess, type Settings } from '@oort/kernel-process';
import { busFrom, openBusDoor, openFoundation } from '@oort/kernel-service';
import { kafkaSettings, openEmbeddedBus, type TelemetryBus } from '@oort/kernel-telemetry';
import { contentsProjection } from '@oort/projections-contents';
import { nodesProjection } from '@oort/projections-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { eventPrivacy, upcasters } from '@oort/schema';
import { openForgotten } from '@oort/subgraphs-accounts';
import { createContentAccess, openStorageAccess } from '@oort/subgraphs-storage';
import { credentialsOver } from '../credentials';

interface Bus { readonly telemetry: TelemetryBus; readonly url: string | null; close(): Promise<void> }

runProcess('ingest', async (settings, stop) => {
  const [port, host] = [settings.port('OORT_PORT'), settings.optional('OORT_HOST') ?? '127.0.0.1'];
  const orderKey = settings.deviceKey('OORT_ORDER_KEY_FILE');
  const sessionKey = settings.publicKey('OORT_SESSION_PUBLIC_KEY_FILE');
  const foundation = await openFoundation({ name: 'ingest', settings, projections: [contentsProjection, nodesProjection, objectsProjection], sealing: eventPrivacy, upcasters, stop });
  const bus = await openBus(settings, host);
  const forgotten = await openForgotten(foundation.store, stop.signal);
  const { content } = openStorageAccess({ ...foundation, keys: foundation.eventKeys, orderKey }, stop.signal);
  const door = await openIngestDoor({
    port, host, telemetry: bus.telemetry, content, access: createContentAccess(foundation), credentials: credentialsOver({ sessionKey, readModels: foundation.readModels, forgotten }),
  });
  return {
    told: { url: door.url, ...(bus.url === null ? {} : { telemetryUrl: bus.url }) },
    async close() {
      await door.close();
      await bus.close();
      await foundation.close();
    },
  };
});

async function openBus(settings: Settings, host: string): Promise<Bus> {
  if (kafkaSettings(settings.environment) !== null) {
    const telemetry = busFrom(settings, 'ingest');
    return { telemetry, url: null, close: () => telemetry.close() };
  }
  const telemetry = await openEmbeddedBus({ directory: join(settings.directory('OORT_DATA'), 'telemetry') });
  const door = await openBusDoor({ bus: telemetry, port: settings.port('OORT_TELEMETRY_PORT', 0), host, key: settings.file('OORT_TELEMETRY_KEY_FILE') });
  return {
    telemetry, url: door.url,
    async close() {
      await door.close();
      await telemetry.close();
    },
  };
}
