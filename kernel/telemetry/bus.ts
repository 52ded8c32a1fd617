// Topics as segment logs, one process at a time. A consumer group's place is a small file, written at most five times a second and
// not flushed: after a kill or a power cut the group sees some messages again, which the port allows.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '@oort/kernel-eventstore/lock';
import { Fault } from '@oort/kernel-wire';
import { deadLetterBytes, deadTopicOf } from './dead-letter';
import { BusClosed, MessageTooLarge } from './faults';
import { handOverAll, slices, type BatchHandler } from './hand-over';
import { memoryTopicLog, type TopicLog } from './memory-log';
import type { TelemetryBus, TelemetryMessage } from './port';
import { removableBefore, weekAndGigabyte, type GroupPlace, type Retention } from './retention';
import { SegmentLog } from './segment-log';

export interface EmbeddedBusOptions {
  readonly directory: string;
  /** What may go; a week and a gigabyte a topic unless told. */
  readonly retention?: Retention;
  readonly segmentBytes?: number;
}

interface Places {
  get(group: string): number | null;
  set(group: string, next: number): void;
  all(): ReadonlyMap<string, GroupPlace>;
}

interface Topic { readonly name: string; readonly log: TopicLog; readonly places: Places }

type Handler = (message: TelemetryMessage) => Promise<void>;

/** The same as over Kafka, dead letters included (kafka-publisher.ts). */
const largestMessageBytes = 5 * 1024 * 1024;
const defaultSegmentBytes = 16 * 1024 * 1024;
const placeEveryMs = 200;
const retentionEveryMs = 60_000;
const placeAgainMs = 3600_000;

/** Throws StoreLocked while another process has it. */
export function openEmbeddedBus({ directory, retention = weekAndGigabyte, segmentBytes = defaultSegmentBytes }: EmbeddedBusOptions): Promise<TelemetryBus> {
  const release = takeLock(directory);
  const folder = join(directory, 'topics');
  const open = (name: string): Topic => {
    const place = join(folder, encodeURIComponent(name));
    return { name, log: new SegmentLog({ directory: join(place, 'log'), segmentBytes }), places: filePlaces(join(place, 'groups')) };
  };
  const known = existsSync(folder) ? readdirSync(folder).map((name) => decodeURIComponent(name)) : [];
  return Promise.resolve(new LocalBus(open, retention, known, release));
}

/** For tests. */
export function memoryBus(): TelemetryBus {
  return new LocalBus((name) => {
    const places = new Map<string, GroupPlace>();
    return {
      name, log: memoryTopicLog(),
      places: { get: (group) => places.get(group)?.next ?? null, set: (group, next) => { places.set(group, { next, atMs: Date.now() }); }, all: () => places },
    };
  }, weekAndGigabyte, [], () => undefined);
}

class LocalBus implements TelemetryBus {
  readonly #topics = new Map<string, Topic>();
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly open: (name: string) => Topic, private readonly retention: Retention, known: readonly string[], private readonly release: () => void,
  ) {
    for (const name of known) this.#topic(name);
    this.#timer = setInterval(() => { void this.#retain(); }, retentionEveryMs).unref();
    void this.#retain();
  }

  async publish(topic: string, key: string, value: Uint8Array): Promise<void> {
    if (this.#closing.signal.aborted) throw new BusClosed();
    if (value.length > largestMessageBytes) throw new MessageTooLarge(value.length, largestMessageBytes);
    await this.#topic(topic).log.append(recordOf(key, value));
  }

  consume(topic: string, group: string, handler: Handler, signal: AbortSignal): Promise<void> {
    return this.consumeBatches(topic, group, 1, async ([message]) => { if (message !== undefined) await handler(message); }, signal);
  }

  consumeBatches(topic: string, group: string, most: number, handler: BatchHandler, signal: AbortSignal): Promise<void> {
    return this.#run(this.#consume(topic, group, most, handler, AbortSignal.any([signal, this.#closing.signal])));
  }

  drain(topic: string, group: string, handler: Handler): Promise<number> {
    return this.#run(this.#upToNow(this.#topic(topic), group, handler, true));
  }

  peek(topic: string, group: string, handler: Handler): Promise<number> {
    return this.#run(this.#upToNow(this.#topic(topic), group, handler, false));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    clearInterval(this.#timer);
    await Promise.allSettled(this.#running);
    for (const { log } of this.#topics.values()) await log.close();
    this.release();
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name) ?? this.open(name);
    this.#topics.set(name, topic);
    return topic;
  }

  #run<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => { this.#running.delete(tracked); });
    this.#running.add(tracked);
    // Whoever asked for it sees it fail; here it only has to be over.
    tracked.catch(() => undefined);
    return tracked;
  }

  async #consume(name: string, group: string, most: number, handler: BatchHandler, signal: AbortSignal): Promise<void> {
    const { log, places } = this.#topic(name);
    const cursor = log.cursor(places.get(group) ?? 0);
    let [next, savedAtMs] = [places.get(group) ?? 0, 0];
    // From its first moment on the group keeps what it has not had.
    places.set(group, next);
    try {
      while (!signal.aborted) {
        for (const records of slices(await cursor.read(), most)) {
          if (signal.aborted) return;
          const messages = records.map(({ number, bytes }) => messageOf(name, number, bytes));
          const done = await handOverAll(messages, handler, signal, (message, why) => this.publish(deadTopicOf(name), group, deadLetterBytes({ message, group, ...why })));
          next = (records[0]?.number ?? next) + done;
          if (done < records.length) return;
          if (Date.now() - savedAtMs >= placeEveryMs) {
            places.set(group, next);
            savedAtMs = Date.now();
          }
        }
        places.set(group, next);
        await log.arrival(next, signal);
      }
    } finally {
      places.set(group, next);
      await cursor.close();
    }
  }

  async #upToNow({ name, log, places }: Topic, group: string, handler: Handler, moves: boolean): Promise<number> {
    const [from, end] = [places.get(group) ?? 0, log.next];
    const cursor = log.cursor(from);
    let handled = 0;
    try {
      for (let records = await cursor.read(); records.length > 0; records = await cursor.read()) {
        for (const { number, bytes } of records) {
          if (number >= end) return handled;
          if (this.#closing.signal.aborted) throw new BusClosed();
          await handler(messageOf(name, number, bytes));
          if (moves) places.set(group, number + 1);
          handled += 1;
        }
      }
      return handled;
    } finally {
      await cursor.close();
    }
  }

  async #retain(): Promise<void> {
    for (const { name, log, places } of this.#topics.values()) {
      try {
        log.removeBefore(removableBefore({ topic: name, segments: log.segments, groups: places.all(), retention: this.retention, nowMs: Date.now() }));
      } catch (error) {
        process.stderr.write(`telemetry ${name}: old segments stay: ${error instanceof Fault ? error.message : String(error)}\n`);
      }
    }
    return Promise.resolve();
  }
}

/** u16 length of the key | key | value */
function recordOf(key: string, value: Uint8Array): Buffer {
  const text = Buffer.from(key);
  const record = Buffer.allocUnsafe(2 + text.length + value.length);
  record.writeUInt16LE(text.length, 0);
  record.set(text, 2);
  record.set(value, 2 + text.length);
  return record;
}

function messageOf(topic: string, number: number, record: Buffer): TelemetryMessage {
  const end = 2 + record.readUInt16LE(0);
  return { topic, key: record.toString('utf8', 2, end), value: record.subarray(end), offset: BigInt(number) };
}

function filePlaces(directory: string): Places {
  mkdirSync(directory, { recursive: true });
  const places = new Map<string, GroupPlace>(readdirSync(directory).filter((name) => !name.endsWith('.new')).map((name) => {
    const path = join(directory, name);
    return [decodeURIComponent(name), { next: Number(readFileSync(path, 'utf8')), atMs: statSync(path).mtimeMs }];
  }));
  return {
    get: (group) => places.get(group)?.next ?? null,
    all: () => places,
    set(group, next) {
      const [known, atMs] = [places.get(group), Date.now()];
      // Also without a move it is told now and then that the group is there.
      if (known?.next === next && atMs - known.atMs < placeAgainMs) return;
      const path = join(directory, encodeURIComponent(group));
      writeFileSync(`${path}.new`, String(next));
      renameSync(`${path}.new`, path);
      places.set(group, { next, atMs });
    },
  };
}
