// Appending through the client. A connection that fails is tried again: event ids make a repetition harmless.
// Steps around defects of @eventstore/db-client 6.2.1: appends wait on a stream of the whole process without a timer of their own,
// and when it fails the pending appends of every client in the process are rejected; `-1n` and, for a tombstone,
// `stream_exists` are not understood as expected revisions.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelledError, DeadlineExceededError, EventStoreDBClient, jsonEvent, MaxAppendSizeExceededError, NotLeaderError, StreamDeletedError, UnavailableError,
  WrongExpectedVersionError, type AppendExpectedRevision, type AppendResult,
  type JSONType,
} from '@eventstore/db-client';
import {
  AppendTooLarge, StreamDeleted, tombstoneType, WrongExpectedRevision, type Appended, type EventToAppend, type ExpectedRevision,
} from '@oort/kernel-eventstore';
import { messageOf } from '@oort/kernel-wire';
import { accessFaultOf, StoreUnreachable } from './unreachable';

const attempts = 6;
const firstPauseMs = 50;
/** CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE of gRPC. */
const lossCodes: ReadonlySet<unknown> = new Set([1, 4, 14]);
const names = { 'no-stream': 'no_stream', 'stream-exists': 'stream_exists', any: 'any' } as const;

export async function appendEvents(
  client: EventStoreDBClient, stream: string, expected: ExpectedRevision, events: readonly EventToAppend[], timeoutMs: number,
): Promise<Appended> {
  try {
    if (events.length === 1 && events[0]?.type === tombstoneType) return await repeated(() => inTime(endStream(client, stream, expected), timeoutMs));
    const { nextExpectedRevision, position } = await repeated(() => inTime(write(client, stream, expected, events), timeoutMs));
    return { revision: nextExpectedRevision, position: position?.commit ?? -1n };
  } catch (error) {
    throw faultOf(error, stream, expected, events);
  }
}

export function isConnectionLoss(error: unknown): boolean {
  // After a change of leader the client goes to the new one by itself, for the next call.
  if (error instanceof UnavailableError || error instanceof CancelledError || error instanceof DeadlineExceededError || error instanceof NotLeaderError) return true;
  // What fails before the call itself, while the client asks for the server's features, comes as gRPC gave it.
  return error instanceof StoreUnreachable || (typeof error === 'object' && error !== null && 'code' in error && lossCodes.has(error.code));
}

function write(client: EventStoreDBClient, stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Promise<AppendResult> {
  const expectedRevision: AppendExpectedRevision = typeof expected === 'bigint' ? expected : names[expected];
  const proposed = events.map(({ id, type, data, metadata }) => jsonEvent({ id, type, data: data as JSONType, metadata: { ...metadata } }));
  return client.appendToStream(stream, proposed, { expectedRevision });
}

/** The port ends a stream by an event; the database does by a command. */
async function endStream(client: EventStoreDBClient, stream: string, expected: ExpectedRevision): Promise<Appended> {
  let last = -1n;
  const newest = client.readStream(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 });
  try {
    for await (const { event } of newest) last = event?.revision ?? last;
  } catch (error) {
    if (!(error instanceof Error && 'type' in error && error.type === 'stream-not-found')) throw error;
  }
  if (expected === 'stream-exists' && last < 0n) throw new WrongExpectedRevision(stream, expected, null);
  const expectedRevision = typeof expected === 'bigint' ? expected : expected === 'no-stream' ? 'no_stream' : 'any';
  const { position } = await client.tombstoneStream(stream, { expectedRevision });
  return { revision: last + 1n, position: position?.commit ?? -1n };
}

async function repeated<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      await pauseAfterLoss(error, tried);
    }
  }
}

/** Waits before the next attempt, or throws what ends the attempts. */
export async function pauseAfterLoss(error: unknown, tried: number): Promise<void> {
  if (!isConnectionLoss(error)) throw error;
  if (tried === attempts) throw new StoreUnreachable(messageOf(error));
  await sleep(firstPauseMs * 2 ** (tried - 1));
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnreachable(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function faultOf(error: unknown, stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): unknown {
  if (error instanceof WrongExpectedVersionError) {
    return new WrongExpectedRevision(stream, expected, typeof error.actualVersion === 'bigint' ? error.actualVersion : null);
  }
  if (error instanceof StreamDeletedError) return new StreamDeleted(stream);
  if (error instanceof MaxAppendSizeExceededError) return new AppendTooLarge(Buffer.byteLength(JSON.stringify(events)), error.maxAppendSize);
  return accessFaultOf(error);
}
