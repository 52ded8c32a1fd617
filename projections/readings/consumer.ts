import type { DataSource } from 'typeorm';
import { receive, type TelemetryBus } from '@oort/kernel-telemetry';

import { topicNames, type Topic } from '@oort/schema/telemetry/topics';
import { postgresChains } from './chains';
import { keep, type KeptTopic } from './effects';
import { makeTables } from './tables';

export interface ReadingsOptions {
  readonly bus: TelemetryBus;
  readonly database: DataSource;
  /** Hex; null for a node that nobody enrolled. */
  publicKeyOf(nodeId: string): Promise<string | null>;
  now(): Date;
}

/** A flush is shared by so many. */
const envelopesATransaction = 200;

/** Resolves with the name of the group that fills the tables. */
export async function prepareReadings(database: DataSource): Promise<string> {
  return `readings-${await makeTables(database)}`;
}

/** Fills the tables from the topics until the signal aborts. */
export async function startReadings({ bus, database, publicKeyOf, now }: ReadingsOptions, signal: AbortSignal): Promise<void> {
  const group = await prepareReadings(database);
  const chains = postgresChains(database);
  await Promise.all(topicNames.filter(isKept).map((topic) => receive({
    bus, topic, group, chains, now, publicKeyOf, most: envelopesATransaction, effect: (received, manager) => keep(topic, received, manager),
  }, signal)));
}

function isKept(topic: Topic): topic is KeptTopic {
  return topic !== 'heartbeats';
}
