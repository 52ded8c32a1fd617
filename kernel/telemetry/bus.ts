// Topics on the engine of the event store: a stream per topic, the revision is the offset. A consumer group's place is a small
// file, renamed into position but not flushed: after a power cut the group sees some messages again, which the port allows.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryStore, openEmbeddedStore, type EventStore, type RecordedEvent } from '@oort/kernel-eventstore';
import { deadLetterBytes, deadTopicOf } from './dead-letter';
import { BusClosed } from './faults';
import { handOver } from './hand-over';
import type { TelemetryBus, TelemetryMessage } from './port';

interface Places {
  get(topic: string, group: string): bigint | null;
  set(topic: string, group: string, position: bigint): void;
}

export async function openEmbeddedBus({ directory }: { readonly directory: string }): Promise<TelemetryBus> {
  return busOver(await openEmbeddedStore({ directory: join(directory, 'log') }), filePlaces(join(directory, 'groups')));
}

/** For tests. */
export function memoryBus(): TelemetryBus {
  const places = new Map<string, bigint>();
  return busOver(memoryStore(), {
    get: (topic, group) => places.get(`${topic}/${group}`) ?? null,
    set: (topic, group, position) => { places.set(`${topic}/${group}`, position); },
  });
}

function busOver(store: EventStore, places: Places): TelemetryBus {
  let closed = false;
  const publish = async (topic: string, key: string, value: Uint8Array): Promise<void> => {
    if (closed) throw new BusClosed();
    const id = randomUUID();
    const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: new Date().toISOString(), schemaVersion: 1 };
    await store.append(streamOf(topic), 'any', [{ id, type: 'Message', data: { key, value: Buffer.from(value).toString('base64') }, metadata }]);
  };
  return {
    publish,
    async consume(topic, group, handler, signal) {
      const place = places.get(topic, group);
      const from = place === null ? 'start' : { after: place };
      for await (const delivery of store.subscribe({ from, filter: { streamPrefixes: [streamOf(topic)] }, signal })) {
        if (delivery.kind === 'event' && delivery.event.stream === streamOf(topic)) {
          const message = messageOf(topic, delivery.event);
          const handled = await handOver(message, handler, signal);
          if (!handled && signal.aborted) return;
          if (!handled) await publish(deadTopicOf(topic), group, deadLetterBytes(message));
          places.set(topic, group, delivery.event.position);
        }
      }
    },
    async drain(topic, group, handler) {
      const end = await store.head();
      const place = places.get(topic, group);
      const from = place === null ? 'start' : { after: place };
      const stop = new AbortController();
      let handled = 0;
      if (end === null) return handled;
      for await (const delivery of store.subscribe({ from, filter: { streamPrefixes: [streamOf(topic)] }, signal: stop.signal })) {
        if (delivery.kind === 'caughtUp' || (delivery.kind === 'event' && delivery.event.position > end)) break;
        if (delivery.kind !== 'event' || delivery.event.stream !== streamOf(topic)) continue;
        await handler(messageOf(topic, delivery.event));
        places.set(topic, group, delivery.event.position);
        handled += 1;
      }
      stop.abort();
      return handled;
    },
    async close() {
      closed = true;
      await store.close();
    },
  };
}

function messageOf(topic: string, event: RecordedEvent): TelemetryMessage {
  const { key, value } = event.data as { key: string; value: string };
  return { topic, key, value: Buffer.from(value, 'base64'), offset: event.revision };
}

function streamOf(topic: string): string {
  return `topic-${topic}`;
}

function filePlaces(directory: string): Places {
  mkdirSync(directory, { recursive: true });
  const fileOf = (topic: string, group: string): string => join(directory, encodeURIComponent(`${topic}/${group}`));
  return {
    get: (topic, group) => existsSync(fileOf(topic, group)) ? BigInt(readFileSync(fileOf(topic, group), 'utf8')) : null,
    set: (topic, group, position) => {
      writeFileSync(`${fileOf(topic, group)}.new`, position.toString());
      renameSync(`${fileOf(topic, group)}.new`, fileOf(topic, group));
    },
  };
}
