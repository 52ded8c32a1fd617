// What is not public is ciphertext in the log (AES-256-GCM, NIST SP 800-38D): sealed on append, opened on read by a holder of the key.
// A reader without the key sees {sealed, key}. The id and type of the event are authenticated with it, so nothing can be moved.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Json } from '@oort/kernel-wire';
import type { KeyStore } from './key-store';
import type { Delivery, EventStore, EventToAppend, RecordedEvent } from './port';

export interface VisibleOptions {
  visibilityOf(type: string): 'public' | 'tenant' | 'sealed';
  readonly keys: KeyStore;
  /** Default: a key an event type, so a holder can be given one kind of secret and not the others. */
  keyIdOf?(stream: string, event: EventToAppend): string;
}

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

async function* opened(deliveries: AsyncIterable<Delivery>, options: VisibleOptions): AsyncGenerator<Delivery> {
  for await (const delivery of deliveries) {
    yield delivery.kind === 'event' ? { kind: 'event', event: await open(delivery.event, options) } : delivery;
  }
}

interface Sealed { readonly sealed: string; readonly key: string }

const ivBytes = 12;
const tagBytes = 16;

async function seal(stream: string, event: EventToAppend, options: VisibleOptions): Promise<EventToAppend> {
  const visibility = options.visibilityOf(event.type);
  if (visibility === 'public' || event.type.startsWith('$')) return event;
  const keyId = options.keyIdOf?.(stream, event) ?? `${visibility}.${event.type}`;
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', await options.keys.obtain(keyId), iv).setAAD(bindingOf(event));
  const sealed = Buffer.concat([iv, cipher.update(JSON.stringify(event.data)), cipher.final(), cipher.getAuthTag()]);
  return { ...event, data: { sealed: sealed.toString('base64'), key: keyId } };
}

async function open(event: RecordedEvent, options: VisibleOptions): Promise<RecordedEvent> {
  const { data } = event;
  if (options.visibilityOf(event.type) === 'public' || !isSealed(data)) return event;
  const key = await options.keys.find(data.key);
  if (key === null) return event;
  const bytes = Buffer.from(data.sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes)).setAAD(bindingOf(event));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]).toString();
  return { ...event, data: JSON.parse(text) as Json };
}

function bindingOf(event: EventToAppend): Buffer {
  return Buffer.from(`${event.id}/${event.type}`);
}

function isSealed(data: Json): data is Json & Sealed {
  if (typeof data !== 'object' || data === null || Object.keys(data).length !== 2) return false;
  const { sealed, key } = data as { readonly [name: string]: Json };
  return typeof sealed === 'string' && typeof key === 'string';
}
