// The EventStore port. Positions count from 0n without gaps in the embedded store; another store may leave gaps,
// so nothing may rely on position + 1 being the next event. A reader never sees an order that changes later.
import type { Json } from '@oort/kernel-wire';

export interface EventMetadata {
  /** Who asked: an account, node or `platform` id. */
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly occurredAt: string;
  readonly schemaVersion: number;
}

export interface EventToAppend {
  /** UUID; v5 of (command id, index) when a command made it, so a retry writes nothing. */
  readonly id: string;
  readonly type: string;
  readonly data: Json;
  readonly metadata: EventMetadata;
}

export interface RecordedEvent extends EventToAppend {
  readonly stream: string;
  /** Index in its stream, from 0n. */
  readonly revision: bigint;
  /** Place in the total order of all streams. */
  readonly position: bigint;
}

export type ExpectedRevision = bigint | 'no-stream' | 'stream-exists' | 'any';

export interface Appended { readonly revision: bigint; readonly position: bigint }

export type From = 'start' | 'end' | { readonly after: bigint };

export interface Filter { readonly streamPrefixes?: readonly string[]; readonly types?: readonly string[] }

export type Delivery =
  | { readonly kind: 'event'; readonly event: RecordedEvent }
  | { readonly kind: 'checkpoint'; readonly position: bigint }
  | { readonly kind: 'caughtUp'; readonly position: bigint | null };

export interface EventStore {
  /** Resolves after the events are flushed to disk.
   *  Throws WrongExpectedRevision, StreamDeleted, AppendTooLarge. The same event ids at the same expected revision answer as before. */
  append(stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Promise<Appended>;
  read(stream: string, options?: { readonly from?: bigint; readonly limit?: number; readonly direction?: 'forwards' | 'backwards' }): AsyncIterable<RecordedEvent>;
  readAll(from: From, options?: { readonly filter?: Filter; readonly limit?: number }): AsyncIterable<RecordedEvent>;
  subscribe(options: { readonly from: From; readonly filter?: Filter; readonly signal: AbortSignal }): AsyncIterable<Delivery>;
  /** Position of the last event, or null when the store is empty. */
  head(): Promise<bigint | null>;
  close(): Promise<void>;
}
