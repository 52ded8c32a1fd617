// A reaction reads the log behind a durable checkpoint and sends commands of its own. Each event is handed over at least once:
// react derives its command ids from the event's id (deriveId), so what ran before changes nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { batchesOf, holdsLease, infrastructure, LeaseLost, takeLease, type Lease } from '@oort/kernel-projection';
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

/** Resolves once the reaction runs, here or in another process that works on it; it ends when the signal aborts. */
export async function runReaction(options: ReactionOptions): Promise<void> {
  const { name, database } = options;
  await infrastructure(database);
  await database.query('INSERT INTO reactions.checkpoints VALUES ($1, -1) ON CONFLICT DO NOTHING', [name]);
  void keepReacting(options);
}

async function keepReacting(options: ReactionOptions): Promise<void> {
  const { name, database, signal } = options;
  let pauseMs = retryMs.first;
  while (!signal.aborted) {
    const lease = await takeLease(database, `reaction/${name}`, signal);
    if (lease === null) return;
    try {
      await follow({ ...options, signal: AbortSignal.any([signal, lease.lost]) }, lease, () => { pauseMs = retryMs.first; });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof LeaseLost)) process.stderr.write(`reaction ${name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    } finally {
      await lease.release();
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, retryMs.most);
  }
}

async function follow({ name, store, database, subscribes, react, signal }: ReactionOptions, lease: Lease, onProgress: () => void): Promise<void> {
  let handled = await handledBefore(name, store, database);
  let mark: RecordedEvent | undefined;
  const ending = new AbortController();
  const both = AbortSignal.any([signal, ending.signal]);
  // Conditional: a holder that stalled and woke does not move what another has moved meanwhile.
  const save = async (position: bigint): Promise<void> => {
    if (position <= handled) return;
    const moved: readonly unknown[] = await database.query(
      `WITH moved AS (UPDATE reactions.checkpoints SET position = $3, mark_position = coalesce($4, mark_position), mark_event = coalesce($5, mark_event)
         WHERE name = $1 AND position = $2 AND ${holdsLease('$6', '$7')} RETURNING 1) SELECT FROM moved`,
      [name, handled.toString(), position.toString(), mark?.position.toString() ?? null, mark?.id ?? null, lease.name, lease.epoch]);
    if (moved.length === 0) throw new LeaseLost(lease.name);
    handled = position;
    onProgress();
  };
  try {
    const from = handled < 0n ? 'start' : { after: handled };
    for await (const batch of batchesOf(store.subscribe({ from, filter: { types: subscribes }, signal: both }), () => batchSize)) {
      let reached = handled;
      try {
        for (const delivery of batch) {
          if (signal.aborted) return;
          if (delivery.kind === 'event') {
            await react(delivery.event);
            mark = delivery.event;
          }
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

interface Checkpoint { readonly position: string; readonly mark_position: string | null; readonly mark_event: string | null }

/** From the first event again where the store no longer has what was handled, as after a restore from an older backup: what was
 *  handled since is lost with it, and what was handled before writes nothing twice. */
async function handledBefore(name: string, store: EventStore, database: DataSource): Promise<bigint> {
  const [row] = await database.query<readonly Checkpoint[]>('SELECT * FROM reactions.checkpoints WHERE name = $1', [name]);
  const position = BigInt(row?.position ?? -1);
  if (row === undefined || await isKnown(store, row, position)) return position;
  process.stderr.write(`reaction ${name} was at ${position}, which the event store does not have (any more): it starts from the first event\n`);
  await database.query('UPDATE reactions.checkpoints SET position = -1, mark_position = NULL, mark_event = NULL WHERE name = $1', [name]);
  return -1n;
}

async function isKnown(store: EventStore, { mark_position: at, mark_event: id }: Checkpoint, position: bigint): Promise<boolean> {
  if (position > (await store.head() ?? -1n)) return false;
  if (at === null || id === null) return true;
  for await (const event of store.readAll({ after: BigInt(at) - 1n }, { limit: 1 })) return event.id === id;
  return true;
}

function positionOf(delivery: Delivery): bigint | null {
  return delivery.kind === 'event' ? delivery.event.position : delivery.position;
}
