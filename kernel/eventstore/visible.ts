// What is not public is ciphertext in the log: sealed on append, opened on read by a holder of the key. A reader without the
// key sees {sealed, key}. The id and type of the event are authenticated with it, so nothing can be moved.
// Personal data is ciphertext under a key of its person first, field by field. Without that key it reads `redacted`: for a
// reader who never had it, and for everybody once it was destroyed. The log itself does not change, so proofs over it hold.
import type { Json } from '@oort/kernel-wire';
import type { KeyStore } from './key-store';
import type { Delivery, EventStore, EventToAppend, RecordedEvent } from './port';
import { isSealed, oneSecretOf, openJson, sealJson, taggedKey, type Sealed } from './sealing';

/** Event type -> the field that names the person, and the fields that are about them. */
export type PersonalData = Readonly<Record<string, { readonly of: string; readonly fields: readonly string[] }>>;

/** Event type -> the type of the event that reveals it, of which the field `matching` says the same. */
export type SealedUntil = Readonly<Record<string, { readonly event: string; readonly matching: string }>>;

export interface VisibleOptions {
  visibilityOf(type: string): 'public' | 'tenant' | 'sealed';
  readonly keys: KeyStore;
  readonly personal?: PersonalData;
  readonly sealedUntil?: SealedUntil;
  /** Default: a key an event type, so a holder can be given one kind of secret and not the others. */
  keyIdOf?(stream: string, event: EventToAppend): string;
}

/** What personal data reads as without its key. */
export const redacted = 'redacted';

export const personKeyId = (personId: string): string => `person.${personId}`;

export function openVisible(store: EventStore, options: VisibleOptions): EventStore {
  return {
    async append(stream, expected, events) {
      return store.append(stream, expected, await Promise.all(events.map((event) => seal(stream, event, options))));
    },
    async* read(stream, range) {
      for await (const event of store.read(stream, range)) yield await open(event, options);
    },
    async* readAll(from, range) {
      for await (const event of store.readAll(from, range)) yield await open(event, options);
    },
    subscribe(subscription) {
      return opened(store.subscribe(subscription), options);
    },
    head: () => store.head(),
    close: () => store.close(),
  };
}

/** What an event was sealed with when it was sealed until another: to be given away once that one has happened. */
export async function revealedBy(
  { type, data }: Pick<EventToAppend, 'type' | 'data'>, { keys, sealedUntil = {}, visibilityOf }: VisibleOptions,
): Promise<readonly { readonly keyId: string; readonly key: Buffer }[]> {
  const revealed = [];
  for (const [sealedType, { event, matching }] of Object.entries(sealedUntil)) {
    const until = event === type ? untilOf(event, data, matching) : null;
    const typeKeyId = keyIdOfType(visibilityOf(sealedType), sealedType);
    const typeKey = until === null ? null : await keys.find(typeKeyId);
    if (until === null || typeKey === null) continue;
    const { tag, key } = oneSecretOf(typeKey, until);
    revealed.push({ keyId: `${typeKeyId}.${tag}`, key });
  }
  return revealed;
}

async function* opened(deliveries: AsyncIterable<Delivery>, options: VisibleOptions): AsyncGenerator<Delivery> {
  for await (const delivery of deliveries) {
    yield delivery.kind === 'event' ? { kind: 'event', event: await open(delivery.event, options) } : delivery;
  }
}

async function seal(stream: string, given: EventToAppend, options: VisibleOptions): Promise<EventToAppend> {
  if (given.type.startsWith('$')) return given;
  const event = await sealPersonal(given, options);
  const visibility = options.visibilityOf(event.type);
  if (visibility === 'public') return event;
  const { keyId, key } = await keyFor(stream, event, visibility, options);
  return { ...event, data: { sealed: sealJson(event.data, key, placeOf(event)), key: keyId } };
}

async function keyFor(
  stream: string, event: EventToAppend, visibility: string, { keys, sealedUntil = {}, keyIdOf }: VisibleOptions,
): Promise<{ readonly keyId: string; readonly key: Buffer }> {
  const keyId = keyIdOf?.(stream, event) ?? keyIdOfType(visibility, event.type);
  const key = await keys.obtain(keyId);
  const reveal = sealedUntil[event.type];
  const until = reveal === undefined ? null : untilOf(reveal.event, event.data, reveal.matching);
  if (until === null) return { keyId, key };
  const one = oneSecretOf(key, until);
  return { keyId: `${keyId}.${one.tag}`, key: one.key };
}

async function sealPersonal(event: EventToAppend, { keys, personal = {} }: VisibleOptions): Promise<EventToAppend> {
  const { data, type } = event;
  const declared = Object.hasOwn(personal, type) ? personal[type] : undefined;
  if (declared === undefined || !isObject(data)) return event;
  const keyId = personKeyId(String(data[declared.of]));
  const sealed: Record<string, Json> = {};
  for (const field of declared.fields) {
    const value = data[field];
    if (value === undefined || value === null) continue;
    sealed[field] = { sealed: sealJson(value, await keys.obtain(keyId), `${placeOf(event)}/${field}`), key: keyId };
  }
  return { ...event, data: { ...data, ...sealed } };
}

async function open(event: RecordedEvent, options: VisibleOptions): Promise<RecordedEvent> {
  const { data } = event;
  if (options.visibilityOf(event.type) === 'public' || !isSealed(data)) return openPersonal(event, options);
  const key = await findKey(data.key, options.keys);
  if (key === null) return event;
  return openPersonal({ ...event, data: openJson(data.sealed, key, placeOf(event)) }, options);
}

async function openPersonal(event: RecordedEvent, { keys, personal = {} }: VisibleOptions): Promise<RecordedEvent> {
  const { data, type } = event;
  const declared = Object.hasOwn(personal, type) ? personal[type] : undefined;
  if (declared === undefined || !isObject(data)) return event;
  const plain: Record<string, Json> = {};
  for (const field of declared.fields) {
    const value = data[field];
    if (!isSealed(value)) continue;
    const key = await keys.find(value.key);
    plain[field] = key === null ? redacted : openJson(value.sealed, key, `${placeOf(event)}/${field}`);
  }
  return { ...event, data: { ...data, ...plain } };
}

/** Made of the key of its type, or the one key that this holder was given when it was revealed. */
async function findKey(keyId: Sealed['key'], keys: KeyStore): Promise<Buffer | null> {
  const [, typeKeyId, tag] = /^(.+)\.([0-9a-f]{32})$/.exec(keyId) ?? [];
  const typeKey = typeKeyId === undefined ? null : await keys.find(typeKeyId);
  return typeKey === null || tag === undefined ? keys.find(keyId) : taggedKey(typeKey, tag);
}

function keyIdOfType(visibility: string, type: string): string {
  return `${visibility}.${type}`;
}

/** Null when the event does not say what it waits for: then nothing reveals it. */
function untilOf(event: string, data: Json, matching: string): string | null {
  const value = isObject(data) ? data[matching] : undefined;
  return typeof value === 'string' ? `${event}/${value}` : null;
}

function placeOf({ id, type }: EventToAppend): string {
  return `${id}/${type}`;
}

function isObject(data: Json): data is { readonly [name: string]: Json } {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
