// Topics on the engine of the event store: a stream per topic, the revision is the offset. A consumer group's place is a small
// file, renamed into position but not flushed: after a power cut the group sees some messages again, which the port allows.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore, openEmbeddedStore, type EventStore, type RecordedEvent } from '@oort/kernel-eventstore';
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

const attempts = 5;
const retryMs = 200;

function busOver(store: EventStore, places: Places): TelemetryBus {
  const publish = async (topic: string, key: string, value: Uint8Array): Promise<void> => {
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
          const handled = await handOver(messageOf(topic, delivery.event), handler, signal);
          if (!handled && signal.aborted) return;
          if (!handled) await publish(`${topic}.dead`, group, Buffer.from(JSON.stringify(delivery.event.data)));
          places.set(topic, group, delivery.event.position);
        }
      }
    },
    close: () => store.close(),
  };
}

/** False after the last attempt failed: the message then goes to the dead-letter topic, so that it stops nobody. */
async function handOver(message: TelemetryMessage, handler: (message: TelemetryMessage) => Promise<void>, signal: AbortSignal): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts && !signal.aborted; attempt += 1) {
    try {
      await handler(message);
      return true;
    } catch (error) {
      const text = error instanceof Error ? error.stack ?? error.message : String(error);
      process.stderr.write(`telemetry ${message.topic}, offset ${message.offset}, attempt ${attempt}: ${text}\n`);
      await sleep(retryMs * attempt, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
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
