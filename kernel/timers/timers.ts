// Durable deadlines as events: a stream per timer, TimerScheduled, then TimerFired or TimerCancelled. The expected revision
// decides races (scheduled twice, cancelled while firing); what is due is kept in memory and read back from the log at start.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '@oort/kernel-wire';
import { WrongExpectedRevision, type EventStore, type EventToAppend, type RecordedEvent } from '@oort/kernel-eventstore';
import type { Timers } from './port';

export interface TimersOptions {
  readonly store: EventStore;
  readonly now: () => Date;
}

export interface RunningTimers extends Timers {
  /** Resolves once every timer of the log is known and the clock runs; it stops when the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
}

type Handler = Parameters<Timers['onFire']>[1];
interface Waiting { readonly id: string; readonly kind: string; readonly at: Date; readonly payload: Json }

const streamPrefix = 'timer-';
const tickMs = 50;
const retryMs = 1_000;

export function createTimers({ store, now }: TimersOptions): RunningTimers {
  const clock = new Clock(store, now);
  return {
    schedule: (timer) => clock.schedule(timer),
    cancel: (id) => clock.cancel(id),
    onFire: (kind, handler) => { clock.handlers.set(kind, handler); },
    start: (signal) => clock.start(signal),
  };
}

class Clock {
  readonly handlers = new Map<string, Handler>();
  private readonly waiting = new Map<string, Waiting>();
  private readonly notBefore = new Map<string, number>();

  constructor(private readonly store: EventStore, private readonly now: () => Date) {}

  async schedule({ id, kind, at, payload }: Waiting): Promise<void> {
    await this.appendUnlessRaced(id, 'no-stream', 'TimerScheduled', { id, kind, at: at.toISOString(), payload });
  }

  async cancel(id: string): Promise<void> {
    await this.appendUnlessRaced(id, 0n, 'TimerCancelled', { id });
  }

  async start(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      void this.learn(signal, resolve);
    });
    void this.tick(signal);
  }

  private async learn(signal: AbortSignal, onCaughtUp: () => void): Promise<void> {
    for await (const delivery of this.store.subscribe({ from: 'start', filter: { streamPrefixes: [streamPrefix] }, signal })) {
      if (delivery.kind === 'event') this.note(delivery.event);
      if (delivery.kind === 'caughtUp') onCaughtUp();
    }
    onCaughtUp();
  }

  private note(event: RecordedEvent): void {
    const { id, kind, at, payload } = event.data as { id: string; kind: string; at: string; payload: Json };
    if (event.type === 'TimerScheduled') this.waiting.set(id, { id, kind, at: new Date(at), payload });
    else this.waiting.delete(id);
  }

  private async tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const time = this.now().getTime();
      const due = [...this.waiting.values()].filter(({ id, at, kind }) =>
        at.getTime() <= time && this.handlers.has(kind) && (this.notBefore.get(id) ?? 0) <= Date.now());
      await Promise.all(due.sort((one, other) => one.at.getTime() - other.at.getTime()).map((timer) => this.fire(timer)));
      await sleep(tickMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The handler first, the record after it: a crash in between runs the handler again, never not at all. */
  private async fire({ id, kind, at, payload }: Waiting): Promise<void> {
    try {
      await this.handlers.get(kind)?.({ id, at, payload });
      await this.appendUnlessRaced(id, 0n, 'TimerFired', { id });
      this.waiting.delete(id);
      this.notBefore.delete(id);
    } catch (error) {
      this.notBefore.set(id, Date.now() + retryMs);
      process.stderr.write(`timer ${id}: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    }
  }

  /** A wrong revision means that it was scheduled, fired or cancelled before: then there is nothing left to do. */
  private async appendUnlessRaced(id: string, expected: 'no-stream' | 0n, type: string, data: Json): Promise<void> {
    try {
      await this.store.append(`${streamPrefix}${id}`, expected, [this.eventOf(type, data)]);
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  }

  private eventOf(type: string, data: Json): EventToAppend {
    const id = randomUUID();
    const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: this.now().toISOString(), schemaVersion: 1 };
    return { id, type, data, metadata };
  }
}
