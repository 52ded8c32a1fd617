// What lies below a domain in a process of its own: event store, keys, read models, telemetry, timers and chain, each where the
// environment says.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileKeyStore, openUpcast, openVisible, type EventStore, type KeyStore, type Upcasters, type VisibleOptions } from '@oort/kernel-eventstore';
import { openEventStoreDb } from '@oort/kernel-eventstore-client';
import type { Settings } from '@oort/kernel-process';
import { openReadModels, type OpenReadModels, type Projection } from '@oort/kernel-projection';
import type { TelemetryBus } from '@oort/kernel-telemetry';
import { createTimers, type RunningTimers } from '@oort/kernel-timers';
import { Fault, messageOf } from '@oort/kernel-wire';
import { onlyOne } from './only-one';
import { busFrom } from './bus-from';
import { jsonRpc } from './json-rpc';

export type Sealing = Omit<VisibleOptions, 'keys'>;

export interface FoundationOptions {
  readonly name: string;
  readonly settings: Settings;
  /** Those that this process reads, or runs. */
  readonly projections: readonly Projection[];
  readonly sealing: Sealing;
  readonly upcasters: Upcasters;
  /** Aborted when another process has taken this one's place, or may have. */
  readonly stop: AbortController;
}

export interface ServiceFoundation {
  /** As it lies on disk: ciphertext where data is not public. */
  readonly rawStore: EventStore;
  readonly store: EventStore;
  readonly eventKeys: KeyStore;
  readonly readModels: OpenReadModels;
  /** Connects when it is first used. */
  readonly telemetry: TelemetryBus;
  readonly timers: RunningTimers;
  readonly ledger: ReturnType<typeof jsonRpc>;
  now(): Date;
  /** In the reverse order of opening. */
  close(): Promise<void>;
}

export class DependencyAway extends Fault {
  constructor(variable: string, why: string) {
    super('DEPENDENCY_AWAY', `nothing answers at ${variable}: ${why}`);
  }
}

const pauseMs = 200;

/** Throws SettingRefused, DependencyAway, ServiceRunsAlready. */
export async function openFoundation({ name, settings, projections, sealing, upcasters, stop }: FoundationOptions): Promise<ServiceFoundation> {
  const connectionString = settings.url('OORT_EVENTSTORE_URL', 'esdb', 'esdb+discover');
  const databaseUrl = settings.url('OORT_POSTGRES_URL', 'postgres', 'postgresql');
  const ledger = jsonRpc(settings.url('OORT_CHAIN_URL', 'http', 'https'));
  const eventKeys = fileKeyStore(settings.directory('OORT_EVENT_KEYS'));
  const telemetry = busFrom(settings, name);
  const patienceMs = 1000 * settings.whole('OORT_PATIENCE_SECONDS', 60);
  const now = (): Date => new Date();
  const opened: (() => Promise<unknown>)[] = [() => telemetry.close()];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  try {
    const rawStore = openEventStoreDb({ connectionString });
    opened.push(() => rawStore.close());
    await answering('OORT_EVENTSTORE_URL', patienceMs, () => rawStore.head());
    const store = openUpcast(openVisible(rawStore, { ...sealing, keys: eventKeys }), upcasters);
    const readModels = await answering('OORT_POSTGRES_URL', patienceMs, () => openReadModels({ url: databaseUrl, projections, store }));
    opened.push(() => readModels.close());
    const alone = await onlyOne({ url: databaseUrl, name, lost: () => { stop.abort(); } });
    opened.push(() => alone.release());
    return { rawStore, store, eventKeys, readModels, telemetry, timers: createTimers({ store, now }), ledger, now, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whatever it needs may be starting at the same moment. */
async function answering<T>(variable: string, patienceMs: number, ask: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw new DependencyAway(variable, messageOf(error).split('\n')[0] ?? '');
      await sleep(pauseMs);
    }
  }
}
