// One group: reads its source ahead as far as its buffer goes, hands messages to consumers, and keeps its place once they are settled.
// Delivery is at least once: what was not settled when the server ended comes again.
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { targetOfLink, resolved, type Shown } from './derived';
import { choiceOf, type Choice } from './persistent-strategy';
import { GroupStorage, ofGroups } from './persistent-storage';
import type { GroupConfig } from './persistent-settings';
import type { Message, Replay } from './persistent-message';

export type NackAction = 'park' | 'retry' | 'skip' | 'stop';

export interface Consumer {
  readonly id: string;
  readonly from: string;
  readonly username: string;
  readonly connectionName: string;
  readonly size: number;
  send(message: Message): void;
  /** The server ends it: the group was changed or deleted, or the consumer said stop. */
  drop(): void;
}

interface Connected extends Consumer {
  readonly holds: Map<string, { readonly message: Message; readonly deadline: number }>;
  readonly free: number;
  total: number;
}

/** Deliveries of the source after a place, for good; a checkpoint says that nothing wanted lies up to there. */
export type Source = (after: bigint | null, signal: AbortSignal) => AsyncIterable<Shown | { readonly upTo: bigint } | { readonly caughtUp: true }>;

const tickMs = 100;

export class Group {
  readonly #storage: GroupStorage;
  readonly #choice: Choice;
  readonly #stop = new AbortController();
  readonly #consumers: Connected[] = [];
  readonly #again: Message[] = [];
  readonly #waiting: Message[] = [];
  /** From the source and not settled, in its order. */
  readonly #open = new Set<Message>();
  readonly #timer: NodeJS.Timeout;
  #room: (() => void) | null = null;
  #read: bigint | null;
  #written: bigint | null;
  #settledSince = 0;
  #writtenAt = Date.now();
  #writing: Promise<void> = Promise.resolve();
  #replaying: Replay | null = null;
  #caughtUp = false;
  #total = 0;

  private constructor(private readonly store: EventStore, readonly config: GroupConfig, source: Source, checkpoint: bigint | null) {
    this.#storage = new GroupStorage(store, config);
    this.#choice = choiceOf(config.settings.strategy);
    this.#written = checkpoint;
    this.#read = checkpoint ?? (config.after === null ? null : BigInt(config.after));
    this.#timer = setInterval(() => { this.#tick(); }, tickMs).unref();
    // A store that closes ends it; what it held comes again.
    this.#pump(source).catch(() => undefined);
  }

  static async open(store: EventStore, config: GroupConfig, source: Source): Promise<Group> {
    return new Group(store, config, source, await new GroupStorage(store, config).checkpoint());
  }

  /** False when the group has as many consumers as it may. */
  connect(consumer: Consumer): boolean {
    const { maxSubscriberCount } = this.config.settings;
    if (maxSubscriberCount > 0 && this.#consumers.length >= maxSubscriberCount) return false;
    const holds: Connected['holds'] = new Map();
    this.#consumers.push({ ...consumer, holds, total: 0, get free() { return consumer.size - holds.size; } });
    this.#dispatch();
    return true;
  }

  /** What it held goes to others, oldest first, and not as a retry: nobody said that it failed. */
  disconnect(id: string): void {
    const index = this.#consumers.findIndex((one) => one.id === id);
    if (index < 0) return;
    const [gone] = this.#consumers.splice(index, 1);
    this.#again.unshift(...[...gone?.holds.values() ?? []].map(({ message }) => message));
    this.#dispatch();
  }

  ack(consumerId: string, ids: readonly string[]): void {
    for (const message of this.#taken(consumerId, ids)) this.#settle(message);
    this.#dispatch();
  }

  nack(consumerId: string, ids: readonly string[], action: NackAction, reason: string): void {
    for (const message of this.#taken(consumerId, ids)) {
      if (action === 'skip') this.#settle(message);
      else if (action === 'park') this.#park(message, reason);
      else if (action === 'retry') this.#retry(message, reason);
      else this.#again.unshift(message);
    }
    if (action === 'stop') this.#consumers.find(({ id }) => id === consumerId)?.drop();
    this.#dispatch();
  }

  /** What is parked now, up to `limit` of it; the parked copies go when all of them are settled. One replay at a time. */
  async replayParked(limit: bigint | null): Promise<void> {
    if (this.#replaying !== null) return;
    const open = new Set<Message>();
    const found: RecordedEvent[] = [];
    for await (const link of this.#storage.parked(0n)) {
      if (limit !== null && BigInt(found.length) >= limit) break;
      found.push(link);
    }
    const last = found.at(-1);
    if (last === undefined) return;
    const replay: Replay = { open, upTo: last.revision };
    for (const link of found) {
      const event = await targetOfLink(this.store, link);
      if (event !== null) open.add({ id: event.id, shown: { event }, before: null, retries: 0, replay });
    }
    this.#replaying = replay;
    this.#again.push(...open);
    if (open.size === 0) this.#endReplay(replay);
    this.#dispatch();
  }

  /** Drops all consumers. With `forgetting` its checkpoint and what it parked go too, else the checkpoint is written. */
  async close({ forgetting = false }: { readonly forgetting?: boolean } = {}): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    this.#room?.();
    for (const consumer of this.#consumers.splice(0)) consumer.drop();
    if (!forgetting) this.#write();
    await this.#writing;
    if (forgetting) await this.#storage.forget();
  }

  async status() {
    return {
      config: this.config, live: this.#caughtUp, total: this.#total, checkpoint: this.#written, read: this.#read,
      waiting: this.#waiting.length, again: this.#again.length, outstanding: this.#open.size + (this.#replaying?.open.size ?? 0),
      parked: await this.#storage.parkedCount(),
      consumers: this.#consumers.map(({ from, username, connectionName, total, free, holds }) => ({ from, username, connectionName, total, free, held: holds.size })),
    };
  }

  async #pump(source: Source): Promise<void> {
    const { settings: { historyBufferSize, resolveLinks }, source: name } = this.config;
    for await (const delivery of source(this.#read, this.#stop.signal)) {
      if (this.#stop.signal.aborted) return;
      if ('caughtUp' in delivery) this.#caughtUp = true;
      else if ('upTo' in delivery) this.#pass(delivery.upTo);
      else {
        const place = placeOf(delivery, name);
        if (name === '$all' && ofGroups(delivery.event.stream)) {
          this.#pass(place);
          continue;
        }
        const shown = await resolved(this.store, delivery, resolveLinks);
        const message: Message = { id: (shown.link ?? shown.event).id, shown, before: this.#read, retries: 0, replay: null };
        this.#read = place;
        this.#open.add(message);
        this.#waiting.push(message);
        this.#dispatch();
        while (this.#waiting.length >= historyBufferSize && !this.#stop.signal.aborted) await new Promise<void>((resolve) => { this.#room = resolve; });
      }
    }
  }

  /** Nothing that is wanted lies up to this place. */
  #pass(place: bigint): void {
    if (this.#open.size === 0) this.#read = place;
  }

  #dispatch(): void {
    for (const queue of [this.#again, this.#waiting]) {
      for (let index = 0; index < queue.length && this.#consumers.some(({ free }) => free > 0);) {
        const message = queue[index] as Message;
        const free = this.#consumers.filter(({ holds }) => !holds.has(message.id));
        const consumer = this.#choice.pick(message, free);
        if (consumer === null) {
          if (!this.#choice.skipsBusy) break;
          index += 1;
          continue;
        }
        queue.splice(index, 1);
        const { messageTimeoutMs } = this.config.settings;
        consumer.holds.set(message.id, { message, deadline: messageTimeoutMs === 0 ? Infinity : Date.now() + messageTimeoutMs });
        consumer.total += 1;
        this.#total += 1;
        consumer.send(message);
      }
    }
    if (this.#waiting.length < this.config.settings.historyBufferSize) {
      this.#room?.();
      this.#room = null;
    }
  }

  #taken(consumerId: string, ids: readonly string[]): readonly Message[] {
    const holds = this.#consumers.find(({ id }) => id === consumerId)?.holds;
    return ids.flatMap((id) => {
      const held = holds?.get(id);
      holds?.delete(id);
      return held === undefined ? [] : [held.message];
    });
  }

  #retry(message: Message, reason: string): void {
    message.retries += 1;
    if (message.retries > this.config.settings.maxRetryCount) this.#park(message, reason === '' ? 'the retries are used up' : reason);
    else this.#again.push(message);
  }

  /** Settled only when the parked copy is durable. */
  #park(message: Message, reason: string): void {
    this.#storage.park(message.shown.event, reason).then(() => { this.#settle(message); }, () => { this.#again.push(message); });
  }

  #settle(message: Message): void {
    this.#open.delete(message);
    this.#settledSince += 1;
    if (message.replay !== null) {
      message.replay.open.delete(message);
      if (message.replay.open.size === 0) this.#endReplay(message.replay);
    }
    if (this.#settledSince >= Math.max(1, this.config.settings.maxCheckpointCount)) this.#write();
  }

  #endReplay(replay: Replay): void {
    this.#writing = this.#writing.then(() => this.#storage.forgetParked(replay.upTo)).catch(() => undefined);
    this.#replaying = null;
  }

  #tick(): void {
    const now = Date.now();
    for (const { id, holds } of this.#consumers) {
      const late = [...holds].filter(([, { deadline }]) => deadline <= now).map(([messageId]) => messageId);
      for (const message of this.#taken(id, late)) this.#retry(message, 'it was not answered in time');
    }
    const { checkpointAfterMs, minCheckpointCount } = this.config.settings;
    if (now - this.#writtenAt >= checkpointAfterMs && this.#settledSince >= Math.max(1, minCheckpointCount)) this.#write();
    this.#dispatch();
  }

  /** Before the oldest message that is not settled; after the last that was read when all are. */
  #write(): void {
    const [oldest] = this.#open;
    const place = oldest === undefined ? this.#read : oldest.before;
    this.#settledSince = 0;
    this.#writtenAt = Date.now();
    if (place === null || place === this.#written) return;
    this.#written = place;
    this.#writing = this.#writing.then(() => this.#storage.writeCheckpoint(place)).catch(() => undefined);
  }
}

function placeOf({ event, link }: Shown, source: string): bigint {
  return source === '$all' ? event.position : (link ?? event).revision;
}

