// An event between the store and the wire. What a client sent comes back byte for byte: data that is not plain JSON, and metadata
// that is not ours, are kept as base64 beside what the store itself needs.
import { bigintOf, longOf } from './protocol';
import { Malformed } from './refusals';
import type { EventMetadata, EventToAppend, RecordedEvent } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import type { Long, Proposed, Reply, Uuid } from './messages';

interface RawData { readonly $contentType: string; readonly $base64: string }

type WireMetadata = EventMetadata & { readonly $sent?: string };

const json = 'application/json';
const ticksPerMs = 10_000n;

export function eventToAppend({ id, metadata, customMetadata, data }: Proposed, now: Date): EventToAppend {
  const type = metadata['type'];
  const contentType = metadata['content-type'];
  if (type === undefined || contentType === undefined) throw new Malformed('required metadata is missing: type, content-type');
  const eventId = uuidOf(id);
  return { id: eventId, type, data: dataOf(contentType, Buffer.from(data)), metadata: metadataOf(eventId, Buffer.from(customMetadata), now) };
}

export function recordOf(event: RecordedEvent, structuredIds: boolean): Reply {
  const { contentType, bytes } = bytesOf(event.data);
  const position = longOf(event.position);
  return {
    id: wireUuid(event.id, structuredIds),
    streamIdentifier: { streamName: Buffer.from(event.stream) },
    streamRevision: longOf(event.revision),
    preparePosition: position,
    commitPosition: position,
    metadata: { type: event.type, 'content-type': contentType, created: createdTicks(event.metadata.occurredAt) },
    customMetadata: sentMetadata(event.metadata),
    data: bytes,
  };
}

export function uuidOf(id: Uuid | undefined): string {
  if (id?.value === 'string' && id.string !== undefined) return id.string.toLowerCase();
  if (id?.structured === undefined) throw new Malformed('an event has no id');
  const half = (long: Long): string => BigInt.asUintN(64, bigintOf(long)).toString(16).padStart(16, '0');
  const hex = half(id.structured.mostSignificantBits) + half(id.structured.leastSignificantBits);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function wireUuid(id: string, structured: boolean): Reply {
  if (!structured) return { string: id };
  const hex = id.replaceAll('-', '');
  const half = (text: string): unknown => longOf(BigInt.asIntN(64, BigInt(`0x${text}`)));
  return { structured: { mostSignificantBits: half(hex.slice(0, 16)), leastSignificantBits: half(hex.slice(16)) } };
}

function dataOf(contentType: string, bytes: Buffer): Json {
  if (contentType === json) {
    const parsed = parsedExactly(bytes);
    if (parsed !== undefined && !isRaw(parsed)) return parsed;
  }
  return { $contentType: contentType, $base64: bytes.toString('base64') };
}

function bytesOf(data: Json): { readonly contentType: string; readonly bytes: Buffer } {
  return isRaw(data)
    ? { contentType: data.$contentType, bytes: Buffer.from(data.$base64, 'base64') }
    : { contentType: json, bytes: Buffer.from(JSON.stringify(data)) };
}

function isRaw(data: Json): data is Json & RawData {
  return typeof data === 'object' && data !== null && Object.keys(data).join() === '$contentType,$base64'
    && Object.values(data).every((value) => typeof value === 'string');
}

/** Undefined when writing it again would give other bytes: large integers, white space, duplicate keys. */
function parsedExactly(bytes: Buffer): Json | undefined {
  const text = bytes.toString();
  try {
    const parsed = JSON.parse(text) as Json;
    return JSON.stringify(parsed) === text ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function metadataOf(id: string, bytes: Buffer, now: Date): EventMetadata {
  const parsed = bytes.length === 0 ? undefined : parsedExactly(bytes);
  if (isOurs(parsed)) return parsed;
  const given = typeof parsed === 'object' && parsed !== null ? parsed as { readonly [name: string]: Json | undefined } : {};
  const text = (value: Json | undefined): string => typeof value === 'string' ? value : id;
  const kept: WireMetadata = {
    actor: 'anonymous',
    // The names under which EventStoreDB's own projections look for them.
    correlationId: text(given['$correlationId']),
    causationId: text(given['$causationId']),
    occurredAt: now.toISOString(),
    schemaVersion: 1,
    $sent: bytes.toString('base64'),
  };
  return kept;
}

function sentMetadata(metadata: WireMetadata): Buffer {
  return metadata.$sent === undefined ? Buffer.from(JSON.stringify(metadata)) : Buffer.from(metadata.$sent, 'base64');
}

function isOurs(value: Json | undefined): value is Json & EventMetadata {
  if (typeof value !== 'object' || value === null || '$sent' in value) return false;
  const { actor, correlationId, causationId, occurredAt, schemaVersion } = value as { readonly [name: string]: Json };
  return [actor, correlationId, causationId].every((one) => typeof one === 'string') && typeof schemaVersion === 'number'
    && typeof occurredAt === 'string' && !Number.isNaN(Date.parse(occurredAt));
}

function createdTicks(occurredAt: string): string {
  return (BigInt(Date.parse(occurredAt)) * ticksPerMs).toString();
}
