// Moves one projection along the log. Rows and checkpoint change in one transaction, so an event takes effect exactly once
// however often the process dies.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { Fault, messageOf } from '@oort/kernel-wire';
import type { Delivery, EventStore } from '@oort/kernel-eventstore';
import { batchesOf } from './batch';
import type { Projection } from './port';
import { storable } from './storable';

export class ReadModelBehind extends Fault {
  constructor(name: string, wanted: bigint, applied: bigint, lastFailure: string | null) {
    super('READ_MODEL_BEHIND', `projection ${name} is at ${applied}, not yet at ${wanted}${lastFailure === null ? '' : `: ${lastFailure}`}`,
      { name, wanted: wanted.toString(), applied: applied.toString(), lastFailure });
  }
}

export class UnknownProjection extends Fault {
  constructor(name: string) {
    super('UNKNOWN_PROJECTION', `no projection ${name} here`, { name });
  }
}

interface Waiter { readonly position: bigint; readonly wake: () => void }

const batchSize = 500;
const retryMs = { first: 100, most: 5_000 };

export class Runner {
  private applied = -1n;
  private waiters: Waiter[] = [];
  private lastFailure: string | null = null;

  constructor(
    private readonly database: DataSource, private readonly store: EventStore, readonly projection: Projection,
    private readonly onCaughtUp: () => Promise<void>,
  ) {}

  /** Until the signal aborts. What fails is tried again from the checkpoint. */
  async run(signal: AbortSignal): Promise<void> {
    for (let pauseMs = retryMs.first; !signal.aborted; pauseMs = Math.min(pauseMs * 2, retryMs.most)) {
      const before = this.applied;
      try {
        await this.follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.lastFailure = messageOf(error);
        process.stderr.write(`projection ${this.projection.name} at ${this.applied}: ${this.lastFailure}\n`);
        if (this.applied > before) pauseMs = retryMs.first;
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async waitFor(position: bigint, timeoutMs: number): Promise<void> {
    if (this.applied >= position) return;
    await new Promise<void>((resolve, reject) => {
      const waiter = { position, wake: (): void => { clearTimeout(timer); resolve(); } };
      const timer = setTimeout(() => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        reject(new ReadModelBehind(this.projection.name, position, this.applied, this.lastFailure));
      }, timeoutMs);
      this.waiters.push(waiter);
    });
  }

  private async follow(signal: AbortSignal): Promise<void> {
    // Who waited before the checkpoint was read may have what they wait for already.
    this.advance(await this.checkpoint());
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    signal.addEventListener('abort', stop);
    const from = this.applied < 0n ? 'start' : { after: this.applied };
    const deliveries = this.store.subscribe({ from, filter: { types: this.projection.subscribes }, signal: ending.signal });
    try {
      for await (const batch of batchesOf(deliveries, batchSize)) {
        if (signal.aborted) return;
        await this.apply(batch);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  private async apply(batch: readonly Delivery[]): Promise<void> {
    const last = batch.reduce((position, delivery) => positionOf(delivery) ?? position, this.applied);
    if (last > this.applied) {
      await this.database.transaction(async (manager) => {
        for (const delivery of batch) {
          if (delivery.kind === 'event') await this.projection.apply(storable(delivery.event), manager);
        }
        await this.moveTo(last, manager);
      });
      this.lastFailure = null;
      this.advance(last);
    }
    if (batch.some((delivery) => delivery.kind === 'caughtUp')) await this.onCaughtUp();
  }

  private advance(position: bigint): void {
    this.applied = position;
    const due = this.waiters.filter((waiter) => waiter.position <= position);
    this.waiters = this.waiters.filter((waiter) => waiter.position > position);
    for (const waiter of due) waiter.wake();
  }

  private async checkpoint(): Promise<bigint> {
    const rows: readonly { position: string }[] = await this.database.query(
      'SELECT position FROM read_models.checkpoints WHERE name = $1 AND version = $2', [this.projection.name, this.projection.version]);
    return BigInt(rows[0]?.position ?? -1);
  }

  private async moveTo(position: bigint, manager: EntityManager): Promise<void> {
    await manager.query('UPDATE read_models.checkpoints SET position = $3 WHERE name = $1 AND version = $2',
      [this.projection.name, this.projection.version, position.toString()]);
  }
}

function positionOf(delivery: Delivery): bigint | null {
  return delivery.kind === 'event' ? delivery.event.position : delivery.position;
}
