// An event's text in the log, and back.
import type { EventMetadata, EventToAppend, RecordedEvent } from './port';
import type { Json } from '@oort/kernel-wire';

interface Kept {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly metadata: EventMetadata;
  readonly data: Json;
}

/** Revision and position are below 2^53: at a million events a second that lasts 285 years. */
export function textOf(event: EventToAppend, stream: string, revision: number, position: number): string {
  const { id, type, metadata, data } = event;
  return JSON.stringify({ id, type, stream, revision, position, metadata, data } satisfies Kept);
}

export function eventOf(text: string): RecordedEvent {
  const { id, type, data, metadata, stream, revision, position } = JSON.parse(text) as Kept;
  return { id, type, data, metadata, stream, revision: BigInt(revision), position: BigInt(position) };
}
