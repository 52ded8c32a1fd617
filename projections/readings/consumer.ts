import type { DataSource } from 'typeorm';
import { receive, type TelemetryBus } from '@oort/kernel-telemetry';
import { messageOf } from '@oort/kernel-wire';

import { topicNames, type Topic } from '@oort/schema/telemetry/topics';
import { postgresChains } from './chains';
import { keep, type KeptTopic } from './effects';
import { makeTables, schema } from './tables';

export interface ReadingsOptions {
  readonly bus: TelemetryBus;
  readonly database: DataSource;
  /** Hex; null for a node that nobody enrolled. */
  publicKeyOf(nodeId: string): Promise<string | null>;
  now(): Date;
}

const metricsKeptMs = 30 * 24 * 3600 * 1000;
const forgetEveryMs = 3600_000;
/** A flush is shared by so many. */
const envelopesATransaction = 200;

/** Resolves with the name of the group that fills the tables. */
export async function prepareReadings(database: DataSource): Promise<string> {
  return `readings-${await makeTables(database)}`;
}

/** Metrics are one row a step: they go after thirty days. The rest is one row a node. */
export async function forgetOldMetrics(database: DataSource, now: Date): Promise<void> {
  await database.query(`DELETE FROM ${schema}.metric WHERE at < $1`, [new Date(now.getTime() - metricsKeptMs).toISOString()]);
}

/** Fills the tables from the topics until the signal aborts. */
export async function startReadings({ bus, database, publicKeyOf, now }: ReadingsOptions, signal: AbortSignal): Promise<void> {
  const group = await prepareReadings(database);
  const chains = postgresChains(database);
  const forgetting = setInterval(() => {
    forgetOldMetrics(database, now()).catch((error: unknown) => { process.stderr.write(`readings: old metrics stay: ${messageOf(error)}\n`); });
  }, forgetEveryMs);
  try {
    await Promise.all(topicNames.filter(isKept).map((topic) => receive({
      bus, topic, group, chains, now, publicKeyOf, most: envelopesATransaction, effect: (received, manager) => keep(topic, received, manager),
    }, signal)));
  } finally {
    clearInterval(forgetting);
  }
}

function isKept(topic: Topic): topic is KeptTopic {
  return topic !== 'heartbeats';
}
