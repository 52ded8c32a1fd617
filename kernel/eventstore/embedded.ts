// The event store of one process: an append-only segment log, LMDB as its index, and the newest events in memory.
// Invariants: a position is given in memory at once and becomes visible, in order, after the flush that made it durable;
// whatever is not indexed yet is in memory; an append is acknowledged after the flush, and appends that arrive during a
// flush share the next one (group commit).
import { follow, readForward, startOf } from './follow';
import { EmbeddedLog } from './embedded-log';
import { Fault } from '@oort/kernel-wire';
import { takeLock } from './lock';
import { unwritable } from './segments';
import type { EventStore, RecordedEvent } from './port';

export interface EmbeddedOptions {
  readonly directory: string;
  /** Over all events of one append, default 4 MiB. */
  readonly maxAppendBytes?: number;
  /** Newest events that stay in memory for readers, default 8,192. */
  readonly keptEvents?: number;
  /** How many events are indexed together under load, default 8,192. */
  readonly indexAfterEvents?: number;
}

const pageSize = 512;

/** Throws StoreLocked while another instance has the directory, StoreUnwritable, StoreBroken. */
export async function openEmbeddedStore({ directory, ...limits }: EmbeddedOptions): Promise<EventStore> {
  const release = takeLock(directory);
  let log: EmbeddedLog;
  try {
    log = await EmbeddedLog.open(directory, { maxAppendBytes: 4 * 1024 * 1024, keptEvents: 8192, indexAfterEvents: 8192, ...limits });
  } catch (error) {
    release();
    throw error instanceof Fault ? error : unwritable(error);
  }
  return {
    append: (stream, expected, events) => log.append(stream, expected, events),
    read: (stream, { from, limit = Infinity, direction = 'forwards' } = {}) => direction === 'forwards'
      ? forwards(log, stream, Number(from ?? 0n), limit)
      : backwards(log, stream, from === undefined ? Infinity : Number(from), limit),
    readAll: (from, { filter, limit = Infinity } = {}) => readForward(log, startOf(log, from), filter, limit),
    subscribe: ({ from, filter, signal }) => follow(log, startOf(log, from), filter, signal),
    head: async () => log.head(),
    async close() {
      await log.close();
      release();
    },
  };
}

async function* forwards(log: EmbeddedLog, stream: string, from: number, limit: number): AsyncGenerator<RecordedEvent> {
  for (let next = from, left = limit; left > 0;) {
    const page = log.streamPage(stream, next, Math.min(pageSize, left));
    for (const event of page) yield event;
    if (page.length < pageSize) return;
    left -= page.length;
    next += page.length;
  }
}

async function* backwards(log: EmbeddedLog, stream: string, from: number, limit: number): AsyncGenerator<RecordedEvent> {
  const newest = log.streamRevision(stream);
  let last = Math.min(from, newest ?? -1);
  for (let left = limit; left > 0 && last >= 0;) {
    const size = Math.min(pageSize, left, last + 1);
    const page = log.streamPage(stream, last - size + 1, size);
    for (const event of [...page].reverse()) yield event;
    left -= size;
    last -= size;
  }
}
