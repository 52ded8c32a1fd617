// A reaction reads the log behind a durable checkpoint and sends commands of its own. Each event is handed over at least once:
// react derives its command ids from the event's id (deriveId), so what ran before changes nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { batchesOf } from '@oort/kernel-projection';
import type { Delivery, EventStore, RecordedEvent } from '@oort/kernel-eventstore';

export interface ReactionOptions {
  /** Names the checkpoint; unique on the platform. */
  readonly name: string;
  readonly store: EventStore;
  readonly database: DataSource;
  readonly subscribes: readonly string[];
  /** One event after another. What it throws is logged and tried again, and nothing behind it is handed over before. */
  readonly react: (event: RecordedEvent) => Promise<void>;
  readonly signal: AbortSignal;
}

const batchSize = 100;
const retryMs = { first: 100, most: 5_000 };

/** Resolves once the reaction runs; it ends when the signal aborts. */
export async function runReaction(options: ReactionOptions): Promise<void> {
  await prepareCheckpoint(options);
  void keepReacting(options);
}

async function keepReacting(options: ReactionOptions): Promise<void> {
  const { name, signal } = options;
  let pauseMs = retryMs.first;
  while (!signal.aborted) {
    try {
      await follow(options, () => { pauseMs = retryMs.first; });
    } catch (error) {
      if (signal.aborted) return;
      process.stderr.write(`reaction ${name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, retryMs.most);
    }
  }
}

async function follow({ name, store, database, subscribes, react, signal }: ReactionOptions, onProgress: () => void): Promise<void> {
  const rows: readonly { position: string }[] = await database.query('SELECT position FROM reactions.checkpoints WHERE name = $1', [name]);
  let handled = BigInt(rows[0]?.position ?? -1);
  const ending = new AbortController();
  const both = AbortSignal.any([signal, ending.signal]);
  const save = async (position: bigint): Promise<void> => {
    if (position <= handled) return;
    await database.query('UPDATE reactions.checkpoints SET position = $2 WHERE name = $1', [name, position.toString()]);
    handled = position;
    onProgress();
  };
  try {
    const from = handled < 0n ? 'start' : { after: handled };
    for await (const batch of batchesOf(store.subscribe({ from, filter: { types: subscribes }, signal: both }), batchSize)) {
      let reached = handled;
      try {
        for (const delivery of batch) {
          if (signal.aborted) return;
          if (delivery.kind === 'event') await react(delivery.event);
          reached = positionOf(delivery) ?? reached;
        }
      } finally {
        // After a failure too: what was handled before it is not handed over again.
        await save(reached);
      }
    }
  } finally {
    ending.abort();
  }
}

async function prepareCheckpoint({ name, database }: ReactionOptions): Promise<void> {
  // Reactions start together, and CREATE IF NOT EXISTS races with itself: an advisory lock lets one at a time through.
  await database.transaction(async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock(7077011)');
    await manager.query('CREATE SCHEMA IF NOT EXISTS reactions');
    await manager.query('CREATE TABLE IF NOT EXISTS reactions.checkpoints (name text PRIMARY KEY, position numeric NOT NULL)');
    await manager.query('INSERT INTO reactions.checkpoints VALUES ($1, -1) ON CONFLICT DO NOTHING', [name]);
  });
}

function positionOf(delivery: Delivery): bigint | null {
  return delivery.kind === 'event' ? delivery.event.position : delivery.position;
}
