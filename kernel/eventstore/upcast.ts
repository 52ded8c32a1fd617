// Old versions of events become new ones as they are read, so deciders, projections and reactions know the newest shape only.
// What lies in the log, and what the Merkle log hashes, stays as it was written.
import { Fault, type Json } from '@oort/kernel-wire';
import { isSealed } from './sealing';
import type { Delivery, EventStore, EventToAppend, RecordedEvent } from './port';

export type Upcaster = (data: Json) => Json;

/** Event type -> one upcaster a step: the first takes version 1 to 2, the next 2 to 3. The newest version is one more than there are. */
export type Upcasters = Readonly<Record<string, readonly Upcaster[]>>;

/** Written by a platform that is newer than this one: to read it as an older version would be a guess. */
export class VersionUnknown extends Fault {
  constructor({ id, type }: Pick<EventToAppend, 'id' | 'type'>, version: number, newest: number) {
    super('VERSION_UNKNOWN', `event ${id} is ${type} of version ${version}, and version ${newest} is the newest known here`, { id, type, version, newest });
  }
}

export function newestVersion(type: string, upcasters: Upcasters): number {
  return 1 + stepsOf(type, upcasters).length;
}

/** Throws VersionUnknown. Data that is sealed to its reader is left alone: he sees no shape. */
export function upcast<E extends EventToAppend>(event: E, upcasters: Upcasters): E {
  const { type, metadata, data } = event;
  if (type.startsWith('$')) return event;
  const steps = stepsOf(type, upcasters);
  const newest = 1 + steps.length;
  const { schemaVersion } = metadata;
  if (schemaVersion === newest) return event;
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > newest) throw new VersionUnknown(event, schemaVersion, newest);
  if (isSealed(data)) return event;
  const newer = steps.slice(schemaVersion - 1).reduce((older, step) => step(older), data);
  return { ...event, data: newer, metadata: { ...metadata, schemaVersion: newest } };
}

/** Goes around openVisible, which gives it data in the clear. What is appended is of the newest version, since the code that makes
 *  it knows no other, and is marked so. */
export function openUpcast(store: EventStore, upcasters: Upcasters): EventStore {
  return {
    async append(stream, expected, events) {
      return store.append(stream, expected, events.map((event) => marked(event, upcasters)));
    },
    read: (stream, range) => upcastAll(store.read(stream, range), upcasters),
    readAll: (from, range) => upcastAll(store.readAll(from, range), upcasters),
    async* subscribe(subscription): AsyncGenerator<Delivery> {
      for await (const delivery of store.subscribe(subscription)) {
        yield delivery.kind === 'event' ? { kind: 'event', event: upcast(delivery.event, upcasters) } : delivery;
      }
    },
    head: () => store.head(),
    close: () => store.close(),
  };
}

async function* upcastAll(events: AsyncIterable<RecordedEvent>, upcasters: Upcasters): AsyncGenerator<RecordedEvent> {
  for await (const event of events) yield upcast(event, upcasters);
}

function marked(event: EventToAppend, upcasters: Upcasters): EventToAppend {
  const schemaVersion = newestVersion(event.type, upcasters);
  if (event.type.startsWith('$') || event.metadata.schemaVersion === schemaVersion) return event;
  return { ...event, metadata: { ...event.metadata, schemaVersion } };
}

function stepsOf(type: string, upcasters: Upcasters): readonly Upcaster[] {
  return (Object.hasOwn(upcasters, type) ? upcasters[type] : undefined) ?? [];
}
