// The embedded topology: every part in one process, wired through the same ports as in any other.
import { join } from 'node:path';
import { fileKeyStore, openEmbeddedStore, openUpcast, openVisible, type EventStore, type KeyStore } from '@oort/kernel-eventstore';
import { openPostgres, openReadModels, type OpenReadModels } from '@oort/kernel-projection';
import { kafkaSettings, openEmbeddedBus, openKafkaBus, type TelemetryBus } from '@oort/kernel-telemetry';
import { createTimers } from '@oort/kernel-timers';
import { localGenesis, openNode, type OlympusNode } from '@oort/ledger-node';
import { eventPrivacy, localParameters, upcasters, type PlatformParameters } from '@oort/schema';
import { platformKeys, type PlatformKeys } from './platform-keys';
import { projections } from './read-models';

export interface Foundation {
  readonly keys: PlatformKeys;
  readonly eventKeys: KeyStore;
  /** Keys of what was sealed until an event that has happened. */
  readonly revealedKeys: KeyStore;
  readonly rawStore: EventStore;
  readonly store: EventStore;
  readonly telemetry: TelemetryBus;
  readonly node: OlympusNode;
  readonly readModels: OpenReadModels;
  readonly timers: ReturnType<typeof createTimers>;
  readonly parameters: PlatformParameters;
  /** In the reverse order of opening. */
  close(): Promise<void>;
}

/** What lies below the domains: log, bus, chain, PostgreSQL, timers. The event store comes first: its lock keeps a second instance out. */
export async function layFoundation(directory: string, onHalt: (reason: Error) => void): Promise<Foundation> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  try {
    const rawStore = await openEmbeddedStore({ directory: join(directory, 'events') });
    opened.push(() => rawStore.close());
    const keys = platformKeys(join(directory, 'keys'));
    const eventKeys = fileKeyStore(join(directory, 'keys', 'events'));
    const revealedKeys = fileKeyStore(join(directory, 'keys', 'revealed'));
    const store = openUpcast(openVisible(rawStore, { ...eventPrivacy, keys: eventKeys }), upcasters);
    const telemetry = await openBus(join(directory, 'telemetry'));
    opened.push(() => telemetry.close());
    const node = await openNode({ directory: join(directory, 'olympus'), genesis: localGenesis(keys.chainAddress, localParameters), onHalt });
    opened.push(() => node.close());
    const postgres = await openPostgres({ directory: join(directory, 'postgres'), environment: process.env });
    opened.push(() => postgres.stop());
    const readModels = await openReadModels({ url: postgres.url, projections, store });
    opened.push(() => readModels.close());
    const timers = createTimers({ store, now: () => new Date() });
    return { keys, eventKeys, revealedKeys, rawStore, store, telemetry, node, readModels, timers, parameters: localParameters, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openBus(directory: string): Promise<TelemetryBus> {
  const kafka = kafkaSettings(process.env);
  return kafka === null ? openEmbeddedBus({ directory }) : openKafkaBus({ ...kafka, clientId: 'oort-platform' });
}
