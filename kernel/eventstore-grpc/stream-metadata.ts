// What `$$stream` says of a stream. `$tb` hides everything before a revision, and a soft delete is a `$tb` behind the last event;
// `$maxCount` keeps the newest. `$all` still shows what is hidden, as in EventStoreDB before a scavenge.
import { randomUUID } from 'node:crypto';
import type { Appended, EventStore, EventToAppend, ExpectedRevision, RecordedEvent } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';

type Metadata = { readonly [name: string]: Json };

/** Longest age, in seconds, and the rest of what decides whether a reader sees an event. */
export interface Truncation { readonly before: bigint; readonly maxAgeSeconds: number | null }

export const metadataType = '$metadata';

export async function truncationOf(store: EventStore, stream: string): Promise<Truncation> {
  const metadata = await metadataOf(store, stream);
  const before = BigInt(numberIn(metadata, '$tb') ?? 0);
  const maxCount = numberIn(metadata, '$maxCount');
  const maxAgeSeconds = numberIn(metadata, '$maxAge');
  if (maxCount === null) return { before, maxAgeSeconds };
  const oldestKept = (await lastRevision(store, stream) ?? -1n) - BigInt(maxCount) + 1n;
  return { before: oldestKept > before ? oldestKept : before, maxAgeSeconds };
}

export function tooOld(event: RecordedEvent, { maxAgeSeconds }: Truncation, now: number): boolean {
  return maxAgeSeconds !== null && Date.parse(event.metadata.occurredAt) < now - maxAgeSeconds * 1000;
}

export async function lastRevision(store: EventStore, stream: string): Promise<bigint | null> {
  return (await newest(store, stream))?.revision ?? null;
}

/** A stream that was deleted softly has no events for its readers, so `no-stream` is what a writer expects of it. */
export async function expectedInStore(store: EventStore, stream: string, expected: ExpectedRevision): Promise<ExpectedRevision> {
  if (expected !== 'no-stream' || stream.startsWith('$$')) return expected;
  const last = await lastRevision(store, stream);
  if (last === null) return expected;
  return (await truncationOf(store, stream)).before > last ? last : expected;
}

export async function softDelete(store: EventStore, stream: string, now: Date): Promise<Appended | null> {
  const last = await lastRevision(store, stream);
  return last === null ? null : truncateBefore(store, stream, last + 1n, now);
}

export async function truncateBefore(store: EventStore, stream: string, revision: bigint, now: Date): Promise<Appended> {
  const metadata = { ...await metadataOf(store, stream), $tb: Number(revision) };
  return store.append(`$$${stream}`, 'any', [systemEvent(metadataType, metadata, now)]);
}

export function systemEvent(type: string, data: Json, now: Date): EventToAppend {
  const id = randomUUID();
  const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: now.toISOString(), schemaVersion: 1 };
  return { id, type, data, metadata };
}

export async function metadataOf(store: EventStore, stream: string): Promise<Metadata> {
  if (stream.startsWith('$$')) return {};
  const event = await newest(store, `$$${stream}`);
  const data = event?.type === metadataType ? jsonOf(event) : null;
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? data as Metadata : {};
}

/** What a client sent is JSON whatever it called it, and kept as bytes where the store's own form would not give them back. */
export function jsonOf({ data }: RecordedEvent): Json {
  if (typeof data !== 'object' || data === null || !('$base64' in data)) return data;
  try {
    return JSON.parse(Buffer.from(String(data['$base64']), 'base64').toString()) as Json;
  } catch {
    return null;
  }
}

export async function newest(store: EventStore, stream: string): Promise<RecordedEvent | null> {
  for await (const event of store.read(stream, { direction: 'backwards', limit: 1 })) return event;
  return null;
}

function numberIn(metadata: Metadata, name: string): number | null {
  const value = metadata[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
