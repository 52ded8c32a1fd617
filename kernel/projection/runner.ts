// Moves one build of a projection along the log. Rows and checkpoint change in one transaction that is conditional on the
// checkpoint read before and on the lease, so an event takes effect exactly once whoever dies, stalls or wakes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { messageOf } from '@oort/kernel-wire';
import type { Delivery, EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { BatchSize } from './batch-size';
import { batchesOf } from './batch';
import { dropRetired, makeBuild, readBuild, switchTo, type Build } from './builds';
import { holdsLease, LeaseLost, takeLease, type Lease } from './lease';
import { park, parkedForReplay, parkedStreams, stopReplay, unpark } from './parked';
import { checkMark, ReadModelAhead, type Positions } from './positions';
import type { Projection } from './port';
import { Rows } from './rows';
import { rowsFor } from './scout';
import { storable } from './storable';
import { isTransient } from './transient';

export interface RunnerOptions {
  readonly database: DataSource;
  readonly store: EventStore;
  readonly projection: Projection;
  readonly positions: Positions;
  /** Default 5000; less for tests. */
  readonly mostAtOnce?: number;
}

/** `attempts` before an event is poison; `pauseMs` grows between them. */
export const poisonTiming = { attempts: 3, pauseMs: 100 };
const retryMs = { first: 100, most: 5_000 };

type Events = readonly RecordedEvent[];

export class Runner {
  private applied = -1n;
  private behindParked = new Set<string>();
  private replayAsked = true;
  private pause: AbortController | null = null;
  private working = false;
  private readonly size: BatchSize;

  constructor(private readonly options: RunnerOptions, private build: Build) {
    this.size = new BatchSize(options.mostAtOnce);
  }

  get id(): string {
    return this.build.id;
  }

  /** Null while another process works on it. */
  get position(): bigint | null {
    return this.working ? this.applied : null;
  }

  /** The parked events that somebody asked for are tried again, before anything else. */
  askReplay(): void {
    this.replayAsked = true;
    this.pause?.abort();
  }

  /** Until the signal aborts or the build is retired. */
  async run(signal: AbortSignal): Promise<void> {
    const { database, projection } = this.options;
    while (!signal.aborted) {
      const lease = await takeLease(database, `projection/${projection.name}/${this.build.id}`, signal);
      if (lease === null) return;
      this.working = true;
      try {
        if (await this.work(AbortSignal.any([signal, lease.lost]), lease) === 'retired') return;
      } finally {
        this.working = false;
        await lease.release();
      }
    }
  }

  /** While the lease is ours. What PostgreSQL fails in, and what stops at an event, is tried again from the checkpoint. */
  private async work(signal: AbortSignal, lease: Lease): Promise<'retired' | 'ended'> {
    for (let pauseMs = retryMs.first; !signal.aborted; pauseMs = Math.min(pauseMs * 2, retryMs.most)) {
      const before = this.applied;
      try {
        if (await this.follow(signal, lease) === 'retired') return 'retired';
      } catch (error) {
        if (error instanceof LeaseLost) return 'ended';
        if (!signal.aborted) await this.tell(error);
      }
      if (this.applied > before) pauseMs = retryMs.first;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    return 'ended';
  }

  private async tell(error: unknown): Promise<void> {
    const { database, projection, positions } = this.options;
    const ahead = error instanceof ReadModelAhead ? error : null;
    process.stderr.write(`projection ${projection.name} at ${this.applied}: ${messageOf(error)}\n`);
    if (this.build.state === 'active') positions.fail(projection.name, messageOf(error), ahead);
    await database.query('UPDATE read_models.builds SET failure = $2, ahead = $3 WHERE id = $1', [this.build.id, messageOf(error), ahead !== null]).catch(() => undefined);
  }

  private async follow(signal: AbortSignal, lease: Lease): Promise<'retired' | 'ended'> {
    const { database, store, projection } = this.options;
    const build = await readBuild(database, this.build.id);
    if (build === null || build.state === 'retired') return 'retired';
    if (!build.made) await makeBuild(database, projection, build);
    this.build = build.made ? build : { ...build, made: true, position: '-1' };
    await checkMark(store, this.build);
    this.behindParked = await parkedStreams(database, build.id);
    this.reach(BigInt(this.build.position));
    await this.replay(lease);
    const ending = new AbortController();
    this.pause = ending;
    const stop = (): void => ending.abort();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    const from = this.applied < 0n ? 'start' : { after: this.applied };
    let caughtUp = false;
    try {
      const deliveries = store.subscribe({ from, filter: { types: projection.subscribes }, signal: ending.signal });
      for await (const batch of batchesOf(deliveries, () => this.size.limit)) {
        if (signal.aborted) return 'ended';
        await this.apply(batch, lease);
        caughtUp ||= batch.some((delivery) => delivery.kind === 'caughtUp');
        if (caughtUp && this.build.state === 'building') await this.takeOver(lease);
      }
      return 'ended';
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  private async takeOver(lease: Lease): Promise<void> {
    if (!await switchTo(this.options.database, this.build, lease)) return;
    this.build = { ...this.build, state: 'active' };
    this.reach(this.applied);
    await dropRetired(this.options.database);
  }

  private async apply(batch: readonly Delivery[], lease: Lease): Promise<void> {
    const last = batch.reduce((position, delivery) => positionOf(delivery) ?? position, this.applied);
    if (last <= this.applied) return;
    const events = batch.flatMap((delivery) => (delivery.kind === 'event' ? [delivery.event] : []));
    const started = performance.now();
    try {
      await this.commit(events, last, lease);
      this.size.took(batch.length, performance.now() - started);
    } catch (error) {
      if (error instanceof LeaseLost || isTransient(error)) throw error;
      if (this.pause?.signal.aborted === true) throw error;
      // One of them it is: each alone tells which.
      for (const event of events) await this.applyOne(event, lease);
      if (last > this.applied) await this.commit([], last, lease);
    }
  }

  private async applyOne(event: RecordedEvent, lease: Lease): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.commit([event], event.position, lease);
        return;
      } catch (error) {
        if (error instanceof LeaseLost || isTransient(error) || this.options.projection.poison === 'stop' || this.pause?.signal.aborted === true) throw error;
        if (attempt < poisonTiming.attempts) {
          await sleep(poisonTiming.pauseMs * attempt);
          continue;
        }
        process.stderr.write(`projection ${this.options.projection.name} parks event ${event.id} at ${event.position}: ${messageOf(error)}\n`);
        await this.parkPoison(event, messageOf(error), attempt, lease);
        return;
      }
    }
  }

  private async parkPoison(event: RecordedEvent, reason: string, attempts: number, lease: Lease): Promise<void> {
    await this.options.database.transaction(async (manager) => {
      await this.move(manager, event.position, event, lease);
      await park(manager, this.build.id, event, reason, attempts);
    });
    this.behindParked.add(event.stream);
    this.reach(event.position);
  }

  private async commit(events: Events, last: bigint, lease: Lease): Promise<void> {
    const { database, projection } = this.options;
    await database.transaction(async (manager) => {
      await this.move(manager, last, events.at(-1), lease);
      const isBehind = ({ stream }: RecordedEvent): boolean => this.behindParked.has(stream);
      for (const event of events.filter(isBehind)) await park(manager, this.build.id, event, 'an earlier event of its stream is parked', 0);
      const folded = events.filter((event) => !isBehind(event)).map(storable);
      const rows = await rowsFor(database, manager, folded, (event, scouting) => projection.apply(event, scouting));
      for (const event of folded) await projection.apply(event, rows);
      await rows.flush();
    });
    this.reach(last);
  }

  /** First in the transaction: it locks the checkpoint, and nothing is folded in vain. Also says whose tables are meant. */
  private async move(manager: EntityManager, last: bigint, mark: RecordedEvent | undefined, lease: Lease): Promise<void> {
    const moved: readonly unknown[] = await manager.query(
      `WITH moved AS (UPDATE read_models.builds SET position = $3, failure = NULL, ahead = false,
         mark_position = coalesce($4, mark_position), mark_event = coalesce($5, mark_event)
       WHERE id = $1 AND position = $2 AND state <> 'retired' AND ${holdsLease('$6', '$7')} RETURNING schema)
       SELECT set_config('search_path', quote_ident(schema), true),
         set_config('idle_in_transaction_session_timeout', '15s', true) FROM moved`,
      [this.build.id, this.applied.toString(), last.toString(), mark?.position.toString() ?? null, mark?.id ?? null, lease.name, lease.epoch]);
    if (moved.length === 0) throw new LeaseLost(lease.name);
  }

  /** What was parked and asked for, event by event in the order of the log; a stream stops at its first that fails again. */
  private async replay(lease: Lease): Promise<void> {
    if (!this.replayAsked) return;
    this.replayAsked = false;
    const { database, store, projection } = this.options;
    const failed = new Set<string>();
    for (const { position, stream } of await parkedForReplay(database, this.build.id)) {
      if (failed.has(stream)) continue;
      for await (const event of store.readAll({ after: BigInt(position) - 1n }, { limit: 1 })) {
        try {
          await database.transaction(async (manager) => {
            await this.move(manager, this.applied, undefined, lease);
            const rows = new Rows(database, manager);
            await projection.apply(storable(event), rows);
            await rows.flush();
            await unpark(manager, this.build.id, position);
          });
        } catch (error) {
          if (error instanceof LeaseLost || isTransient(error)) throw error;
          failed.add(stream);
          await database.transaction((manager) => park(manager, this.build.id, event, messageOf(error), 1));
          await stopReplay(database, this.build.id, stream);
        }
      }
    }
    this.behindParked = await parkedStreams(database, this.build.id);
  }

  private reach(position: bigint): void {
    this.applied = position;
    if (this.build.state === 'active') this.options.positions.advance(this.build.name, position);
  }
}

function positionOf(delivery: Delivery): bigint | null {
  return delivery.kind === 'event' ? delivery.event.position : delivery.position;
}
